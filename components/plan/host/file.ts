/** Small helpers for files of a host, and the places where they go. */
import type { HostFile } from "../generation.ts";
import type { PlanSymbol, Template } from "../model.ts";
import { template } from "../render.ts";

/** The first line of every file that allows comments. */
export const notice = "# Written by blackroad-network; what is changed here is overwritten.\n";

/** Programs of ours on a host. */
export const libraryFolder = "/usr/local/lib/blackroad";

const restartSettings = `${notice}[Unit]
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=5
`;

/** The key that the host makes on first contact; readable by root only, and never read by the program. */
export const privateKeyPath = "/etc/wireguard/private.key";

type Content = readonly (string | PlanSymbol | Template)[];

function file(path: string, mode: string, content: Content): HostFile {
  return { path, mode, owner: "root:root", content: template(...content) };
}

/** A file that everybody on the host may read. */
export function plainFile(path: string, ...content: Content): HostFile {
  return file(path, "0644", content);
}

/** A file that only root may read. */
export function rootFile(path: string, ...content: Content): HostFile {
  return file(path, "0600", content);
}

/**
 * What makes a program that listens on an address of the network start anew until it can: the address may come later
 * than the program. It goes beside the program's own unit.
 */
export function restartDropIn(unit: string): HostFile {
  return plainFile(`/etc/systemd/system/${unit}.d/blackroad.conf`, restartSettings);
}

/** A program. */
export function program(path: string, ...content: Content): HostFile {
  return file(path, "0755", content);
}

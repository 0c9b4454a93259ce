/**
 * A host's generation as the document that `reef-agent` reads (format `reef-generation/1`;
 * edge/internal/generation/document.go has every field's meaning and bounds). Pure: symbols are resolved by whoever
 * asks for the document.
 */
import { createHash } from "node:crypto";
import type { ChainPlan, GenerationPlan, SetPlan } from "./generation.ts";
import { privateKeyPath } from "./host/file.ts";
import type { HostPlan, ManagementPath, PlanSymbol } from "./model.ts";
import { renderTemplate, symbolName, symbolsOf } from "./render.ts";

interface DocumentFile {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly text?: string;
  /** Instead of a text: where on the host the content lies already. */
  readonly source?: string;
  readonly secret?: true;
}

export interface GenerationDocument {
  readonly format: "reef-generation/1";
  readonly host: string;
  readonly confirmSeconds: number;
  readonly management: readonly { readonly name: string; readonly address: string }[];
  readonly files: readonly DocumentFile[];
  readonly [part: string]: unknown;
}

/** The agent itself, which a generation brings along like any other file. */
export interface AgentFile {
  readonly sha256: string;
  /** Where the upload has put it. */
  readonly source: string;
}

/** Where the agent stands on every host. */
export const agentPath = "/usr/local/sbin/reef-agent";

/** What must be known before the document is: each symbol once. */
export function documentSymbols(generation: GenerationPlan): PlanSymbol[] {
  const symbols = [
    ...generation.files.flatMap(({ content }) => symbolsOf(content)),
    ...generation.tunnels.flatMap(({ peers }) => peers.map(({ publicKey }) => publicKey)),
  ];
  return [...new Map(symbols.map((symbol) => [symbolName(symbol), symbol])).values()];
}

export interface DocumentArgs {
  readonly host: HostPlan;
  /** The host's whole generation, or its first. */
  readonly generation: GenerationPlan;
  /** On which a change must be confirmed before it stays. */
  readonly paths: readonly ManagementPath[];
  readonly agent: AgentFile;
  readonly resolve: (symbol: PlanSymbol) => string;
}

export function generationDocument(args: DocumentArgs): GenerationDocument {
  const { host, generation, paths, agent, resolve } = args;
  return {
    format: "reef-generation/1",
    host: host.key,
    confirmSeconds: host.confirmSeconds,
    management: paths.map(({ name, localAddress }) => ({ name, address: localAddress })),
    files: [...contentFiles(generation, resolve), agentFile(agent)],
    ...unlessEmpty("packages", generation.packages),
    ...unlessEmpty("users", generation.users),
    ...(Object.keys(generation.sysctls).length === 0 ? {} : { sysctls: generation.sysctls }),
    ...(generation.chains.length === 0 ? {} : { nftables: table(generation) }),
    ...unlessEmpty("wireguard", generation.tunnels.map(tunnelWith(resolve))),
    ...unlessEmpty("services", generation.services),
    ...unlessEmpty("interfaces", generation.interfaces),
    ...unlessEmpty("routes", generation.routes),
    ...(generation.metrics ? { metrics: true } : {}),
    ...unlessEmpty(
      "certificates",
      generation.certificates.map(({ certificatePath }) => certificatePath),
    ),
    ...unlessEmpty(
      "keys",
      generation.certificates.map(({ keyPath, keyOwner }) => ({
        path: keyPath,
        owner: keyOwner,
        mode: keyOwner === "root:root" ? "0600" : "0640",
      })),
    ),
  };
}

function unlessEmpty<T>(name: string, items: readonly T[]): Record<string, readonly T[]> {
  return items.length === 0 ? {} : { [name]: items };
}

function contentFiles({ files }: GenerationPlan, resolve: (symbol: PlanSymbol) => string): DocumentFile[] {
  return files.map(({ content, path, mode, owner, secret }) => {
    const text = renderTemplate(content, resolve);
    const sha256 = createHash("sha256").update(text).digest("hex");
    return { path, mode, owner, text, sha256, ...(secret === undefined ? {} : { secret }) };
  });
}

function agentFile({ sha256, source }: AgentFile): DocumentFile {
  return { path: agentPath, mode: "0755", owner: "root:root", sha256, source };
}

function tunnelWith(resolve: (symbol: PlanSymbol) => string) {
  return (tunnel: GenerationPlan["tunnels"][number]): Record<string, unknown> => ({
    interface: tunnel.interface,
    addresses: [tunnel.address],
    ...(tunnel.listenPort === undefined ? {} : { listenPort: tunnel.listenPort }),
    mtu: tunnel.mtu,
    privateKeyFile: privateKeyPath,
    peers: tunnel.peers.map(({ name, publicKey, endpoint, allowedIps, keepaliveSeconds }) => ({
      name,
      publicKey: resolve(publicKey),
      ...(endpoint === undefined ? {} : { endpoint }),
      allowedIPs: allowedIps,
      ...(keepaliveSeconds === 0 ? {} : { keepaliveSeconds }),
    })),
  });
}

/** The host's own table: other tables, and so other programs' rules, are left alone. */
function table({ chains, sets }: GenerationPlan): Record<string, unknown> {
  const rules = [...sets.map(setText), ...chains.map(chainText)].join("\n");
  return { family: "inet", table: "blackroad", rules };
}

function setText({ name, declaration }: SetPlan): string {
  return `\tset ${name} {\n\t\t${declaration}\n\t}\n`;
}

function chainText({ name, hook, rules }: ChainPlan): string {
  const lines = [
    ...(hook === undefined
      ? []
      : [`type ${hook.type} hook ${hook.at} priority ${hook.priority}; policy ${hook.policy};`]),
    ...rules,
  ];
  return `\tchain ${name} {\n${lines.map((line) => `\t\t${line}\n`).join("")}\t}\n`;
}

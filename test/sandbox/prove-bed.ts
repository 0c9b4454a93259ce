/**
 * Where `prove.test.ts` finds its sandbox: in CI the one that all share; in soak one of its own, or the one that
 * ROADNET_SANDBOX_DIR names, which it leaves as it is.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stackFile } from "../../cli/prove/network.ts";
import { sandboxDown } from "../../sandbox/down.ts";
import { runPulumi } from "../../sandbox/engine.ts";
import { loadWorld } from "../../sandbox/fabric/world.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { sandboxPaths, serviceSocket, type SandboxPaths } from "../../sandbox/paths.ts";
import { waitForMachines } from "../../sandbox/packets.ts";
import { placesOf } from "../../sandbox/prove/places.ts";
import { findService } from "../../sandbox/service.ts";
import { AwsClient } from "../../sandbox/services/aws/client.ts";
import { sandboxUp } from "../../sandbox/up.ts";
import { createProgress } from "../../scripts/lib/progress.mjs";
import type { Actor } from "./mutation.ts";

const prefix = "rn-prove-";
const upTimeoutSeconds = 1800;

export interface Bed {
  readonly paths: SandboxPaths;
  readonly up: () => Promise<void>;
  readonly down: () => Promise<void>;
}

/** The stack with IPv6 in every region, and HTTPS by both families. */
function withIpv6(text: string): string {
  const edited = text
    .replaceAll(/^( *)vpcCidr: .*$/gm, "$&\n$1ipv6: hosts")
    .replaceAll(/(source|destination): 0\.0\.0\.0\/0(, description: [^,}]*HTTPS\b)/g, "$1: anywhere$2");
  if (!/ipv6: hosts[^]*: anywhere/.test(edited))
    throw new Error("the stack is not as its edits take it to be");
  return edited;
}

async function deployWithIpv6(paths: SandboxPaths): Promise<void> {
  const progress = createProgress();
  await sandboxUp({ paths, progress, packets: true, deploy: false });
  const { file, text } = stackFile(paths);
  writeFileSync(file, withIpv6(text));
  const args = ["up", "--yes", "--skip-preview", "--color", "never"];
  const options = { paths, packets: true, timeoutSeconds: upTimeoutSeconds };
  const { exitCode, stdout, stderr } = await runPulumi(args, options);
  if (exitCode !== 0) throw new Error(`pulumi up ended with ${exitCode}:\n${stdout}\n${stderr}`);
  await waitForMachines(paths, progress);
}

function takeDown(root: string): string {
  return `ROADNET_SANDBOX_DIR=${root} npm stop -- --purge`;
}

/** A run that is killed cannot take its sandbox down. */
function tellOfOthers(own: string): void {
  const others = readdirSync(tmpdir()).filter(
    (name) => name.startsWith(prefix) && join(tmpdir(), name) !== own,
  );
  for (const name of others) {
    console.log(
      `prove: another run has left a sandbox, or is under way in it: ${takeDown(join(tmpdir(), name))}`,
    );
  }
}

function ownBed(hasIpv6: boolean): Bed {
  const root = mkdtempSync(join(tmpdir(), prefix));
  process.env.ROADNET_SANDBOX_DIR = root;
  const paths = sandboxPaths(root);
  console.log(`prove: in a sandbox of its own; should this be killed: ${takeDown(root)}`);
  tellOfOthers(root);
  return {
    paths,
    up: async () => {
      if (hasIpv6) await deployWithIpv6(paths);
      else await sandboxUp({ paths, progress: createProgress(), packets: true });
    },
    down: async () => {
      await sandboxDown({ paths, progress: createProgress(), purge: true });
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** @param isSoak whether the sandbox may be changed so that the stack's state is not true any more */
export function makeBed(isSoak: boolean): Bed {
  const { ROADNET_SANDBOX_DIR: given = "", ROADNET_IPV6: ipv6 } = process.env;
  if (isSoak && given === "") return ownBed(ipv6 === "hosts");
  const paths = sandboxPaths();
  const isUp = (): boolean => findService("fabric", paths) !== undefined;
  return {
    paths,
    up: async () => {
      if (!isUp()) await sandboxUp({ paths, progress: createProgress(), packets: true });
    },
    down: () => Promise.resolve(),
  };
}

/** Changes the sandbox's cloud by drift, and its hosts past their network. */
export function actorIn(paths: SandboxPaths): Actor {
  const aws = new AwsClient(serviceSocket(paths, "aws"));
  return {
    drift: async (request) => await aws.drift(request),
    describe: async () => await aws.describe(),
    onHost: async (host, argv, stdin) => {
      const place = placesOf(await aws.describe(), loadWorld()).get(host);
      const name = place?.role.replace(/^h-/, "") ?? host;
      const { exitCode, stdout, stderr } = await execInMachine(name, argv, { stdin }, paths);
      if (exitCode !== 0) throw new Error(`${host}: ${argv.join(" ")}: ${stderr}`);
      return stdout;
    },
  };
}

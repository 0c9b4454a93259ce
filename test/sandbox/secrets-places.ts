/** Every secret of a running sandbox, and every place that one could have got to. */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { parse } from "yaml";
import { documentSymbols } from "../../components/plan/document.ts";
import type { NetworkPlan, PlanSymbol } from "../../components/plan/model.ts";
import { passphraseFile } from "../../sandbox/engine.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { runningMachines } from "../../sandbox/hosts/machine.ts";
import type { SandboxPaths } from "../../sandbox/paths.ts";
import { tokenFile } from "../../sandbox/services/cloudflare/credentials.ts";
import { titledMachines } from "../../sandbox/titles.ts";
import { findPrivateKeys, type Place, type Secret } from "./secrets-needles.ts";
import { decryptedValues, StateCrypter } from "./secrets-state.ts";

/** Folders of a machine in which keys are kept, or what is said about them; the rest comes from packages. */
const machineFolders = [
  "etc",
  "home",
  "opt",
  "root",
  "srv",
  "tmp",
  "usr/local",
  "var/lib",
  "var/log",
  "var/tmp",
];

/** Prints every file that holds a private key, and the kernel's own copy of WireGuard's. */
const printKeys = `
cd /
grep -rlsE -- '-----BEGIN [A-Z ]*PRIVATE KEY' ${machineFolders.join(" ")} | sort | while read -r file; do
  printf 'file %s\\n' "$file"
  cat -- "$file"
done
if [ -d /etc/wireguard ]; then
  for file in /etc/wireguard/*.key; do [ ! -e "$file" ] || printf 'wireguard %s\\n' "$(cat "$file")"; done
  wg show all private-key | while read -r _ key; do printf 'wireguard %s\\n' "$key"; done
  wg show all preshared-keys | while read -r _ _ key; do printf 'wireguard %s\\n' "$key"; done
fi
`;

/** Debian's package ssl-cert, which PostgreSQL's brings, makes a key that nothing here serves with. */
const nobodysKey = "etc/ssl/private/ssl-cert-snakeoil.key";

/** The stack's crypter, by the passphrase and the salt of its project. */
export function stateCrypter(paths: SandboxPaths): StateCrypter {
  const stack = parse(readFileSync(join(paths.project, "Pulumi.sandbox.yaml"), "utf8")) as {
    encryptionsalt: string;
  };
  return new StateCrypter(readFileSync(passphraseFile(paths), "utf8").trim(), stack.encryptionsalt);
}

/** Throw-away host keys: those that the program made, from the opened state. */
function throwAwayKeys(paths: SandboxPaths): Buffer[] {
  const texts = [...decryptedState(paths)].map(({ text }) => text.replaceAll("\\n", "\n"));
  return distinct(findPrivateKeys(texts.join("\n")));
}

/** A user data's PEM is indented, so it is in there twice; and each key in three formats. */
function distinct(keys: readonly Buffer[]): Buffer[] {
  return [...new Map(keys.map((key) => [key.toString("hex"), key])).values()];
}

async function machineSecrets(
  name: string,
  throwAway: ReadonlySet<string>,
  paths: SandboxPaths,
): Promise<Secret[]> {
  const { exitCode, stdout, stderr } = await execInMachine(name, ["sh", "-c", printKeys], {}, paths);
  if (exitCode !== 0) throw new Error(`${name}: ${stderr}`);
  const secrets: Secret[] = [];
  for (const section of stdout.split(/^file /m)) {
    const file = section.slice(0, section.indexOf("\n"));
    if (file === nobodysKey) continue;
    const kind = /^etc\/ssh\/|^etc\/dropbear\//.test(file) ? "host key" : "TLS key";
    for (const bytes of distinct(findPrivateKeys(section))) {
      if (!throwAway.has(bytes.toString("hex"))) secrets.push({ kind, owners: [name], bytes });
    }
  }
  const wireguard = [...stdout.matchAll(/^wireguard ([A-Za-z0-9+/]{43}=)$/gm)].map(([, key = ""]) => key);
  for (const key of new Set(wireguard)) {
    secrets.push({ kind: "WireGuard key", owners: [name], bytes: Buffer.from(key, "base64") });
  }
  return secrets;
}

/** Which hosts' configuration names a secret of the program's, by the hosts' keys in the plan. */
function holdersOf(plan: NetworkPlan, wanted: (symbol: PlanSymbol) => boolean): string[] {
  return plan.hosts
    .filter(({ generation }) => documentSymbols(generation).some(wanted))
    .map(({ key }) => key);
}

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** What the program itself has drawn, for two sides to know: from the opened state, with the machines that may have it. */
async function drawnSecrets(paths: SandboxPaths, plan: NetworkPlan): Promise<Secret[]> {
  const crypter = stateCrypter(paths);
  const file = join(paths.state, ".pulumi/stacks/blackroad-network/sandbox.json");
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint: { latest: { resources: readonly StateResource[] } };
  };
  const names = new Map((await titledMachines(paths)).map(({ title, name }) => [title, name]));
  const machines = (wanted: (symbol: PlanSymbol) => boolean): string[] =>
    holdersOf(plan, wanted).map((key) => names.get(key) ?? names.get(key.split("/")[1] ?? "") ?? key);
  const opened = (value: unknown): string =>
    JSON.parse(crypter.decrypt((value as { ciphertext: string }).ciphertext)) as string;
  return checkpoint.latest.resources.flatMap(({ urn, type, outputs = {} }): Secret[] => {
    const name = urn.split("::").at(-1) ?? "";
    if (type !== "random:index/randomPassword:RandomPassword") return [];
    const kind = name.startsWith("secret/") ? "shared secret" : "tunnel secret";
    const owners = machines((symbol) =>
      symbol.kind === "shared-secret"
        ? name === `secret/${symbol.name}`
        : symbol.kind === "tunnel-secret" && name === `${symbol.tunnel}/secret`,
    );
    return [{ kind, owners, bytes: Buffer.from(opened(outputs.result)) }];
  });
}

/** Every private key and shared secret that exists now. */
export async function collectSecrets(paths: SandboxPaths, plan: NetworkPlan): Promise<Secret[]> {
  const ours = (kind: Secret["kind"], bytes: Buffer): Secret => ({ kind, owners: [], bytes });
  const throwAway = throwAwayKeys(paths);
  const throwAwayNumbers = new Set(throwAway.map((key) => key.toString("hex")));
  const machines = await Promise.all(
    runningMachines(paths).map(({ name }) => machineSecrets(name, throwAwayNumbers, paths)),
  );
  const operator = findPrivateKeys(readFileSync(join(paths.keys, "operator_ed25519"), "utf8"));
  return [
    ...operator.map((key) => ours("operator key", key)),
    ours("passphrase", Buffer.from(readFileSync(passphraseFile(paths), "utf8").trim())),
    ours("Cloudflare token", Buffer.from(readFileSync(tokenFile(paths), "utf8").trim())),
    ...throwAway.map((key) => ours("throw-away host key", key)),
    ...(await drawnSecrets(paths, plan)),
    ...machines.flat(),
  ];
}

/** From which size on a file is worth a sum. */
const programBytes = 1_000_000;

/** A plugin is a program from elsewhere, of a hundred megabytes if official. */
const skippedFolders = /^pulumi-home\/plugins\/[^/]+$|^hosts\/[^/]+\/work$/;

function* filesBelow(folder: string, root: string): Iterable<string> {
  for (const name of readdirSync(folder).sort()) {
    const file = join(folder, name);
    const status = lstatSync(file, { throwIfNoEntry: false });
    const path = relative(root, file);
    const inMachine = /^hosts\/[^/]+\/upper\/(.+)$/.exec(path)?.[1];
    const wanted =
      inMachine === undefined ||
      machineFolders.some((each) => each.startsWith(inMachine) || inMachine.startsWith(`${each}/`));
    if (status?.isDirectory() === true && wanted && !skippedFolders.test(path)) yield* filesBelow(file, root);
    if (status?.isFile() === true && wanted) yield file;
  }
}

/** The agent's own program, built before any secret was made: megabytes on every host, several times. */
function agentSums(): ReadonlySet<string> {
  const dist = join(import.meta.dirname, "../../edge/dist");
  return new Set(readdirSync(dist).map((name) => sumOf(readFileSync(join(dist, name)))));
}

function sumOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Everything that the sandbox has on disk: state, logs, project, stores, keys, and what each machine has written. */
export function* diskPlaces(paths: SandboxPaths): Iterable<Place> {
  const agents = agentSums();
  for (const file of filesBelow(paths.root, paths.root)) {
    const name = relative(paths.root, file);
    // Binary in a format of its own that may be compressed; read through journalctl instead.
    if (name.includes("/var/log/journal/")) continue;
    try {
      const bytes = readFileSync(file);
      if (bytes.length > programBytes && agents.has(sumOf(bytes))) continue;
      yield { name, text: bytes.toString("latin1") };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** What is encrypted in the state, its backups and its history, opened; only ever in memory. */
export function* decryptedState(paths: SandboxPaths): Iterable<Place> {
  const crypter = stateCrypter(paths);
  for (const file of filesBelow(paths.state, paths.root)) {
    const text = decryptedValues(readFileSync(file, "utf8"), crypter);
    if (text !== "") yield { name: `${relative(paths.root, file)}, decrypted`, text };
  }
}

/** The journals of all machines, with the fields that hold whole command lines. */
export async function journals(paths: SandboxPaths): Promise<Place[]> {
  return await Promise.all(
    runningMachines(paths).map(async ({ name }) => {
      const argv = ["journalctl", "--no-pager", "--all", "--output=export"];
      const { exitCode, stdout } = await execInMachine(name, argv, { timeoutSeconds: 60 }, paths);
      if (exitCode !== 0 || stdout === "") throw new Error(`${name} has no journal`);
      return { name: `journal of ${name}`, text: Buffer.from(stdout).toString("latin1") };
    }),
  );
}

interface Process {
  readonly pid: string;
  readonly parent: string | undefined;
  /** Its file name alone. */
  readonly program: string;
  readonly command: string;
  readonly environment: string;
}

/** The fourth field of its stat is the parent; the second is in brackets and may hold anything. */
function readProcess(pid: string): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
    return { pid, parent: fields[1], program: basename(command.split("\0")[0] ?? ""), command, environment };
  } catch {
    // It has ended since the folder was read.
    return undefined;
  }
}

/** Whether the engine has started a process, itself or through others, and so gave it its environment. */
function isBelowEngine(process: Process, all: ReadonlyMap<string, Process>): boolean {
  const parent = all.get(process.parent ?? "");
  return parent !== undefined && (parent.program === "pulumi" || isBelowEngine(parent, all));
}

/**
 * Command lines and environments of all processes, those inside the machines included: of this machine as a whole,
 * since a secret may get into anybody's. Those that the engine started are named as below it.
 */
export function processPlaces(): Place[] {
  const processes = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => readProcess(pid) ?? []);
  const all = new Map(processes.map((process) => [process.pid, process]));
  return processes.flatMap((process) => {
    const { program, command, environment } = process;
    // Paths alone: what else is on a command line may be what is searched for.
    const paths = command.split("\0").filter((word, index) => index > 0 && /^\/[\w./-]+$/.test(word));
    const title = [program, ...paths].join(" ");
    const below = isBelowEngine(process, all) ? ", below the engine" : "";
    return [
      { name: `arguments of ${title}`, text: command },
      { name: `environment of ${title}${below}`, text: environment },
    ];
  });
}

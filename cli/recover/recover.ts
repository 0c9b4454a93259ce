/**
 * Mends a stack after its update was killed: the dead owner's lock, and the creates whose outcome nobody recorded.
 * Every step can be repeated, and nothing is changed before all questions are answered.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConfigMap } from "@pulumi/pulumi/automation/index.js";
import { parseAccountConfig } from "../../components/config/parse.ts";
import { networkKey } from "../../components/config/problem.ts";
import { accountArgs, planAccount } from "../../components/plan/account.ts";
import { bareName, NoPulumiError, runPulumi } from "../pulumi.ts";
import type { Answers } from "./ask.ts";
import { tornAttributes } from "./attributes.ts";
import { backendKind, fileBackendFolder, isLockRefusal } from "./backend.ts";
import { claimsOf, objection, type Found } from "./claim.ts";
import { checkpointComplaint } from "./checkpoint.ts";
import { decide } from "./decide.ts";
import { lockOwner, readLocks } from "./lock.ts";
import { plannedCreates } from "./plan.ts";
import { questionFor, type Question } from "./questions.ts";
import {
  applyDecisions,
  type Decision,
  type PendingOperation,
  pendingCreates,
  pendingOperations,
  type StackExport,
  unsureUrns,
  withoutMarks,
} from "./state.ts";

export interface RecoverOptions {
  /** The folder of Pulumi.yaml. */
  readonly cwd: string;
  readonly stack: string;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  /** Take away a lock whose owner ran on another machine and cannot be seen from here. */
  readonly force: boolean;
  /** Also look for what the next update would create, as after a provider that died. */
  readonly search: boolean;
  /** What a person found of what no provider lists: ids by URN, `none` where there is nothing. */
  readonly found: Readonly<Record<string, string>>;
  /** Ids at Cloudflare of which a person says that they are the stack's, though a search cannot tell. */
  readonly adopt: readonly string[];
  /**
   * For how long after the killed update a cloud may not show what it has made, in seconds: recovery waits for the
   * rest of that time before it asks.
   */
  readonly settleSeconds: number;
  /** Called with a line for every step that takes a while. */
  readonly onProgress: (line: string) => void;
}

export interface Recovery {
  /** Whose lock was taken away, such as `process 4711 of root@build-3, since 2026-11-21T14:22:00Z`. */
  readonly locks: readonly string[];
  /** The kind of a backend, such as `s3://`, whose locks cannot be seen from here; `undefined` for local files. */
  readonly unseenLocks: string | undefined;
  /** Files of the backend that were torn, and so taken away. */
  readonly torn: readonly string[];
  readonly decisions: readonly Decision[];
  /** What a search has found and nobody can tell to be the stack's; only where nothing is changed. */
  readonly open: readonly Found[];
  /** What was adopted, and updates and deletes that were under way: a refresh told what became of them. */
  readonly refreshed: readonly string[];
}

/** A state of affairs in which recovery must not go on; the message says what to do. */
export class RecoverError extends Error {}

const project = "blackroad-network";

async function succeed(cwd: string, args: readonly string[]): Promise<string> {
  try {
    const { code, stdout, stderr } = await runPulumi(cwd, args);
    if (code === 0) return stdout;
    const said = [stderr, stdout].filter(Boolean).join("\n").trim();
    throw new RecoverError(`\`pulumi ${args.slice(0, 2).join(" ")}\` failed: ${said || `exit code ${code}`}`);
  } catch (error) {
    throw error instanceof NoPulumiError ? new RecoverError(error.message) : error;
  }
}

function pulumi({ cwd, stack }: RecoverOptions, args: readonly string[]): Promise<string> {
  return succeed(cwd, [...args, "--stack", stack]);
}

/** Asked of the environment first: where the backend has torn files, `pulumi` cannot even say where it is. */
async function backendUrl({ cwd }: RecoverOptions): Promise<string> {
  const set = process.env.PULUMI_BACKEND_URL ?? "";
  if (set !== "") return set;
  const { url } = JSON.parse(await succeed(cwd, ["whoami", "--json"])) as { url: string };
  return url;
}

async function removeTorn(options: RecoverOptions, backend: string): Promise<string[]> {
  const torn = await tornAttributes(backend, project, options.stack);
  if (torn.length > 0 && options.dryRun) {
    throw new RecoverError(
      `${torn.join(", ")} would be taken away, and before that the state cannot be read`,
    );
  }
  await Promise.all(torn.map((file) => rm(file, { force: true })));
  return torn;
}

/** Whose locks stand in the way. @throws {@link RecoverError} if one of them may be in use */
async function deadLocks(options: RecoverOptions, backend: string): Promise<string[]> {
  const locks = await readLocks(backend, project, options.stack);
  for (const lock of locks) {
    const owner = lockOwner(lock);
    if (owner === "alive") {
      throw new RecoverError(
        `process ${lock.pid} is updating ${options.stack} since ${lock.timestamp}: wait for it, or end it first`,
      );
    }
    if (owner === "elsewhere" && !options.force) {
      throw new RecoverError(
        `${lock.username}@${lock.hostname} holds the lock since ${lock.timestamp}, and its process ${lock.pid} ` +
          "cannot be seen from here: make sure that it has ended, then use --force",
      );
    }
  }
  return locks.map(
    ({ pid, username, hostname, timestamp }) =>
      `process ${pid} of ${username}@${hostname}, since ${timestamp}`,
  );
}

/** Makes the stack usable: takes away the locks of the dead, and what keeps the state from being read. */
async function release(options: RecoverOptions): Promise<Pick<Recovery, "locks" | "unseenLocks" | "torn">> {
  const url = await backendUrl(options);
  const backend = fileBackendFolder(url, options.cwd);
  if (backend === undefined) return { locks: [], unseenLocks: backendKind(url), torn: [] };
  const locks = await deadLocks(options, backend);
  const damage = await checkpointComplaint(backend, project, options.stack);
  if (damage !== undefined) throw new RecoverError(damage);
  const torn = await removeTorn(options, backend);
  if (locks.length > 0 && !options.dryRun) await pulumi(options, ["cancel", "--yes"]);
  return { locks, unseenLocks: undefined, torn };
}

/**
 * The account that the program's own provider works in, which no configuration of the provider says.
 * @param network the stack's `blackroad-network:network` as JSON
 */
export function accountConfig(network: string | undefined, stack: string): ConfigMap {
  const account = network === undefined ? undefined : parseAccountConfig(JSON.parse(network));
  const args = Object.entries(accountArgs(planAccount(account, bareName(stack))));
  return Object.fromEntries(args.map(([name, value]) => [`aws:${name}`, { value: JSON.stringify(value) }]));
}

/** The configuration with which the stack's own providers reach their accounts. */
async function providerConfig(options: RecoverOptions, region: string | undefined): Promise<ConfigMap> {
  const text = await pulumi(options, ["config", "--json", "--show-secrets"]);
  const all = JSON.parse(text) as Record<string, { value?: string; secret: boolean }>;
  const config: ConfigMap = region === undefined ? {} : { "aws:region": { value: region } };
  Object.assign(config, accountConfig(all[networkKey]?.value, options.stack));
  for (const [key, { value, secret }] of Object.entries(all)) {
    if (/^(aws|cloudflare):/.test(key) && value !== undefined) config[key] = { value, secret };
  }
  return config;
}

/** The cloud's own lists lag behind what it has made, so the first seconds after a killed update are waited out. */
async function settle(options: RecoverOptions, state: StackExport): Promise<void> {
  const written = Date.parse(state.deployment.manifest?.time ?? "");
  const milliseconds = written + options.settleSeconds * 1000 - Date.now();
  if (Number.isNaN(milliseconds) || milliseconds <= 0) return;
  options.onProgress("waiting for the cloud to show what it has made");
  await sleep(Math.min(milliseconds, options.settleSeconds * 1000));
}

async function decideAll(options: RecoverOptions, state: StackExport): Promise<Decision[]> {
  try {
    const questions = pendingCreates(state).map(questionFor);
    const told = toldBy(options, questions);
    const open = questions.filter(({ ask }) => ask !== "nothing" && ask !== "aws-unlisted");
    if (open.length === 0) return decide(state, questions, told);
    await settle(options, state);
    options.onProgress(`asking the providers about ${open.length} creates`);
    // Loaded here, since the SDKs take a second that no other command should wait for.
    const { ask } = await import("./ask.ts");
    const region = open.find((question) => "region" in question)?.region;
    return decide(state, questions, { ...(await ask(open, await providerConfig(options, region))), ...told });
  } catch (error) {
    if (error instanceof RecoverError) throw error;
    throw new RecoverError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * What a person found of what cannot be asked for.
 * @throws {@link RecoverError} with how to look, where nobody has
 */
function toldBy({ found }: RecoverOptions, questions: readonly Question[]): Answers {
  const unlisted = questions.flatMap((question) => (question.ask === "aws-unlisted" ? [question] : []));
  const open = unlisted.filter(({ urn }) => found[urn] === undefined);
  if (open.length > 0) {
    const lines = open.map(
      ({ urn, look }) => `  ${look}\n  --found '${urn}=ID', or with none for ID if it lists nothing`,
    );
    throw new RecoverError(
      `no function of the provider lists what a pending create may have made: look for it, then recover again with ` +
        `what you found\n${lines.join("\n")}`,
    );
  }
  const ids = unlisted.map(({ urn }) => [urn, found[urn] === "none" ? [] : [found[urn] ?? ""]] as const);
  return Object.fromEntries(ids);
}

/** Whether there is a question that could find this; what depends on something that is not made yet has none. */
function canBeFound({ found }: RecoverOptions, { resource }: PendingOperation): boolean {
  try {
    const { ask } = questionFor(resource);
    return ask === "aws-unlisted" ? resource.urn in found : ask !== "nothing";
  } catch {
    return false;
  }
}

/** The state with a note for everything that the next update would create and that could exist already. */
async function withPlannedCreates(options: RecoverOptions, state: StackExport): Promise<StackExport> {
  options.onProgress("planning the next update");
  const planned = plannedCreates(await pulumi(options, ["preview", "--json"])).filter((operation) =>
    canBeFound(options, operation),
  );
  return { ...state, deployment: { ...state.deployment, pending_operations: planned } };
}

/** The same without the notes about what was not found: the next update makes it. */
function onlyFound(state: StackExport, decisions: readonly Decision[]): StackExport {
  const found = new Set(decisions.filter(({ action }) => action !== "forget").map(({ urn }) => urn));
  const operations = pendingOperations(state).filter(({ resource }) => found.has(resource.urn));
  return { ...state, deployment: { ...state.deployment, pending_operations: operations } };
}

async function exportState(options: RecoverOptions, folder: string): Promise<StackExport> {
  const file = join(folder, "exported.json");
  await pulumi(options, ["stack", "export", "--file", file]);
  return JSON.parse(await readFile(file, "utf8")) as StackExport;
}

/**
 * @param state the exported state, mended
 * @throws {@link RecoverError} if it is locked, or was written by somebody else since it was exported
 */
async function importState(options: RecoverOptions, folder: string, state: StackExport): Promise<void> {
  const now = await exportState(options, folder);
  if (now.deployment.manifest?.time !== state.deployment.manifest?.time) {
    throw new RecoverError(`${options.stack} has been updated meanwhile: recover it again`);
  }
  const file = join(folder, "mended.json");
  await writeFile(file, JSON.stringify(state), { mode: 0o600 });
  try {
    await pulumi(options, ["stack", "import", "--file", file]);
  } catch (error) {
    if (!(error instanceof RecoverError) || !isLockRefusal(error.message)) throw error;
    throw new RecoverError(
      `${error.message}\nMake sure that this update has ended; then \`pulumi cancel --stack ${options.stack}\`, and ` +
        "recover again",
    );
  }
}

/** What only a reading can tell: everything adopted, and what was being updated or deleted. */
function toRefresh(state: StackExport, decisions: readonly Decision[]): string[] {
  const made = decisions.filter(({ action }) => action !== "forget").map(({ urn }) => urn);
  return [...new Set([...made, ...unsureUrns(state)])];
}

/** Carries the decisions about a state's pending operations out; returns what was read back. */
async function mend(
  options: RecoverOptions,
  folder: string,
  state: StackExport,
  decisions: readonly Decision[],
): Promise<string[]> {
  const refreshed = toRefresh(state, decisions);
  if (options.dryRun) return refreshed;
  if (pendingOperations(state).length > 0) {
    await importState(options, folder, applyDecisions(state, decisions));
  }
  if (refreshed.length > 0) {
    options.onProgress(`reading ${refreshed.length} resources back`);
    const targets = refreshed.flatMap((urn) => ["--target", urn]);
    await pulumi(options, ["refresh", "--yes", "--skip-preview", "--suppress-outputs", ...targets]);
    // The engine takes a mark away only where it reads something new.
    const read = await exportState(options, folder);
    if (unsureUrns(read).size > 0) await importState(options, folder, withoutMarks(read));
  }
  return refreshed;
}

/**
 * Recovers one stack. Afterwards nothing is locked or pending, and the next `pulumi up` converges.
 *
 * It may be killed at any moment and be repeated: notes of pending operations stay until the mended state replaces
 * them in one write, and in that state everything that is still to be read back says so.
 *
 * @throws {@link RecoverError} where a person must decide first; nothing has been changed then but a dead lock, and, of
 * a search, what the state's own notes say
 */
export async function recover(options: RecoverOptions): Promise<Recovery> {
  const released = await release(options);
  const folder = await mkdtemp(join(tmpdir(), "roadnet-state-"));
  try {
    const state = await exportState(options, folder);
    const decisions = await decideAll(options, state);
    const refreshed = await mend(options, folder, state, decisions);
    if (!options.search) return { ...released, decisions, open: [], refreshed };
    const planned = await withPlannedCreates(options, await exportState(options, folder));
    const claims = claimsOf(await decideAll(options, planned), options.adopt);
    const why = objection(claims);
    if (why !== undefined && !options.dryRun) throw new RecoverError(why);
    const { claimed, open } = claims;
    const read = await mend(options, folder, onlyFound(planned, claimed), claimed);
    const all = { decisions: [...decisions, ...claimed], refreshed: [...new Set([...refreshed, ...read])] };
    return { ...released, ...all, open };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

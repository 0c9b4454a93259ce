/**
 * One systemd host whose agent a test can stop before any of its steps (edge/internal/stepped), with an operator who
 * knows as much as the engine does: the number of the last apply that succeeded.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AskAnswer, AskRequest, AskRoute } from "../../components/hosts/ask-host.ts";
import { departedFile, type Left } from "../../components/hosts/leave-host.ts";
import { applyNumber, parseObservation, type Observation } from "../../components/hosts/observation.ts";
import { findLeader } from "../../sandbox/hosts/exec.ts";
import { machineFolders } from "../../sandbox/hosts/folders.ts";
import { agentSocket, hostPublicKeyFile } from "../../sandbox/hosts/keys.ts";
import { killMachine, startMachine } from "../../sandbox/hosts/machine.ts";
import { runOrThrow } from "../../sandbox/hosts/run.ts";
import { addresses, inMachine, machine, operator, paths, root, setUp, shell, tearDown } from "./hosts-bed.ts";
import {
  agentPath,
  faultDocument,
  partsOf,
  partsScript,
  type Document,
  type DocumentFile,
} from "./fault-document.ts";
import { openSession, type Ended, type Session } from "./fault-session.ts";
import { tear } from "./fault-torn.ts";

const host = "pi-b";
const user = "keeper";
const edge = join(import.meta.dirname, "../../edge");
const components = join(import.meta.dirname, "../../components/hosts");
const folders = machineFolders(host, paths);
/** Where instructions and log of the stepped agent lie in the machine. */
const steps = "run/reef-agent-steps";
/** The disk of the machine, in MiB: room for the packages and a few generations. */
const diskMebibytes = 320;

/** What the operator's program has in its state. */
interface EngineState {
  applied: number;
  token: string;
  confirmed: boolean;
}

export interface Status {
  readonly generation: number;
  readonly phase: string;
  readonly drift: readonly { readonly part: string; readonly name: string; readonly how: string }[];
  readonly couldNotCheck?: readonly string[];
}

export class FaultHost {
  #agentSha256 = "";
  readonly #filler = join(folders.folder, "filler");
  readonly #engine: EngineState = { applied: 0, token: "", confirmed: false };

  async start(): Promise<void> {
    await setUp();
    await this.#boot(true);
  }

  async remove(): Promise<void> {
    await this.fill(false);
    await killMachine(host, paths);
    await shell(`! mountpoint -q ${folders.folder} || umount ${folders.folder}`);
    await tearDown();
  }

  /** A new machine under the same name, with nothing of the old one. */
  async replace(): Promise<void> {
    await this.link("up");
    await this.fill(false);
    await killMachine(host, paths);
    await shell(`umount ${folders.folder}`);
    await this.#boot(true);
    // The program hears that it is another machine (components/hosts/scripts/keys.sh), and applies anew whatever number
    // it had: a fresh host counts from one again, as the old one may have.
    this.#forget();
  }

  /** The engine's resources of this host are gone, and what they knew. */
  #forget(): void {
    Object.assign(this.#engine, { applied: 0, token: "", confirmed: false });
  }

  async #boot(isNew: boolean): Promise<void> {
    if (isNew) {
      mkdirSync(folders.folder, { recursive: true });
      await shell(`mount -t tmpfs -o size=${diskMebibytes}m,mode=700 tmpfs ${folders.folder}`);
    }
    const booted = await startMachine(machine(host, "pi", { user }), paths);
    if (booted.state !== "running")
      throw new Error(`${host}: units failed: ${booted.failedUnits.join(", ")}`);
    if (isNew) {
      await inMachine(host, "echo 192.168.77.1 packages.sandbox.test >> /etc/hosts");
      await inMachine(host, "apt-get -qq update && apt-get -qq -y install haproxy nginx", 300);
      await inMachine(
        host,
        "systemctl disable -q --now haproxy nginx; rm -f /etc/nginx/sites-enabled/default; sync",
      );
      await this.#install();
    }
  }

  async #install(): Promise<void> {
    const output = join(root, "reef-agent");
    if (!existsSync(output)) {
      const flags = ["-trimpath", "-ldflags", "-s -w", "-o", output];
      await runOrThrow(
        ["env", "CGO_ENABLED=0", "go", "-C", edge, "build", ...flags, "./cmd/reef-agent-stepped"],
        { timeoutSeconds: 300 },
      );
    }
    const content = readFileSync(output);
    this.#agentSha256 = createHash("sha256").update(content).digest("hex");
    writeFileSync(this.#inside(agentPath), content, { mode: 0o755 });
    await inMachine(host, "sync");
  }

  /** A path of the running machine as this process sees it. */
  #inside(path: string): string {
    const leader = findLeader(host, paths);
    if (leader === undefined) throw new Error(`${host} does not run`);
    return join(`/proc/${leader}/root`, path);
  }

  document(word: string, more: Document = {}, files: readonly DocumentFile[] = []): Document {
    const agent = { sha256: this.#agentSha256, source: agentPath };
    return faultDocument({ word, address: addresses[host], agent, more, files });
  }

  session(command: string, stdin?: string, timeoutSeconds?: number): Session {
    return openSession({ host, user, command, stdin, timeoutSeconds });
  }

  async ssh(command: string): Promise<Ended> {
    return await this.session(command, "").ended;
  }

  /** Starts an apply as the program does. The number is the engine's business: see {@link up}. */
  apply(document: Document, number: number): Session {
    const command = `sudo ${agentPath} apply --json --by lan --number ${number}`;
    return this.session(command, JSON.stringify(document));
  }

  #route(): AskRoute {
    const [type = "", key = ""] = readFileSync(hostPublicKeyFile(host, paths), "utf8").split(" ");
    return { name: "lan", user, host: addresses[host], hostKey: `${type} ${key.trim()}` };
  }

  /** Runs a program of the components where the operator is. */
  async #asOperator(program: string, stdin: string): Promise<string> {
    const node = [process.execPath, "--disable-warning=ExperimentalWarning"];
    const env = { ...process.env, SSH_AUTH_SOCK: agentSocket(paths) };
    return await runOrThrow(["ip", "netns", "exec", operator, ...node, join(components, program)], {
      stdin,
      env,
      timeoutSeconds: 240,
    });
  }

  async observe(document: Document): Promise<Observation> {
    const request: AskRequest = {
      host,
      routes: [this.#route()],
      seconds: 20,
      patienceSeconds: 60,
      question: { document: JSON.stringify(document) },
    };
    const line = await this.#asOperator("ask-host.ts", JSON.stringify(request));
    const answer = JSON.parse(line) as AskAnswer;
    if ("unreachable" in answer)
      throw new Error(`${host} is out of reach: ${JSON.stringify(answer.unreachable)}`);
    return parseObservation(host, line);
  }

  /** The number that an update would take now. */
  async number(document: Document): Promise<number> {
    return applyNumber(await this.observe(document));
  }

  /** An update: what the engine runs, which knows only the numbers that it was told. Fails as the update would. */
  async up(document: Document): Promise<void> {
    const number = await this.number(document);
    if (number !== this.#engine.applied) {
      const { exitCode, stdout, stderr } = await this.apply(document, number).ended;
      if (exitCode !== 0) throw new Error(`apply --number ${number}: exit code ${exitCode}: ${stderr}`);
      const { token = "none" } = JSON.parse(stdout) as { readonly token?: string };
      this.#engine.applied = number;
      if (token !== this.#engine.token) this.#engine.confirmed = false;
      this.#engine.token = token;
    }
    if (this.#engine.confirmed) return;
    const confirmed = await this.ssh(`sudo reef-agent confirm ${this.#engine.token} --path lan`);
    if (confirmed.exitCode !== 0) throw new Error(`confirm: ${confirmed.stderr}`);
    this.#engine.confirmed = true;
  }

  /** Whether a preview would be empty. */
  async isUpToDate(document: Document): Promise<boolean> {
    return this.#engine.confirmed && (await this.number(document)) === this.#engine.applied;
  }

  /** Deletes the host as the engine does. */
  async leave(): Promise<Left> {
    const request = { host: "test/pi-b", routes: [this.#route()], folder: join(root, "departed") };
    const file = departedFile(request.folder, request.host);
    this.#forget();
    const said = await this.#asOperator("leave-host.ts", JSON.stringify(request));
    const outcome = said.includes("is as it was found") ? "left" : "out of reach";
    // What is remembered is what came of it.
    if (existsSync(file) !== (outcome === "out of reach")) throw new Error(`${file} is not right: ${said}`);
    return outcome;
  }

  /** @throws if anything of a generation or of the agent is left. */
  async isAsFound(): Promise<void> {
    const left = await inMachine(
      host,
      `for path in /etc/saying /etc/reef /etc/reef-agent /etc/systemd/system/saying.service /var/lib/reef-agent \
        /var/lib/reef-agent.left /etc/systemd/system/reef-agent*; do [ ! -e "$path" ] || echo "$path"; done
       ! nft list table inet reef 2>/dev/null; systemctl is-active saying haproxy nginx | grep -x active || true`,
    );
    if (left !== "") throw new Error(`${host} is not as it was found:\n${left}`);
  }

  async status(): Promise<Status> {
    const { exitCode, stdout, stderr } = await this.ssh("sudo reef-agent status --json");
    if (exitCode !== 0) throw new Error(`status: ${exitCode}: ${stderr}`);
    return JSON.parse(stdout) as Status;
  }

  /** Whether SSH leads to the host just now. */
  async isReachable(): Promise<boolean> {
    return (await this.session("true", "", 3).ended).exitCode === 0;
  }

  /** Waits, past the network, until a generation waits for its confirmation. @throws if its apply ends otherwise. */
  async isApplied({ ended }: Session, seconds = 60): Promise<void> {
    const apply: { ended?: Ended } = {};
    void ended.then((outcome) => (apply.ended = outcome));
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      await sleep(100);
      if ((await inMachine(host, "reef-agent status --json")).includes('"phase": "applied"')) return;
      // The connection may be lost.
      const { exitCode = 0, stderr = "" } = apply.ended ?? {};
      if (exitCode > 0 && exitCode < 255) throw new Error(`apply: ${exitCode}: ${stderr}`);
    }
    throw new Error(`${host} has applied nothing after ${seconds} s`);
  }

  /**
   * Waits until the host is in one of the phases; by default until nothing is under way. A generation that was staged
   * and never armed has changed nothing, and is forgotten by whatever runs next.
   * @throws if the host has not come to itself, or cannot be reached.
   */
  async settled(phases: readonly string[] = ["idle", "staged"], seconds = 90): Promise<Status> {
    const end = Date.now() + seconds * 1000;
    let last = "";
    while (Date.now() < end) {
      try {
        const status = await this.status();
        if (phases.includes(status.phase)) return status;
        last = `phase ${status.phase}`;
      } catch (error) {
        last = String(error);
      }
      await sleep(500);
    }
    const said = await inMachine(host, "journalctl --no-pager -o cat -n 20 -u 'reef-agent-revert-*'; df /");
    throw new Error(`${host} has not come to itself after ${seconds} s: ${last}\n${said}`);
  }

  /**
   * The word that all of the host's parts say, by what they are and not by what the agent says of them.
   * @throws if they do not all say the same, or something half-written is left.
   */
  async word(): Promise<string> {
    const text = await inMachine(host, partsScript);
    const [, word = ""] = /^saying (.*)$/m.exec(text) ?? [];
    if (text !== partsOf(word)) throw new Error(`${host} is on no whole generation:\n${text}`);
    return word;
  }

  // Faults.

  /** What the stepped agent is told: `apply stop 17`, one line for one run of a command. */
  instruct(...lines: readonly string[]): void {
    const folder = this.#inside(steps);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "next"), `${lines.join("\n")}\n`);
    rmSync(join(folder, "log"), { force: true });
  }

  setCalendar(duration: string): void {
    mkdirSync(this.#inside(steps), { recursive: true });
    appendFileSync(this.#inside(join(steps, "calendar")), duration);
  }

  /** No instruction, no log, and the right time. */
  forgetInstructions(): void {
    rmSync(this.#inside(steps), { recursive: true, force: true });
    rmSync(this.#inside("/var/lib/reef-agent-steps"), { recursive: true, force: true });
  }

  log(): readonly string[] {
    return this.#read(join(steps, "log")).trim().split("\n");
  }

  /**
   * Waits until the agent stands before the step at which it was told to stop.
   * @returns its process id inside; `undefined` where the run ended before it came to that step.
   */
  async stopped({ ended }: Session): Promise<number | undefined> {
    const run = { hasEnded: false };
    void ended.then(() => (run.hasEnded = true));
    while (!run.hasEnded) {
      const pid = this.log()
        .find((each) => / stop before \d+$/.test(each))
        ?.split(" ")[1];
      // It says so just before it does.
      if (pid !== undefined && this.#read(`/proc/${pid}/stat`).includes(" T ")) return Number(pid);
      await sleep(20);
    }
    return undefined;
  }

  #read(path: string): string {
    try {
      return readFileSync(this.#inside(path), "utf8");
    } catch (error) {
      // A process ends whenever it likes, with all that tells of it.
      if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
      throw error;
    }
  }

  /** Lets a stopped agent go on, and sudo above it, which stops itself when its child does. */
  async continue(pid: number): Promise<void> {
    await inMachine(
      host,
      `for each in ${pid} $(ps -o ppid= -p ${pid}); do [ "$each" -eq 1 ] || kill -CONT "$each"; done`,
    );
  }

  /** Waits until a process is no more, or nobody's but its parent's. */
  async hasEnded(pid: number, seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      const state = this.#read(`/proc/${pid}/stat`);
      if (state === "" || state.includes(" Z ")) return;
      await sleep(50);
    }
    throw new Error(`process ${pid} of ${host} still runs after ${seconds} s`);
  }

  async link(state: "up" | "down"): Promise<void> {
    await shell(`ip -n ${operator} link set ${host} ${state}`);
  }

  /** Cuts the power, undoes what had not been synced, as `random` has it, and boots. Returns what was undone. */
  async powerCut(random: () => number): Promise<readonly string[]> {
    const log = this.log();
    // Who kills the machine writes that down, on the same file system.
    await shell(`! test -s ${this.#filler} || truncate -s -16K ${this.#filler}`);
    await killMachine(host, paths);
    const torn = tear(folders.upper, log, random);
    rmSync(join(folders.upper, "var/lib/reef-agent-steps"), { recursive: true, force: true });
    return torn;
  }

  async boot(): Promise<void> {
    await this.#boot(false);
  }

  /** Fills the disk to the last byte, or gives it back. */
  async fill(full: boolean): Promise<void> {
    await shell(
      full ? `dd if=/dev/zero of=${this.#filler} bs=64k 2>/dev/null || true` : `rm -f ${this.#filler}`,
    );
  }

  async inside(script: string, timeoutSeconds = 60): Promise<string> {
    return await inMachine(host, script, timeoutSeconds);
  }
}

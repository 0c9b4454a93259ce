/** The faults that a host must survive, each on its way to another generation. */
import { setTimeout as sleep } from "node:timers/promises";
import { file, nftables, type Document } from "./fault-document.ts";
import type { FaultHost } from "./fault-host.ts";
import type { Session } from "./fault-session.ts";

export interface Trial {
  readonly host: FaultHost;
  readonly random: () => number;
  /** What the generation that is under way says, and the one before. */
  readonly next: string;
  readonly before: string;
  /** How many steps an apply has when nothing disturbs it. */
  readonly steps: number;
}

export interface Fault {
  readonly name: string;
  /** How often it is drawn, compared with others. */
  readonly weight: number;
  /**
   * Lets it happen, and returns what it did, for messages.
   * @throws if what must be refused was not, or what must happen did not.
   */
  readonly strike: (trial: Trial) => Promise<string>;
}

function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

function drawStep({ random, steps }: Trial): number {
  return 1 + below(random, steps);
}

async function begin({ host, next }: Trial, more: Document = {}): Promise<Session> {
  const document = host.document(next, more);
  return host.apply(document, await host.number(document));
}

/** Begins an apply that stops before a step; `undefined` where it ended before it came to that one. */
async function beginAndStop(trial: Trial, step: number, more: Document = {}) {
  const { host } = trial;
  host.instruct(`apply stop ${step}`);
  const session = await begin(trial, more);
  const pid = await host.stopped(session);
  return { session, pid };
}

const connectionLost: Fault = {
  name: "connection lost",
  weight: 5,
  async strike(trial) {
    const { host, random } = trial;
    const step = drawStep(trial);
    // Short, where the host is to go back by itself; else the next update finds the generation waiting.
    const isAlone = random() < 0.5;
    const { session, pid } = await beginAndStop(trial, step, isAlone ? { confirmSeconds: 5 } : {});
    if (pid === undefined) return `not before step ${step}, which there was none of`;
    const isSilent = random() < 0.5;
    if (isSilent) await host.link("down");
    session.child.kill("SIGKILL");
    await host.continue(pid);
    await host.hasEnded(pid);
    await host.link("up");
    if (isAlone) await host.settled();
    return `before step ${step}, ${isSilent ? "without a word" : "closed"}${isAlone ? ", nobody came" : ""}`;
  },
};

const agentKilled: Fault = {
  name: "agent killed",
  weight: 5,
  async strike(trial) {
    const { host, random } = trial;
    const step = drawStep(trial);
    const instructions = [`apply kill ${step}`];
    // The run that puts things right can be killed too.
    const isAgain = random() < 0.4;
    if (isAgain) instructions.push(`watch kill ${1 + below(random, 80)}`);
    host.instruct(...instructions);
    await (
      await begin(trial)
    ).ended;
    // Whatever runs next finishes what was begun, be it the timer or the next update.
    if (isAgain || random() < 0.5) await host.settled();
    return `before step ${step}${isAgain ? ", and again in recovery" : ""}`;
  },
};

const machineKilled: Fault = {
  name: "machine killed",
  weight: 5,
  async strike(trial) {
    const { host, random } = trial;
    const step = drawStep(trial);
    const { session, pid } = await beginAndStop(trial, step);
    const torn = await host.powerCut(random);
    session.child.kill("SIGKILL");
    await host.boot();
    return `${pid === undefined ? "after the last step" : `before step ${step}`}, ${torn.join(", ") || "nothing torn"}`;
  },
};

/** Applies what keeps the operator out, and lets the timer or a power cut bring the way back. */
async function lockOut(trial: Trial, more: Document): Promise<string> {
  const { host, random } = trial;
  const session = await begin(trial, { confirmSeconds: 12, ...more });
  // Its connection may be among what it cuts, so it is asked past the network whether it is in force.
  await host.isApplied(session);
  if (await host.isReachable()) throw new Error("the operator was not locked out");
  if (random() < 0.3) {
    await host.powerCut(random);
    session.child.kill("SIGKILL");
    await host.boot();
    return "locked the operator out, power cut";
  }
  await host.settled();
  session.child.kill("SIGKILL");
  return "locked the operator out, timer";
}

const firewall: Fault = {
  name: "firewall that locks the operator out",
  weight: 2,
  strike: (trial) => lockOut(trial, { nftables: nftables(trial.next, "tcp dport 22 drop") }),
};

const wrongAddress: Fault = {
  name: "wrong static address",
  weight: 2,
  strike: (trial) =>
    lockOut(trial, {
      interfaces: [{ name: "eth0", addresses: ["192.168.77.99/24"], gateway: "192.168.77.1" }],
    }),
};

const sshdForNobody: Fault = {
  name: "sshd that is correct and lets nobody in",
  weight: 1,
  strike: (trial) =>
    lockOut(trial, withFile(trial, "/etc/ssh/sshd_config.d/40-reef.conf", "AllowUsers nobody\n")),
};

function withFile({ host, next }: Trial, path: string, content: string): Document {
  return { files: host.document(next, {}, [file(path, content)]).files };
}

/** A configuration that its program refuses: nothing has changed. */
function broken(program: string, path: string, content: string): Fault {
  return {
    name: `broken ${program}`,
    weight: 1,
    async strike(trial) {
      const { exitCode, stderr } = await (await begin(trial, withFile(trial, path, content))).ended;
      if (exitCode !== 3 || !stderr.includes(`${program} refuses the configuration`)) {
        throw new Error(`a broken ${program} configuration: exit code ${exitCode}: ${stderr}`);
      }
      return "refused";
    },
  };
}

const diskFull: Fault = {
  name: "disk full",
  weight: 3,
  async strike(trial) {
    const { host, random } = trial;
    const step = drawStep(trial);
    const { session, pid } = await beginAndStop(trial, step);
    await host.fill(true);
    if (pid !== undefined) await host.continue(pid);
    const { exitCode, stderr } = await session.ended;
    const after = random();
    if (after < 0.3) {
      await host.powerCut(random);
      await host.boot();
    } else if (exitCode !== 0) {
      await host.settled().catch((error: unknown) => {
        throw new Error(`${String(error)}\nThe apply had said: ${stderr}`);
      });
    }
    await host.fill(false);
    return `before step ${step}: exit code ${exitCode}${after < 0.3 ? ", then a power cut" : ""}`;
  },
};

const calendarBack: Fault = {
  name: "clock a year back",
  weight: 2,
  async strike(trial) {
    const { host } = trial;
    host.instruct();
    host.setCalendar("-8760h");
    return await lockOut(trial, { nftables: nftables(trial.next, "tcp dport 22 drop") });
  },
};

const noPackages: Fault = {
  name: "package source unreachable",
  weight: 1,
  async strike(trial) {
    const { host } = trial;
    await host.inside("sed -i s/192.168.77.1.packages/192.168.77.9\\ packages/ /etc/hosts");
    const packages = ["haproxy", "nginx", "unbound"];
    const { exitCode, stderr } = await (await begin(trial, { packages })).ended;
    await host.inside("sed -i s/192.168.77.9.packages/192.168.77.1\\ packages/ /etc/hosts");
    if (exitCode !== 1) throw new Error(`without a package source: exit code ${exitCode}: ${stderr}`);
    return "went back";
  },
};

const twoApplies: Fault = {
  name: "two applies at once",
  weight: 2,
  async strike({ host, next, random }) {
    const documents = [
      host.document(next, { confirmSeconds: 8 }),
      host.document(`${next}x`, { confirmSeconds: 8 }),
    ];
    const [one, other] = documents;
    if (one === undefined || other === undefined) throw new Error("there are two documents");
    // Both asked before either began, so both have the same number.
    const number = await host.number(one);
    const first = host.apply(one, number);
    await sleep(below(random, 1500));
    const codes = (await Promise.all([first.ended, host.apply(other, number).ended])).map(
      ({ exitCode }) => exitCode,
    );
    if (!codes.includes(0)) throw new Error(`neither of two applies was done: ${codes.join(", ")}`);
    if (codes.every((code) => code === 0)) throw new Error("two applies with one number were both done");
    await host.settled();
    return `exit codes ${codes.join(" and ")}`;
  },
};

const replaced: Fault = {
  name: "replaced by a fresh host under the same name",
  weight: 1,
  async strike({ host }) {
    await host.replace();
    return "nothing of the old one is left";
  },
};

const deleted: Fault = {
  name: "deleted while out of reach, and seen again",
  weight: 2,
  async strike({ host, random }) {
    await host.link("down");
    if ((await host.leave()) !== "out of reach") throw new Error("a host without a link was told to leave");
    await host.link("up");
    const step = 1 + below(random, 200);
    host.instruct(`leave kill ${step}`);
    const first = await host.leave();
    await host.settled();
    if (first !== "left" && (await host.leave()) !== "left")
      throw new Error("a host that is seen does not leave");
    await host.isAsFound();
    return `${first} with a kill before step ${step}`;
  },
};

export const faults: readonly Fault[] = [
  connectionLost,
  agentKilled,
  machineKilled,
  firewall,
  wrongAddress,
  sshdForNobody,
  broken("sshd", "/etc/ssh/sshd_config.d/40-reef.conf", "NoSuchOption yes\n"),
  broken("haproxy", "/etc/haproxy/haproxy.cfg", "frontend f\n  bind :nowhere\n"),
  broken("nginx", "/etc/nginx/conf.d/reef.conf", "server { listen nowhere;\n"),
  diskFull,
  calendarBack,
  noPackages,
  twoApplies,
  replaced,
  deleted,
];

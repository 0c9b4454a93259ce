/** Measuring a program that is many processes: time, processor time and memory. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Measurement {
  readonly wallSeconds: number;
  /** Processor time of the program and of all that it started and waited for. */
  readonly driverCpuSeconds: number;
  /** Processor time of the whole machine meanwhile: the program, the hosts and the kernel. */
  readonly machineCpuSeconds: number;
  /** Largest sum of the proportional set sizes of all the program's processes, in MiB. */
  readonly driverMiB: number;
  /** Largest resident set of a single process of the given names elsewhere: on the hosts. */
  readonly hostProcessMiB: number;
}

/** A sample costs some milliseconds for each of the program's processes, which it takes from the program. */
const sampleMilliseconds = 1500;

/** Clock ticks per second in /proc, the same on every Linux. */
const ticks = 100;

function statFields(path: string): readonly string[] {
  return readFileSync(path, "utf8").trim().split(/\s+/);
}

/** Of this process's children that have ended, and of theirs. */
function childSeconds(): number {
  // The second field is a name in parentheses, Node's without a space.
  const fields = statFields("/proc/self/stat");
  return (Number(fields[15]) + Number(fields[16])) / ticks;
}

/** User, nice, system, interrupts. */
function machineSeconds(): number {
  const line = readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "";
  const [, user, nice, system, , , irq, softirq] = line.split(/\s+/).map(Number);
  return [user, nice, system, irq, softirq].reduce<number>((sum, each) => sum + (each ?? 0), 0) / ticks;
}

function kibibytes(path: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(path, "utf8"));
  return Number(match?.[1] ?? 0);
}

/** Which processes are looked at while the program runs. */
export interface Watched {
  /** Whether a process is the program's. @throws where it has ended meanwhile. */
  readonly isDriver: (pid: string) => boolean;
  /** Which others do the program's work on the hosts, by their short names. */
  readonly isHostProcess: (name: string) => boolean;
}

/** @param network of a namespace, as /proc/PID/ns/net tells it: all processes in there are the program's */
export function inNetwork(network: string): Watched["isDriver"] {
  return (pid) => readlinkSync(`/proc/${pid}/ns/net`) === network;
}

/** Whether a process was started with this variable in its environment, or by one that was. */
export function withVariable(name: string, value: string): Watched["isDriver"] {
  const mark = `\0${name}=${value}\0`;
  return (pid) => `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`.includes(mark);
}

interface Sample {
  readonly driverMiB: number;
  readonly hostProcessMiB: number;
}

function sample({ isDriver, isHostProcess }: Watched): Sample {
  let driver = 0;
  let largest = 0;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (isDriver(pid)) {
        driver += kibibytes(`/proc/${pid}/smaps_rollup`, "Pss");
      } else if (isHostProcess(readFileSync(`/proc/${pid}/comm`, "utf8").trim())) {
        largest = Math.max(largest, kibibytes(`/proc/${pid}/status`, "VmHWM"));
      }
    } catch {
      // It has ended since the folder was read.
    }
  }
  return { driverMiB: driver / 1024, hostProcessMiB: largest / 1024 };
}

export interface Measured<T> {
  readonly result: T;
  readonly measurement: Measurement;
}

/** Runs something that starts processes, and measures it. */
export async function measure<T>(watched: Watched, work: () => Promise<T>): Promise<Measured<T>> {
  const peak = { driverMiB: 0, hostProcessMiB: 0 };
  const timer = setInterval(() => {
    const seen = sample(watched);
    peak.driverMiB = Math.max(peak.driverMiB, seen.driverMiB);
    peak.hostProcessMiB = Math.max(peak.hostProcessMiB, seen.hostProcessMiB);
  }, sampleMilliseconds);
  const before = { at: performance.now(), children: childSeconds(), machine: machineSeconds() };
  try {
    const result = await work();
    const measurement = {
      wallSeconds: (performance.now() - before.at) / 1000,
      driverCpuSeconds: childSeconds() - before.children,
      machineCpuSeconds: machineSeconds() - before.machine,
      ...peak,
    };
    return { result, measurement };
  } finally {
    clearInterval(timer);
  }
}

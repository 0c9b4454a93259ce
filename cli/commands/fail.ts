import { InvalidArgumentError, Option, type Command } from "commander";
import { SandboxError } from "../../sandbox/mode.ts";
import { askService } from "../../sandbox/ask.ts";
import {
  faultKinds,
  faultMoments,
  type Fault,
  type FaultList,
  type FaultMoment,
} from "../../sandbox/services/faults.ts";
import { printResult } from "../context.ts";

const services = ["aws", "cloudflare"] as const;

const examples = `
Faults:
  throttle   refused for too many calls, which clients try again
  error      refused with status 500
  timeout    no answer for a while, then the connection is cut
  drop       the connection is cut at once
  hold       the call stands still until --clear, then goes on
  die        the process behind the call dies: aws's provider plugin, cloudflare's service

Only calls that change something count for aws; every call counts for cloudflare.

Examples:
  roadnet sandbox fail aws throttle --nth 3              the third call from now on is throttled
  roadnet sandbox fail aws error --match CreateRoute     the next creation of a route, or of what is called so
  roadnet sandbox fail aws die --when after              the provider dies when the change has been made
  roadnet sandbox fail cloudflare error --times 5 --match POST
  roadnet sandbox fail cloudflare drop --match dns_records
  roadnet sandbox fail cloudflare timeout --seconds 10
  roadnet sandbox fail cloudflare --list
  roadnet sandbox fail aws --clear`;

interface FailOptions {
  readonly nth?: number;
  readonly times?: number;
  readonly when?: FaultMoment;
  readonly seconds?: number;
  readonly match?: string;
  readonly list: boolean;
  readonly clear: boolean;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError("must be a whole number from 1 on");
  }
  return value;
}

function duration(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError("must be a number of seconds");
  }
  return value;
}

/** One line: `2  throttle, calls 3 to 5, where CreateRoute: 1 seen, waiting`. */
function faultLine({ id, fault, when, nth, times, seconds, match, seen, state }: Fault): string {
  const calls = times === 1 ? `call ${nth}` : `calls ${nth} to ${nth + times - 1}`;
  const parts = [
    when === "before" ? fault : `${fault} ${when} the change`,
    calls,
    ...(seconds === undefined ? [] : [`${seconds} s`]),
    ...(match === undefined ? [] : [`where ${typeof match === "string" ? match : JSON.stringify(match)}`]),
  ];
  return `${id}  ${parts.join(", ")}: ${seen} seen, ${state}`;
}

function listLines({ faults, holding }: FaultList): string[] {
  const lines = faults.length === 0 ? ["nothing is to go wrong"] : faults.map(faultLine);
  return holding === 0 ? lines : [...lines, `${holding} held`];
}

/** The request that sets a fault; what was not said is left to the service. */
function faultRequest(fault: string, { nth, times, when, seconds, match }: FailOptions): object {
  if (!(faultKinds as readonly string[]).includes(fault)) {
    throw new SandboxError(`There is no fault ${fault}: the faults are ${faultKinds.join(", ")}.`, 2);
  }
  return { fault, nth, times, when, seconds, match };
}

/** Words that say how a fault is to be, which mean nothing where none is set. */
function requireNoDetails({ nth, times, when, seconds, match }: FailOptions, asked: string): void {
  const given = Object.entries({ nth, times, when, seconds, match }).find(([, value]) => value !== undefined);
  if (given !== undefined) {
    throw new SandboxError(`--${given[0]} means nothing with ${asked}.`, 2);
  }
}

export function addFail(parent: Command): void {
  parent
    .command("fail")
    .argument("<service>", services.join(" or "))
    .argument("[fault]", "what goes wrong, see below")
    .description("make a call to a service fail: throttled, lost, refused, held, or the end of its process")
    .option("--nth <n>", "which matching call fails first, counted from now on (default: 1)", positive)
    .option("--times <n>", "how many matching calls in a row fail (default: 1)", positive)
    .addOption(
      new Option(
        "--when <moment>",
        "before the call's change is made, or after it (default: before)",
      ).choices(faultMoments),
    )
    .option("--seconds <s>", "how long a timeout or a hold lasts (default: 60, 300)", duration)
    .option(
      "--match <text>",
      "which calls count: part of operation, type or URN (aws), or of method and path (cloudflare)",
    )
    .option("--list", "show what is to go wrong", false)
    .option("--clear", "forget all faults, and let held calls go on", false)
    .addHelpText("after", examples)
    .action(async (service: string, fault: string | undefined, options: FailOptions, command: Command) => {
      const known = services.find((each) => each === service);
      if (known === undefined) {
        throw new SandboxError(`${service} cannot fail on demand: the services are aws and cloudflare.`, 2);
      }
      const { list, clear } = options;
      if ([list, clear, fault !== undefined].filter(Boolean).length !== 1) {
        throw new SandboxError("Give one of: a fault, --list, --clear.", 2);
      }
      if (fault === undefined) {
        requireNoDetails(options, list ? "--list" : "--clear");
        const answer = await askService(known, list ? "GET" : "DELETE", "/faults");
        printResult(command, answer, () => listLines(answer as FaultList));
        return;
      }
      const answer = await askService(known, "POST", "/faults", faultRequest(fault, options));
      printResult(command, answer, () => [faultLine(answer as Fault)]);
    });
}

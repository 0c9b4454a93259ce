/**
 * Clouds that fail in mid-update, and what somebody else has made: a clear error where there must be one, and a state
 * from which the next update converges.
 *
 * One case is drawn from a seed, which is printed; ROADNET_SEED repeats it, ROADNET_CASES says how many, or "all".
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { FaultRequest } from "../../sandbox/services/faults.ts";
import { balancer, pool, record, tunnel, writeFaultsStack, zone } from "./cloud-faults-stack.ts";
import type { Drift } from "../cloudflare-control.ts";
import { Cases } from "./cases.ts";
import { cloudKeys, repeatedUrnTags, stateKeys } from "./cloud-state.ts";
import { PaperSandbox } from "./paper-sandbox.ts";

const cases = new Cases("cloud faults");

let sandbox: PaperSandbox;

beforeAll(async () => {
  sandbox = await PaperSandbox.start("cloud-faults");
});

afterAll(async () => {
  await sandbox.remove();
});

/** Each test begins where nothing of what it is about is there, and its update is to make all of it. */
beforeEach(async () => {
  writeFaultsStack(sandbox.paths, "bare");
  await sandbox.up();
  await expectConverged();
  writeFaultsStack(sandbox.paths, "whole");
});

afterEach(async () => {
  await sandbox.cloudflare.clearFaults();
  await sandbox.aws.clearFaults();
});

/** Every id on either side is on the other, once; and there is nothing to change. */
async function expectConverged(): Promise<void> {
  const aws = await sandbox.aws.describe();
  expect(stateKeys(await sandbox.state())).toEqual(cloudKeys(aws, await sandbox.cloudflare.describeAll()));
  expect(repeatedUrnTags(aws)).toEqual([]);
  await sandbox.mustPulumi("preview", "--expect-no-changes");
}

/** What an update could not do, by the kind and the name of each resource, in the provider's words. */
type Failures = ReadonlyMap<string, string>;

/** Runs an update. @returns its errors; none where it ended well */
async function update(): Promise<Failures> {
  const args = ["up", "--yes", "--skip-preview", "--suppress-outputs"];
  const { exitCode, stdout } = await sandbox.pulumi(args);
  const [, diagnostics = ""] = stdout.split(/^Diagnostics:$/m);
  const blocks = diagnostics.split(/^ {2}(?=\S+ \(.+\):$)/m).slice(1);
  const told = blocks.map((block): [string, string] => {
    const [, type = "", name = ""] = /^(\S+) \((.+)\):/.exec(block) ?? [];
    return [`${type.split(":").at(-1) ?? ""} ${name}`, block];
  });
  const failures = told.filter(([subject, text]) => !subject.startsWith("Stack ") && text.includes("error:"));
  expect([failures.length === 0, stdout]).toEqual([exitCode === 0, stdout]);
  // A provider that fell over would have left a trace. (The program may: hosts are being asked when the engine ends.)
  for (const [, text] of failures) expect(text).not.toMatch(/panic|^\s*at .*[:(]|node_modules|\.ts:\d/m);
  return new Map(failures);
}

/**
 * Updates until all is made. Somebody looks at each failure in between: the engine begins nothing more once something
 * has failed, so that not all of them are told at once.
 * @returns what was told in all
 */
async function updateUntilDone(mend: (failures: Failures) => Promise<void>): Promise<Failures> {
  const told = new Map<string, string>();
  for (let round = 0; round < 6; round += 1) {
    const failures = await update();
    if (failures.size === 0) return told;
    for (const [subject, text] of failures) told.set(subject, text);
    await mend(failures);
  }
  throw new Error(`after six updates not all is made: ${[...told.keys()].join(", ")}`);
}

/** The things whose names somebody else can have, as the program calls them, and what Cloudflare says then. */
const names = {
  tunnel: `ZeroTrustTunnelCloudflared ${tunnel}`,
  pool: `LoadBalancerPool ${balancer}/near`,
  balancer: `LoadBalancer ${balancer}`,
  record: `DnsRecord ${zone}/www.${zone}/A/203.0.113.50`,
} as const;

const says: Readonly<Record<keyof typeof names, string>> = {
  tunnel: "You already have a tunnel with this name",
  pool: "value not unique",
  balancer: "value not unique",
  record: "An identical record already exists.",
};

/** Each of the things has failed, and has been told in Cloudflare's words. */
function expectAllTold(told: Failures): void {
  expect([...told.keys()].sort()).toEqual(Object.values(names).sort());
  for (const [thing, name] of Object.entries(names))
    expect(told.get(name)).toContain(says[thing as keyof typeof names]);
}

const origin = { name: "theirs", address: "198.51.100.9" };

interface Theirs {
  readonly kind: "tunnel" | "pool" | "load_balancer" | "record";
  readonly id: string;
  readonly zone?: string;
}

/** What somebody else makes of the same names, by what of ours cannot be made then. */
async function makeTheirs(): Promise<ReadonlyMap<string, readonly Theirs[]>> {
  const make = async (kind: Theirs["kind"], set: object, where: { zone?: string } = {}): Promise<Theirs> => {
    const change = { action: "create", kind, set: { ...set }, ...where } as Drift;
    return { kind, id: (await sandbox.cloudflare.drift(change)).id, ...where };
  };
  const spare = await make("pool", { name: "theirs", origins: [origin] });
  const pools = { default_pools: [spare.id], fallback_pool: spare.id };
  return new Map([
    [names.tunnel, [await make("tunnel", { name: tunnel })]],
    [names.pool, [await make("pool", { name: pool, origins: [origin] })]],
    [names.balancer, [await make("load_balancer", { name: balancer, ...pools }, { zone }), spare]],
    [names.record, [await make("record", record, { zone })]],
  ]);
}

/** Everything at Cloudflare, by its id. */
async function everything(): Promise<ReadonlyMap<string, unknown>> {
  const { zones, account } = await sandbox.cloudflare.describeAll();
  const all = [
    ...zones.flatMap(({ dns_records, load_balancers }) => [...dns_records, ...load_balancers]),
    ...account.tunnels,
    ...account.pools,
  ];
  return new Map(all.map((each) => [each.id, each]));
}

cases.add(
  "what somebody else has made is told, and stays theirs; once it is gone, the next update makes ours",
  async () => {
    const theirs = await makeTheirs();
    const before = await everything();
    const told = await updateUntilDone(async (failures) => {
      const now = await everything();
      const inTheWay = [...failures.keys()].flatMap((subject) => theirs.get(subject) ?? []);
      expect(inTheWay).not.toEqual([]);
      for (const { id } of inTheWay) expect(now.get(id)).toEqual(before.get(id));
      for (const each of inTheWay) await sandbox.cloudflare.drift({ action: "delete", ...each } as Drift);
    });
    expectAllTold(told);
    await expectConverged();
  },
);

/** The calls that make the things, as Cloudflare's API has them. */
const creates = {
  tunnel: { method: "POST", path: "/cfd_tunnel$" },
  ingress: { method: "PUT", path: "/configurations$" },
  monitor: { method: "POST", path: "/load_balancers/monitors$" },
  pool: { method: "POST", path: "/load_balancers/pools$" },
  balancer: { method: "POST", path: "/zones/[^/]+/load_balancers$" },
  record: { method: "POST", path: "/dns_records$" },
} as const;

cases.add(
  "asked to slow down, with errors and time-outs in between, nothing is told, and Cloudflare's time is kept",
  async () => {
    const seconds = 2;
    for (const match of Object.values(creates))
      await sandbox.cloudflare.addFault({ fault: "throttle", seconds, match });
    const group = { type: "aws:ec2/securityGroup:SecurityGroup", method: "create" };
    await sandbox.aws.addFault({ fault: "throttle", match: group });
    await sandbox.aws.addFault({ fault: "timeout", seconds: 1, when: "after", nth: 2, match: group });
    const earlier = (await sandbox.cloudflare.calls()).at(-1)?.sequence ?? 0;
    await sandbox.up();
    const { faults } = await sandbox.cloudflare.faults();
    expect(faults.map(({ state }) => state)).toEqual(Object.keys(creates).map(() => "done"));
    expect((await sandbox.aws.faults()).faults.map(({ state }) => state)).toEqual(["done", "done"]);
    const calls = (await sandbox.cloudflare.calls()).filter(({ sequence }) => sequence > earlier);
    for (const { method, path } of Object.values(creates)) {
      const attempts = calls.filter((call) => call.method === method && new RegExp(path).test(call.path));
      const index = attempts.findIndex(({ status }) => status === 429);
      const refused = attempts[index];
      const repeated = attempts.find(
        ({ sequence, body }) => sequence > (refused?.sequence ?? 0) && body === refused?.body,
      );
      expect(repeated?.status, path).toBe(200);
      const waited = Date.parse(repeated?.at ?? "") - Date.parse(refused?.at ?? "");
      expect(waited, path).toBeGreaterThanOrEqual(seconds * 1000 - 10);
    }
    await sandbox.cloudflare.clearFaults();
    await sandbox.aws.clearFaults();
    await expectConverged();
  },
);

cases.add("done, but not answered: the repetition is refused, and recovery finds what was made", async () => {
  const lost: readonly FaultRequest[] = [
    { fault: "error", when: "after", match: creates.tunnel },
    { fault: "timeout", seconds: 1, when: "after", match: creates.pool },
    { fault: "drop", when: "after", match: creates.balancer },
    { fault: "error", when: "after", match: creates.record },
  ];
  for (const fault of lost) await sandbox.cloudflare.addFault(fault);
  const told = await updateUntilDone(async (failures) => {
    const args = ["recover", "--stack", "sandbox", "--search"];
    const asked = await sandbox.roadnet(args);
    expect([asked.exitCode, asked.output]).toEqual([2, asked.output]);
    // A stranger could have made them: a person says that they are ours.
    const ids = [...asked.output.matchAll(/^ {2}(\S+) in place of urn:/gm)].map(([, id = ""]) => id);
    const { exitCode, output } = await sandbox.roadnet([...args, "--adopt", ...ids]);
    expect([exitCode, output]).toEqual([0, output]);
    const adopted = output.split("\n").filter((line) => line.startsWith("adopted: "));
    for (const subject of failures.keys()) {
      const [type = "", name = ""] = subject.split(" ");
      expect(adopted.filter((line) => line.includes(`:${type}::${name} as `))).toHaveLength(1);
    }
  });
  expectAllTold(told);
  await expectConverged();
});

cases.add(
  "a pool that goes is let go of first; it stays as long as somebody else's load balancer names it",
  async () => {
    await sandbox.up();
    const { account } = await sandbox.cloudflare.describeAll();
    const ours = account.pools.find(({ name }) => name === pool)?.id ?? "";
    const set = { name: `theirs.${zone}`, default_pools: [ours], fallback_pool: ours };
    const theirs = await sandbox.cloudflare.drift({
      action: "create",
      kind: "load_balancer",
      zone,
      set,
    });
    writeFaultsStack(sandbox.paths, "without near");
    const failures = await update();
    expect([...failures.keys()]).toEqual([names.pool]);
    expect(failures.get(names.pool)).toContain("This object is referenced by other objects");
    await sandbox.cloudflare.drift({ action: "delete", kind: "load_balancer", zone, id: theirs.id });
    await sandbox.up();
    await expectConverged();
    expect((await everything()).has(ours)).toBe(false);
  },
);

const lasting: readonly [what: string, fault: FaultRequest, subject: string, words: RegExp][] = [
  [
    "a time-out",
    { fault: "timeout", seconds: 1, times: 1000, match: creates.record },
    names.record,
    /error: failed to make http request: POST ".*\/dns_records": \S/,
  ],
  [
    "an error",
    { fault: "error", times: 1000, match: creates.monitor },
    `LoadBalancerMonitor ${balancer}/monitor`,
    /500 Internal Server Error .*An error has occurred/,
  ],
  [
    "too many calls",
    { fault: "throttle", times: 1000, match: creates.tunnel },
    names.tunnel,
    /429 Too Many Requests .*throttling your request speed/,
  ],
];

for (const [what, fault, subject, words] of lasting) {
  cases.add(`${what} for good is told, and the next update converges`, async () => {
    await sandbox.cloudflare.addFault(fault);
    const failures = await update();
    expect([...failures.keys()]).toEqual([subject]);
    expect(failures.get(subject)).toMatch(words);
    await sandbox.cloudflare.clearFaults();
    await sandbox.up();
    await expectConverged();
  });
}

cases.test();

/** Protection and guard on the real engine: what is protected stays, and an approval lets through what it names. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { guardedByUrn, guardedKinds, subjectOf } from "../../components/config/guarded.ts";
import { writeGuardStack } from "./guard-stack.ts";
import { PaperSandbox } from "./paper-sandbox.ts";

const [first, second] = ["subnet us-west/database/us-west-2a", "subnet us-west/database/us-west-2b"];
const before = ["10.0.20.0/24", "10.0.21.0/24"] as const;

let sandbox: PaperSandbox;

beforeAll(async () => {
  sandbox = await PaperSandbox.start("guard");
  configure(before);
  await sandbox.up();
});

afterAll(async () => {
  await sandbox.remove();
});

const day = (plusDays: number): string =>
  new Date(Date.now() + plusDays * 86_400_000).toISOString().slice(0, 10);

function configure(databaseSubnets: readonly [string, string], ...approved: readonly string[]): void {
  const approvals = approved.map((resource) => ({
    resource,
    reason: "moves to another network",
    by: "the test",
    approved: day(-1),
    expires: day(6),
  }));
  writeGuardStack(sandbox.paths, { databaseSubnets, approvals });
}

interface Guarded {
  readonly id: string | undefined;
  readonly isProtected: boolean;
}

/** The state's guarded resources, by kind and name. */
async function guarded(): Promise<ReadonlyMap<string, Guarded>> {
  const { deployment } = await sandbox.state();
  return new Map(
    (deployment.resources ?? [])
      .filter(({ urn }) => guardedByUrn(urn) !== undefined)
      .map(({ urn, id, protect }): [string, Guarded] => [
        subjectOf(urn),
        { id, isProtected: protect === true },
      ]),
  );
}

function unprotectedOf(resources: ReadonlyMap<string, Guarded>): string[] {
  return [...resources].filter(([, { isProtected }]) => !isProtected).map(([name]) => name);
}

const guard = (...args: readonly string[]) => sandbox.roadnet(["guard", "--stack", "sandbox", ...args]);

test("every kind of guarded resource is there, and each is protected", async () => {
  const resources = await guarded();
  const kinds = new Set([...resources.keys()].map((name) => name.split(" ")[0]));
  expect([...kinds].sort()).toEqual(Object.keys(guardedKinds).sort());
  expect(unprotectedOf(resources)).toEqual([]);
});

test("of a plan that replaces two subnets one is approved: guard and engine stop it, and nothing is lifted", async () => {
  const resources = await guarded();
  configure(["10.0.200.0/24", "10.0.201.0/24"], first);
  const { exitCode, output } = await guard("--unprotect");
  expect([exitCode, output]).toEqual([1, output]);
  const said = output.split("\n").filter((line) => /^ {2}(?:stopped|approved) /.test(line));
  const why = "would be replaced (cidrBlock would change)";
  expect(said).toEqual([`  stopped  ${second}: ${why}`, `  approved ${first}: ${why}`]);

  const update = await sandbox.pulumi(["up", "--yes", "--skip-preview"]);
  expect(update.exitCode).not.toBe(0);
  expect(update.stdout + update.stderr).toContain("currently marked for protection");
  expect(await guarded()).toEqual(resources);
});

test("an approval lets through what it names, and all others stay as they are, protected", async () => {
  const resources = await guarded();
  configure(["10.0.200.0/24", before[1]], first);
  const { exitCode, output } = await guard("--unprotect");
  expect([exitCode, output]).toEqual([0, output]);
  expect(output).toContain(`The protection of ${first} is lifted, and of nothing else`);
  expect(unprotectedOf(await guarded())).toEqual([first]);

  await sandbox.up();
  const after = await guarded();
  expect(unprotectedOf(after)).toEqual([]);
  const moved = [...after].filter(([name, { id }]) => resources.get(name)?.id !== id).map(([name]) => name);
  expect(moved).toEqual([first]);
  expect([...after.keys()].sort()).toEqual([...resources.keys()].sort());
});

test("a destroy takes away nothing that is protected", async () => {
  const resources = await guarded();
  const { exitCode, stdout, stderr } = await sandbox.pulumi(["destroy", "--yes", "--skip-preview"]);
  expect(exitCode).not.toBe(0);
  expect(stdout + stderr).toContain("because it is protected");
  expect(await guarded()).toEqual(resources);
  const { regions } = await sandbox.aws.describe();
  const ids = new Set(Object.values(regions).flatMap(({ vpcs }) => vpcs.Vpcs.map(({ VpcId }) => VpcId)));
  expect([...ids].sort()).toEqual(
    ["eu-west", "us-west"].map((name) => resources.get(`vpc ${name}`)?.id).sort(),
  );
});

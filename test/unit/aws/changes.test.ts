/** Every property of every type is changed once: whether that updates, replaces, or is refused, and what is left. */
import { describe, expect, it } from "vitest";
import { findType } from "../../../sandbox/services/aws/types/find.ts";
import { resourceTypes } from "../../../sandbox/services/aws/types/index.ts";
import type { Outcome, Scene } from "./change-case.ts";
import { changes, refusedByAws } from "./changes.ts";
import { makeWorld, Refusal, TestCloud } from "./harness.ts";

/** Known to be computed or stored elsewhere: an update leaves the new value in the outputs. */
function settable(token: string): string[] {
  return Object.entries(findType(token).properties)
    .filter(([, property]) => property.mode !== "computed")
    .map(([name]) => name)
    .sort();
}

async function withScene<T>(work: (scene: Scene) => Promise<T>): Promise<T> {
  using cloud = new TestCloud({ elasticIpsPerRegion: 20, vpcsPerRegion: 20 });
  const world = await makeWorld(cloud);
  const other = await makeWorld(cloud, "us-west-2", 1);
  return await work({ cloud, world, other });
}

describe.each([...resourceTypes.keys()])("%s", (token) => {
  const cases = changes[token];

  it("has a case for every property that can be set, and for no other", () => {
    const named = new Set(cases?.cases.map(([property]) => property));
    expect([...named].sort()).toEqual(settable(token));
  });

  it.each(cases?.cases.map((one) => [one[0], one[2], one] as const) ?? [])(
    "%s: %s",
    async (_name, _outcome, one) => {
      const [property, value, expected] = one;
      await withScene(async (scene) => {
        const { cloud } = scene;
        const base = (await cases?.base(scene)) ?? {};
        const made = await cloud.create(token, base);
        const wanted = typeof value === "function" ? await value(scene, made) : value;
        const news = { ...base, [property]: wanted };
        const outcome = await outcomeOf(scene, made, news, property);
        expect(outcome).toBe(expected);
        if (outcome !== "update") {
          return;
        }
        const code = refusedByAws[token]?.[property];
        if (code !== undefined) {
          await expect(cloud.update(made, news)).rejects.toMatchObject({ code });
          return;
        }
        const updated = await cloud.update(made, news);
        const after = await cloud.diff(updated, news);
        expect(after.changed).toEqual([]);
        // What AWS tells afresh must be what the update said, or the next preview would show a change.
        const seen = await cloud.read(updated);
        expect(seen?.outputs).toEqual(updated.outputs);
      });
    },
  );
});

async function outcomeOf(
  { cloud }: Scene,
  made: Parameters<TestCloud["diff"]>[0],
  news: Parameters<TestCloud["diff"]>[1],
  property: string,
): Promise<Outcome> {
  try {
    const { changed, replaces } = await cloud.diff(made, news);
    if (replaces.length > 0) {
      expect(replaces).toEqual([property]);
      return "replace";
    }
    return changed.length > 0 ? "update" : "same";
  } catch (error) {
    if (error instanceof Refusal && error.code === "check") {
      return "refused";
    }
    throw error;
  }
}

it("refuses a property that the type does not have, and one that is missing", async () => {
  await withScene(async ({ cloud }) => {
    const unknown = await cloud.check("aws:ec2/vpc:Vpc", { cidrBlock: "10.9.0.0/16", cidr: "10.9.0.0/16" });
    expect(unknown.failures.map((failure) => failure.property)).toEqual(["cidr"]);
    expect(unknown.failures[0]?.reason).toMatch(/^invalid or unknown key/);
    const missing = await cloud.check("aws:ec2/subnet:Subnet", { cidrBlock: "10.9.1.0/24" });
    expect(missing.failures[0]?.reason).toMatch(/The argument "vpc_id" is required/);
  });
});

it("has no type without a table", async () => {
  await withScene(async ({ cloud }) => {
    await expect(cloud.create("aws:s3/bucket:Bucket", {})).rejects.toThrow(
      /has no resource type aws:s3\/bucket:Bucket: it has no table/,
    );
  });
});

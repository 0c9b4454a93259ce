/** Every resource type but zones and records: each property changed once, against the simulated API. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { resourceTypes } from "../../../sandbox/providers/cloudflare/types.ts";
import { startTrial, trial, type Subject } from "./subject.ts";
import { application, policy } from "./subjects-access.ts";
import { loadBalancer, monitor, pool } from "./subjects-balancing.ts";
import { ruleset, tunnel, tunnelConfig, zoneDnssec, zoneSetting } from "./subjects-zone.ts";
import { inputNames } from "./trial.ts";

beforeAll(startTrial);
afterAll(() => trial.service.remove());

const subjects: readonly Subject[] = [
  ...[tunnel, tunnelConfig, monitor, pool, loadBalancer],
  ...[zoneSetting, zoneDnssec, ruleset, policy, application],
];

test("every type that the stand-in has is tried, here or in provider.test.ts", () => {
  const elsewhere = ["cloudflare:index/dnsRecord:DnsRecord", "cloudflare:index/zone:Zone"];
  const tried = [...elsewhere, ...subjects.map(({ table }) => table.token)];
  expect(tried.sort()).toEqual(resourceTypes.map(({ table }) => table.token).sort());
});

/** The functions by which recovery looks for what an update may have made, with what tells it from others. */
const lists = [
  [tunnel, "ZeroTrustTunnelCloudflareds", "name"],
  [monitor, "LoadBalancerMonitors", "description"],
  [pool, "LoadBalancerPools", "name"],
  [loadBalancer, "LoadBalancers", "name"],
  [ruleset, "Rulesets", "phase"],
  [policy, "ZeroTrustAccessPolicies", "name"],
  [application, "ZeroTrustAccessApplications", "domain"],
] as const;

test.each(lists)(
  "%#. a list of its owner's has what was made, and no longer what was deleted",
  async (subject, list, key) => {
    const urn = `urn:pulumi:s::p::${subject.table.token}::r`;
    const said = subject.inputs("listed");
    const first = await trial.make(urn, said);
    const owner = said.zoneId === undefined ? { accountId: trial.account } : { zoneId: said.zoneId };
    const question = list === "ZeroTrustTunnelCloudflareds" ? { ...owner, isDeleted: false } : owner;
    const find = async () => {
      const found = await trial.provider.invoke(`cloudflare:index/get${list}:get${list}`, question);
      const results = found.results as readonly { readonly id: string; readonly [key: string]: unknown }[];
      return results.filter((result) => result[key] === said[key]).map(({ id }) => id);
    };
    expect(await find()).toEqual([first.id]);
    await remove(urn, first);
    expect(await find()).toEqual([]);
  },
);

/** Rulesets and signing exist once in a zone, so what one test made must be gone for the next. */
async function remove(urn: string, { id, state }: { id: string; state: ValueMap }): Promise<void> {
  await trial.provider.delete(urn, id, state);
}

describe.each(subjects.map((subject) => [subject.table.token.split(":").at(-1) ?? "", subject] as const))(
  "%s, each property changed once",
  (name, subject) => {
    const urn = `urn:pulumi:s::p::${subject.table.token}::r`;

    test("every input of the table is in the list", () => {
      expect(Object.keys(subject.changes()).sort()).toEqual(inputNames(subject.table.attributes));
    });

    test.each(inputNames(subject.table.attributes))("%s", async (property) => {
      const change = subject.changes()[property];
      if (change === undefined) throw new Error(`${property} is not in the list`);
      const own = property.toLowerCase();
      const said = { ...subject.inputs(own), ...change.before };
      const changed = { ...said, [property]: change.to };
      if (change.effect === "refuse") {
        expect(trial.refused(urn, changed)).toContain(property);
        return;
      }
      const first = await trial.make(urn, said);
      expect(trial.effect(urn, first.state, said), "just made").toBe("nothing");
      const read = await trial.refresh(urn, first, said);
      expect(trial.effect(urn, read.state, said), "refreshed").toBe("nothing");
      expect(trial.provider.diff(urn, first.state, changed).changed).toContain(property);
      expect(trial.effect(urn, first.state, changed)).toBe(change.effect);
      if (change.effect === "update") {
        const state = await trial.provider.update(urn, read.state, changed, false);
        expect(trial.effect(urn, state, changed), "updated").toBe("nothing");
        const again = await trial.refresh(urn, { id: first.id, state }, changed);
        expect(trial.effect(urn, again.state, changed), "updated and refreshed").toBe("nothing");
        const { result } = await trial.service.call("GET", subject.path(first.id, said));
        expect(result).toMatchObject(change.api ?? {});
        // And back: what is no longer said is taken away.
        const back = await trial.provider.update(urn, again.state, said, false);
        expect(trial.effect(urn, back, said), "changed back").toBe("nothing");
      }
      await remove(urn, first);
    });

    test.each(subject.refused)("refused: %s", (property, change) => {
      expect(trial.refused(urn, { ...subject.inputs("refused"), ...change })).toContain(property);
    });

    test("a preview knows what is said, and not what only the API can say", async () => {
      const said = subject.inputs("preview");
      const { id, state } = await trial.provider.create(urn, said, true);
      expect(id).toBe("");
      expect(state).toMatchObject(said);
      const unknown = Object.entries(state).filter(
        ([, value]) => JSON.stringify(value) === '{"kind":"unknown"}',
      );
      expect(unknown.map(([property]) => property)).toContain("id");
    });

    test("an import says what the program said", async () => {
      const said = subject.inputs("imported");
      const first = await trial.make(urn, said);
      const scope = typeof said.zoneId === "string" ? said.zoneId : trial.account;
      const prefix = { Ruleset: "zones/", ZeroTrustAccessApplication: "accounts/" }[name] ?? "";
      const path = name === "ZoneDnssec" ? scope : `${prefix}${scope}/${first.id}`;
      const found = await trial.provider.read(urn, path, {}, {});
      expect(found?.id).toBe(first.id);
      const inputs = found?.inputs ?? {};
      const told = Object.keys(said).filter((property) => property !== "tunnelSecret");
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(told));
      expect(trial.refused(urn, inputs)).toEqual([]);
      await expect(trial.provider.read(urn, "x/y/z/w", {}, {})).rejects.toThrow("invalid ID");
      await remove(urn, first);
    });
  },
);

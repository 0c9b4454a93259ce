/** Private zones: what Route 53 makes of them, what it refuses, and how they are found again. */
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import {
  inWorld,
  makeWorld,
  refusalOf,
  refuses,
  TestCloud,
  types,
  type Made,
  type World,
} from "./harness.ts";

const name = "blackroad.internal";
const west = "us-west-2";
const east = "eu-west-1";

const vpcsOf = (...worlds: readonly [World, string][]): Properties[] =>
  worlds.map(([{ vpc }, vpcRegion]) => ({ vpcId: vpc.id, vpcRegion }));

function zoneIn(cloud: TestCloud, world: World, more: Properties = {}): Promise<Made> {
  return cloud.create(types.hostedZone, { name, vpcs: vpcsOf([world, west]) as never, ...more });
}

function recordIn(zone: Made, label = "redis", more: Properties = {}): Properties {
  return { zoneId: zone.id, name: `${label}.${name}`, type: "A", ttl: 300, records: ["10.0.10.50"], ...more };
}

const described = (cloud: TestCloud, { id }: Made) => cloud.service.describe().global["hosted-zones"][id];

describe("a private zone", () => {
  it("has its own records, and is of no region", async () => {
    await inWorld(async (cloud, world) => {
      const zone = await zoneIn(cloud, world, { comment: "inside", tags: { stack: "a" } });
      expect(zone.id).toMatch(/^Z0[0-9A-F]{18}$/);
      expect(zone.outputs).toMatchObject({
        arn: `arn:aws:route53:::hostedzone/${zone.id}`,
        comment: "inside",
        name,
        primaryNameServer: "ns-0.awsdns-00.com.",
        tagsAll: { stack: "a" },
        vpcs: [{ vpcId: world.vpc.id, vpcRegion: west }],
      });
      expect(zone.outputs).not.toHaveProperty("region");
      expect(described(cloud, zone)).toMatchObject({
        HostedZone: {
          Config: { Comment: "inside", PrivateZone: true },
          Id: `/hostedzone/${zone.id}`,
          Name: `${name}.`,
          ResourceRecordSetCount: 2,
        },
        VPCs: [{ VPCId: world.vpc.id, VPCRegion: west }],
      });
      expect(await cloud.import(types.hostedZone, zone.id)).toMatchObject({ id: zone.id, outputs: { name } });
    });
  });

  it("is joined by VPCs of other regions, one by one or as a list, and never left by all", async () => {
    await inWorld(async (cloud, world) => {
      const far = await makeWorld(cloud, east, 1);
      const zone = await zoneIn(cloud, world);
      const inputs = { zoneId: zone.id, vpcId: far.vpc.id, vpcRegion: east };
      const joined = await cloud.create(types.zoneAssociation, inputs);
      expect(joined.id).toBe(`${zone.id}:${far.vpc.id}:${east}`);
      expect(await cloud.import(types.zoneAssociation, joined.id)).toMatchObject({ outputs: inputs });
      const attempt = (more: Properties, code: string, message: string) =>
        refuses(cloud, types.zoneAssociation, { ...inputs, ...more }, code, message);
      await attempt({}, "ConflictingDomainExists", "has already been associated with the hosted zone");
      await attempt({ vpcRegion: west }, "InvalidVPCId", "that you provided is not found");
      await attempt({ zoneId: "Z0000" }, "NoSuchHostedZone", "No hosted zone found with ID: Z0000");
      // Without a region it is the provider's own, in which this VPC is not.
      await attempt({ vpcRegion: undefined }, "InvalidVPCId", `in region ${west}`);
      await cloud.delete(joined);
      expect(await cloud.read(joined)).toBeUndefined();
      await cloud.delete(joined);
      const both = vpcsOf([world, west], [far, east]);
      const wide = await cloud.update(zone, { name, vpcs: both as never });
      expect(described(cloud, wide)?.VPCs).toHaveLength(2);
      const moved = await cloud.update(wide, { name, vpcs: vpcsOf([far, east]) as never });
      expect(described(cloud, moved)?.VPCs).toEqual([{ VPCId: far.vpc.id, VPCRegion: east }]);
      const last = { ...joined, id: `${zone.id}:${far.vpc.id}:${east}` };
      expect((await refusalOf(cloud.delete(last))).code).toBe("LastVPCAssociation");
    });
  });

  it("is the only one of its name that a VPC knows, with a valid name, and no more than the account may have", async () => {
    await inWorld(
      async (cloud, world) => {
        const vpcs = vpcsOf([world, west]) as never;
        const attempt = (more: Properties, code: string, message: string) =>
          refuses(cloud, types.hostedZone, { name, vpcs, ...more }, code, message);
        await attempt({ name: "black road" }, "InvalidDomainName", "black road is not a valid domain name");
        await attempt(
          { vpcs: [{ vpcId: "vpc-0", vpcRegion: west }] },
          "InvalidVPCId",
          "vpc-0 in region us-west-2",
        );
        const zone = await zoneIn(cloud, world);
        await attempt({}, "ConflictingDomainExists", zone.id);
        await attempt({ name: "other.internal" }, "TooManyHostedZones", "reached its limit");
        const far = await makeWorld(cloud, east, 1);
        const more = { zoneId: zone.id, vpcId: far.vpc.id, vpcRegion: east };
        await refuses(cloud, types.zoneAssociation, more, "LimitsExceeded", "MAX_VPCS_ASSOCIATED_BY_ZONE");
      },
      { hostedZonesPerAccount: 1, vpcsPerHostedZone: 1 },
    );
  });

  it("goes only when it is empty, unless it is told to take its records with it", async () => {
    await inWorld(async (cloud, world) => {
      const zone = await zoneIn(cloud, world);
      await cloud.create(types.record, recordIn(zone));
      expect(await refusalOf(cloud.delete(zone))).toMatchObject({ code: "HostedZoneNotEmpty" });
      const vpcs = vpcsOf([world, west]) as never;
      await cloud.delete(await cloud.update(zone, { name, vpcs, forceDestroy: true }));
      expect(cloud.service.describe().global).toMatchObject({ "hosted-zones": {}, "record-sets": {} });
      await cloud.delete(zone);
    });
  });
});

describe("a record set", () => {
  it("is told by zone, name and type, and answers as a whole", async () => {
    await inWorld(async (cloud, world) => {
      const zone = await zoneIn(cloud, world);
      const made = await cloud.create(types.record, recordIn(zone));
      expect(made.id).toBe(`${zone.id}_redis.${name}_A`);
      expect(made.outputs).toMatchObject({ fqdn: `redis.${name}`, records: ["10.0.10.50"], ttl: 300 });
      const short = await cloud.create(types.record, recordIn(zone, "a", { name: "my_agents" }));
      expect(short).toMatchObject({ id: `${zone.id}_my_agents_A`, outputs: { fqdn: `my_agents.${name}` } });
      expect(await cloud.import(types.record, short.id)).toMatchObject({
        outputs: { name: "my_agents", ttl: 300 },
      });
      const sets = cloud.service.describe().global["record-sets"][zone.id]?.ResourceRecordSets;
      expect(sets?.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
        `${name}. NS`,
        `${name}. SOA`,
        `my_agents.${name}. A`,
        `redis.${name}. A`,
      ]);
      const alias = await cloud.update(
        made,
        recordIn(zone, "redis", { type: "CNAME", records: ["redis.consul"] }),
      );
      expect(alias.id).toBe(`${zone.id}_redis.${name}_CNAME`);
      expect(await cloud.read(made)).toBeUndefined();
      await cloud.delete(alias);
      await cloud.delete(alias);
    });
  });

  it("is refused where another is, beside a CNAME, outside its zone, or without sense", async () => {
    await inWorld(
      async (cloud, world) => {
        const zone = await zoneIn(cloud, world);
        const attempt = (inputs: Properties, message: string) =>
          refuses(cloud, types.record, inputs, "InvalidChangeBatch", message);
        await cloud.create(types.record, recordIn(zone));
        await attempt(
          recordIn(zone),
          `creating Route53 Record: InvalidChangeBatch: Tried to create resource record set [name='redis.${name}.', type='A'] but it already exists`,
        );
        const cname = { type: "CNAME", records: ["redis.consul"] };
        await attempt(recordIn(zone, "redis", cname), "conflicts with other records with the same DNS name");
        await attempt(recordIn(zone, "redis", { ...cname, name }), "is not permitted at apex in zone");
        await attempt(recordIn(zone, "b", { records: ["10.0.10"] }), "Value is not a valid IPv4 address");
        await attempt(recordIn(zone, "b", { ...cname, records: ["a.b", "c.d"] }), "may have one value only");
        const over = { allowOverwrite: true, records: ["10.0.10.51"] };
        expect((await cloud.create(types.record, recordIn(zone, "redis", over))).outputs.records).toEqual(
          over.records,
        );
        await attempt(recordIn(zone, "b"), "Number of records limit of 3 exceeded");
        await refuses(
          cloud,
          types.record,
          { ...recordIn(zone), zoneId: "Z0000" },
          "NoSuchHostedZone",
          "No hosted zone found with ID: Z0000",
        );
      },
      { recordsPerHostedZone: 3 },
    );
  });
});

describe("by what it is found", () => {
  const getZone = "aws:route53/getZone:getZone";

  it("a zone is, by its id, its tags and its VPCs", async () => {
    await inWorld(async (cloud, world) => {
      const other = await makeWorld(cloud, west, 1);
      const zone = await zoneIn(cloud, world, { tags: { stack: "a" } });
      const twin = await zoneIn(cloud, other, { tags: { stack: "b" } });
      const find = (args: Properties) => cloud.invoke(getZone, args);
      expect(await find({ zoneId: zone.id })).toMatchObject({ name, tags: { stack: "a" } });
      expect(await find({ name, privateZone: true, tags: { stack: "b" } })).toMatchObject({
        zoneId: twin.id,
      });
      expect(await find({ name, vpcId: world.vpc.id })).toMatchObject({ zoneId: zone.id });
      await expect(find({ name, privateZone: true })).rejects.toThrow(
        "multiple Route 53 Hosted Zones matched",
      );
      // Without saying so, a public one is meant.
      await expect(find({ name })).rejects.toThrow("no matching Route 53 Hosted Zone found");
      await expect(find({ zoneId: "Z0000" })).rejects.toThrow("couldn't find resource");
    });
  });

  it("a record is, by its zone", async () => {
    await inWorld(async (cloud, world) => {
      const zone = await zoneIn(cloud, world);
      await cloud.create(types.record, recordIn(zone));
      const found = await cloud.invoke("aws:route53/getRecords:getRecords", {
        zoneId: zone.id,
        nameRegex: "^redis\\.",
      });
      expect(found.resourceRecordSets).toEqual([
        { name: `redis.${name}.`, resourceRecords: [{ value: "10.0.10.50" }], ttl: 300, type: "A" },
      ]);
    });
  });

  it("drift is, too: a zone, a record and an association by their ids alone", async () => {
    await inWorld(async (cloud, world) => {
      const far = await makeWorld(cloud, east, 1);
      const zone = await zoneIn(cloud, world);
      const record = await cloud.create(types.record, recordIn(zone));
      const inputs = { zoneId: zone.id, vpcId: far.vpc.id, vpcRegion: east };
      const joined = await cloud.create(types.zoneAssociation, inputs);
      const drift = cloud.service.drift.bind(cloud.service);
      drift({ region: west, action: "modify", id: record.id, set: { records: ["10.0.66.6"] } });
      expect((await cloud.read(record))?.inputs.records).toEqual(["10.0.66.6"]);
      drift({ region: west, action: "delete", id: joined.id });
      expect(await cloud.read(joined)).toBeUndefined();
      drift({ region: west, action: "modify", id: zone.id, set: { comment: "by hand" } });
      expect((await cloud.read(zone))?.outputs.comment).toBe("by hand");
      drift({ region: west, action: "delete", id: record.id });
      expect(await cloud.read(record)).toBeUndefined();
    });
  });
});

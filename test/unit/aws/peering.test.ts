/** The life of a peering connection, within and between regions. */
import { expect, it } from "vitest";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import { makeWorld, refusalOf, TestCloud, types } from "./harness.ts";

const allow = { allowRemoteVpcDnsResolution: true };

async function peeredPair(cloud: TestCloud) {
  const west = await makeWorld(cloud, "us-west-2", 0);
  const east = await makeWorld(cloud, "eu-west-1", 1);
  const peering = await cloud.create(types.peering, {
    vpcId: west.vpc.id,
    peerVpcId: east.vpc.id,
    peerRegion: "eu-west-1",
    tags: { side: "requester" },
  });
  return { west, east, peering };
}

function statusIn(cloud: TestCloud, region: string): (string | undefined)[] | undefined {
  return cloud.service
    .describe()
    .regions[region]?.["vpc-peering-connections"].VpcPeeringConnections.map((one) => one.Status.Code);
}

it("goes from pending to active through the accepter, in both regions at once", async () => {
  using cloud = new TestCloud();
  const { west, peering } = await peeredPair(cloud);
  const route = await cloud.create(types.route, {
    routeTableId: west.table.id,
    destinationCidrBlock: "10.1.0.0/16",
    vpcPeeringConnectionId: peering.id,
  });
  expect(peering.outputs).toMatchObject({ acceptStatus: "pending-acceptance", peerRegion: "eu-west-1" });
  expect(route.outputs.state).toBe("blackhole");
  expect([statusIn(cloud, "us-west-2"), statusIn(cloud, "eu-west-1")]).toEqual([
    ["pending-acceptance"],
    ["pending-acceptance"],
  ]);
  const accepter = await cloud.create(types.accepter, {
    region: "eu-west-1",
    vpcPeeringConnectionId: peering.id,
    autoAccept: true,
    tags: { side: "accepter" },
  });
  expect(accepter.outputs).toMatchObject({ acceptStatus: "active", tags: { side: "accepter" } });
  expect([statusIn(cloud, "us-west-2"), statusIn(cloud, "eu-west-1")]).toEqual([["active"], ["active"]]);
  expect((await cloud.read(route))?.outputs.state).toBe("active");
  // Each region has tags of its own.
  expect((await cloud.read(peering))?.outputs.tags).toEqual({ side: "requester" });
  await cloud.delete(accepter);
  expect(statusIn(cloud, "us-west-2")).toEqual(["active"]);
  await cloud.delete(peering);
  expect([statusIn(cloud, "us-west-2"), statusIn(cloud, "eu-west-1")]).toEqual([[], []]);
  expect((await cloud.read(route))?.outputs.state).toBe("blackhole");
});

it("is accepted by its accepter's region alone", async () => {
  using cloud = new TestCloud();
  const { peering } = await peeredPair(cloud);
  const inputs = { vpcPeeringConnectionId: peering.id, autoAccept: true };
  const refusal = await refusalOf(cloud.create(types.accepter, inputs));
  expect(refusal.code).toBe("OperationNotPermitted");
  expect(refusal.message).toContain("must be accepted in region eu-west-1");
});

it("accepts itself only within one region", async () => {
  using cloud = new TestCloud();
  const west = await makeWorld(cloud, "us-west-2", 0);
  const near = await makeWorld(cloud, "us-west-2", 1);
  const inputs = { vpcId: west.vpc.id, peerVpcId: near.vpc.id, autoAccept: true };
  const refusal = await refusalOf(cloud.create(types.peering, { ...inputs, peerRegion: "us-west-2" }));
  expect(refusal.message).toContain("`peer_region` cannot be set whilst `auto_accept` is `true`");
  expect((await cloud.create(types.peering, inputs)).outputs.acceptStatus).toBe("active");
  expect((await refusalOf(cloud.create(types.peering, inputs))).code).toBe(
    "VpcPeeringConnectionAlreadyExists",
  );
});

it.each([
  ["an overlapping network", "10.0.128.0/17", undefined],
  ["a VPC that does not exist", undefined, "vpc-0123456789abcdef0"],
])("fails with %s", async (_what, cidrBlock, missing) => {
  using cloud = new TestCloud();
  const west = await makeWorld(cloud, "us-west-2", 0);
  const peerVpcId = missing ?? (await cloud.create(types.vpc, { region: "eu-west-1", cidrBlock })).id;
  const inputs = { vpcId: west.vpc.id, peerVpcId, peerRegion: "eu-west-1" };
  const refusal = await refusalOf(cloud.create(types.peering, inputs));
  expect(refusal.message).toContain("unexpected state 'failed'");
  expect(refusal.message).toContain("overlapping CIDR range");
  expect(refusal.created?.id).toMatch(/^pcx-0[0-9a-f]{16}$/);
  expect(statusIn(cloud, "us-west-2")).toEqual(["failed"]);
});

it("has DNS options per side, set from that side's region once it is active", async () => {
  using cloud = new TestCloud();
  const { west, east, peering } = await peeredPair(cloud);
  const options = (region: string, sides: Properties) => ({
    region,
    vpcPeeringConnectionId: peering.id,
    ...sides,
  });
  const early = await refusalOf(
    cloud.create(types.peeringOptions, options("us-west-2", { requester: allow })),
  );
  expect(early.message).toContain(`Peering ${peering.id} is not active.`);
  await cloud.create(types.accepter, options("eu-west-1", { autoAccept: true }));
  const wrong = await refusalOf(
    cloud.create(types.peeringOptions, options("eu-west-1", { requester: allow })),
  );
  expect(wrong.message).toContain("must be modified in region us-west-2");
  const made = await cloud.create(types.peeringOptions, options("us-west-2", { requester: allow }));
  expect(made.outputs).toMatchObject({ requester: allow, accepter: { allowRemoteVpcDnsResolution: false } });
  await cloud.create(types.peeringOptions, options("eu-west-1", { accepter: allow }));
  expect((await cloud.read(made))?.outputs).toMatchObject({ requester: allow, accepter: allow });
  // Both VPCs need DNS names for it.
  await cloud.update(east.vpc, { ...east.vpc.inputs, enableDnsHostnames: false });
  await cloud.update(made, options("us-west-2", { requester: { allowRemoteVpcDnsResolution: false } }));
  const off = await refusalOf(cloud.create(types.peeringOptions, options("us-west-2", { requester: allow })));
  expect(off.message).toContain(`VPC ${east.vpc.id} must have enableDnsHostnames`);
  expect(west.vpc.outputs.enableDnsHostnames).toBe(true);
});

/** The private address of a NAT gateway: which one it takes, and what a program may say of it later. */
import { expect, it } from "vitest";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import { inWorld, instanceInputs, refuses, types } from "./harness.ts";

it("is the one that is asked for, or any that is free, which a host then lacks", async () => {
  await inWorld(async (cloud, world) => {
    const gateway = async (more: Properties = {}) => {
      const { id: allocationId } = await cloud.create(types.eip, {});
      return await cloud.create(types.natGateway, { subnetId: world.subnet.id, allocationId, ...more });
    };
    expect((await gateway({ privateIp: "10.0.1.254" })).outputs.privateIp).toBe("10.0.1.254");
    const { outputs } = await gateway();
    const wanted = instanceInputs(world, { privateIp: outputs.privateIp ?? null });
    await refuses(cloud, types.instance, wanted, "InvalidIPAddress.InUse", "in use");
  });
});

it("stays as it is where the program says another one and lets it be", async () => {
  await inWorld(async (cloud, world) => {
    const { id: allocationId } = await cloud.create(types.eip, {});
    const inputs = { subnetId: world.subnet.id, allocationId };
    const made = await cloud.create(types.natGateway, inputs);
    const said = { ...inputs, privateIp: "10.0.1.254" };
    expect((await cloud.diff(made, said)).replaces).toEqual(["privateIp"]);
    expect((await cloud.diff(made, said, ["privateIp"])).changed).toEqual([]);
  });
});

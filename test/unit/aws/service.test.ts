/** The service as a process: its socket, faults, persistence, and the describe JSON that others build on. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { forward } from "../../../sandbox/providers/aws/forward.ts";
import { sandboxPaths, serviceSocket } from "../../../sandbox/paths.ts";
import { findService } from "../../../sandbox/service.ts";
import { AwsClient } from "../../../sandbox/services/aws/client.ts";
import type { Properties } from "../../../sandbox/services/aws/json.ts";
import type { ProviderRequest } from "../../../sandbox/services/aws/protocol.ts";
import { describedNames, types } from "./harness.ts";

const main = join(import.meta.dirname, "../../../sandbox/services/aws/main.ts");
const config = { region: "us-west-2" };
let root: string;
let running: ChildProcess | undefined;
let client: AwsClient;

async function start(environment: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main], {
    env: { ...process.env, ROADNET_SANDBOX_DIR: root, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running = child;
  // The service prints one line once it listens.
  await once(child.stdout, "data");
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, "exit") as Promise<[number | null]>;
  child.kill(signal);
  const [code] = await ended;
  running = undefined;
  return code;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "aws-service-"));
  client = new AwsClient(serviceSocket(sandboxPaths(root), "aws"));
});

afterEach(async () => {
  if (running !== undefined) {
    await end(running, "SIGKILL");
  }
  rmSync(root, { recursive: true, force: true });
});

let serial = 0;

function createRequest(type: string, inputs: Properties, name = `r${serial++}`): ProviderRequest {
  const urn = `urn:pulumi:test::test::${type}::${name}`;
  return {
    method: "create",
    config,
    type,
    urn,
    name,
    inputs,
    preview: false,
    clientToken: `${name}-${serial++}`,
  };
}

const vpcRequest = (second: number, name?: string): ProviderRequest =>
  createRequest(
    types.vpc,
    { cidrBlock: `10.${second}.0.0/16`, enableDnsSupport: true, instanceTenancy: "default" },
    name,
  );

async function vpcCount(): Promise<number> {
  return (await client.describe()).regions["us-west-2"]?.vpcs.Vpcs.length ?? 0;
}

function send(
  request: ProviderRequest,
  maxRetries = 5,
  die: () => never = () => {
    throw new Error("died");
  },
): Promise<unknown> {
  const { signal } = new AbortController();
  return forward(request, { client, maxRetries, signal, die, firstDelayMilliseconds: 1 });
}

it("says where it is, answers, and ends cleanly", async () => {
  const child = await start();
  expect(findService("aws", sandboxPaths(root))?.pid).toBe(child.pid);
  expect(await client.isHealthy()).toBe(true);
  expect(await end(child, "SIGTERM")).toBe(0);
  expect(findService("aws", sandboxPaths(root))).toBeUndefined();
  expect(await client.isHealthy()).toBe(false);
});

it("logs what it refuses and what is done behind Pulumi's back, with times and without properties", async () => {
  const child = await start();
  let log = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (log += text));
  const secret = Buffer.from("ssh_keys: {ed25519_private: hunter2}").toString("base64");
  const instance = { ami: "ami-0", instanceType: "t3.micro", subnetId: "subnet-1", userDataBase64: secret };
  await expect(send(createRequest(types.instance, instance, "api-1"))).rejects.toThrow();
  await send(vpcRequest(0));
  const [vpc] = (await client.describe()).regions["us-west-2"]?.vpcs.Vpcs ?? [];
  await client.drift({ region: "us-west-2", action: "delete", id: vpc?.VpcId ?? "" });
  await end(child, "SIGTERM");
  const lines = log.trim().split("\n");
  expect(lines.every((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z \S/.test(line))).toBe(true);
  expect(lines.map((line) => line.slice(line.indexOf(" ") + 1))).toEqual([
    expect.stringMatching(/^CreateInstance urn:.*::api-1 : 1 error occurred: \| \* .*subnet-1/),
    `drift: delete ${vpc?.VpcId ?? ""} in us-west-2`,
    "ended",
  ]);
  expect(log).not.toContain(secret);
});

it("wakes those who wait for a revision", async () => {
  await start();
  const { revision } = await client.describe();
  const waiting = client.waitForRevision(revision, 20);
  await send(vpcRequest(0));
  expect(await waiting).toBe(revision + 1);
  expect(await client.waitForRevision(revision + 1, 0.05)).toBe(revision + 1);
});

it("takes quotas from its environment", async () => {
  await start({ ROADNET_AWS_QUOTAS: '{"vpcsPerRegion": 0}' });
  await expect(send(vpcRequest(0))).rejects.toThrow("VpcLimitExceeded");
});

it("answers a request that makes no sense with what would", async () => {
  await start();
  await expect(client.drift({ region: "us-west-2", action: "delete" })).rejects.toThrow("needs the id");
  await expect(client.addFault({ fault: "flood" as "error", nth: 1 })).rejects.toThrow(
    "fault must be one of throttle",
  );
});

describe("persistence", () => {
  it("survives an end and a kill", async () => {
    let child = await start();
    for (const [index, signal] of (["SIGTERM", "SIGKILL"] as const).entries()) {
      await send(vpcRequest(index));
      const before = await client.describe();
      await end(child, signal);
      child = await start();
      expect(await client.describe()).toEqual(before);
    }
  });

  it("has all of a change or nothing of it, whenever it is killed", async () => {
    const quotas = { ROADNET_AWS_QUOTAS: '{"vpcsPerRegion": 200}' };
    const inFlight = 20;
    let made = 0;
    let child = await start(quotas);
    // The kill falls after so many answers, while the other requests are on their way, in work, or being answered.
    for (const answers of [0, 1, 3, 7, 12]) {
      const seen = { count: 0 };
      await new Promise<void>((resolve) => {
        const settled = Array.from({ length: inFlight }, (_, index) =>
          client.provide(vpcRequest(made + index)).then(
            () => {
              seen.count++;
              if (seen.count >= answers) {
                child.kill("SIGKILL");
              }
            },
            () => undefined,
          ),
        );
        if (answers === 0) {
          child.kill("SIGKILL");
        }
        void Promise.all(settled).then(() => {
          resolve();
        });
      });
      child = await start(quotas);
      const region = (await client.describe()).regions["us-west-2"];
      const count = region?.vpcs.Vpcs.length ?? 0;
      // What was answered is there, and nothing that was not asked for.
      expect(count).toBeGreaterThanOrEqual(made + seen.count);
      expect(count).toBeLessThanOrEqual(made + inFlight);
      // A VPC never stands without what AWS makes with it, nor that without its VPC.
      expect(region?.["route-tables"].RouteTables.length ?? 0).toBe(count);
      expect(region?.["network-acls"].NetworkAcls.length ?? 0).toBe(count);
      expect(region?.["security-groups"].SecurityGroups.length ?? 0).toBe(count);
      expect(region?.["security-group-rules"].SecurityGroupRules.length ?? 0).toBe(2 * count);
      made = count;
    }
    expect(made).toBeGreaterThanOrEqual(1 + 3 + 7 + 12);
  }, 60_000);
});

describe("faults", () => {
  it.each(["throttle", "error", "drop"] as const)(
    "%s: the provider tries again, a bounded number of times",
    async (fault) => {
      await start();
      await client.addFault({ fault, nth: 1, times: 2 });
      await send(vpcRequest(0));
      expect(await vpcCount()).toBe(1);
      expect((await client.calls()).map((call) => call.outcome)).toEqual([fault, fault, "ok"]);
      await client.addFault({ fault, nth: 1, times: 100 });
      await expect(send(vpcRequest(1), 3)).rejects.toThrow(
        fault === "throttle"
          ? "RequestLimitExceeded"
          : fault === "error"
            ? "InternalError"
            : "does not answer",
      );
      expect(await vpcCount()).toBe(1);
      await client.clearFaults();
      await send(vpcRequest(1));
      expect(await vpcCount()).toBe(2);
    },
  );

  it.each([
    ["before", 0],
    ["after", 1],
  ] as const)("the provider dies %s the change", async (when, count) => {
    await start();
    await client.addFault({ fault: "die", when });
    await expect(send(vpcRequest(0))).rejects.toThrow("died");
    expect(await vpcCount()).toBe(count);
  });

  it("hits the n-th matching call alone", async () => {
    await start();
    await client.addFault({ fault: "error", nth: 2, match: { type: types.vpc, urn: "::b" } });
    await client.addFault({ fault: "error", nth: 1, match: "CreateEip" });
    await send(vpcRequest(0, "a1"), 0);
    await send(vpcRequest(1, "b1"), 0);
    await expect(send(vpcRequest(2, "b2"), 0)).rejects.toThrow("InternalError");
    await expect(send(createRequest(types.eip, {}), 0)).rejects.toThrow("InternalError");
    await send(createRequest(types.eip, {}), 0);
    expect((await client.faults()).faults.map((fault) => fault.state)).toEqual(["done", "done"]);
  });

  it("holds a call until it is released, before or after the change", async () => {
    await start();
    for (const [when, state, count] of [
      ["before", "arrived", 0],
      ["after", "applied", 2],
    ] as const) {
      await client.addFault({ fault: "hold", when });
      const held = send(vpcRequest(count));
      const [entry] = await client.waitForFault([state], 20);
      expect(entry?.state).toBe(state);
      expect(await vpcCount()).toBe(count);
      await client.clearFaults();
      await held;
    }
  }, 30_000);

  it("forgets a held call whose caller is gone", async () => {
    await start();
    await client.addFault({ fault: "hold" });
    const script = `
      import { request } from "node:http";
      request({ socketPath: process.argv[1], method: "POST", path: "/provider" }).end(process.argv[2]);
    `;
    const socket = serviceSocket(sandboxPaths(root), "aws");
    const caller = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      script,
      socket,
      JSON.stringify(vpcRequest(0)),
    ]);
    await client.waitForFault(["arrived"], 20);
    caller.kill("SIGKILL");
    expect((await client.waitForFault(["done"], 20))[0]?.state).toBe("done");
    await client.clearFaults();
    expect(await vpcCount()).toBe(0);
  });
});

it("describes a region as the AWS CLI prints it", async () => {
  await start();
  const make = async (type: string, inputs: Properties): Promise<string> =>
    ((await send(createRequest(type, inputs))) as { id: string }).id;
  const vpcId = await make(types.vpc, {
    cidrBlock: "10.0.0.0/16",
    enableDnsSupport: true,
    instanceTenancy: "default",
  });
  await make(types.internetGateway, { vpcId });
  const subnetId = await make(types.subnet, { vpcId, cidrBlock: "10.0.1.0/24" });
  const groupId = await make(types.securityGroup, {
    vpcId,
    name: "web",
    description: "web",
    revokeRulesOnDelete: false,
  });
  await make(types.ingressRule, {
    securityGroupId: groupId,
    ipProtocol: "tcp",
    fromPort: 80,
    toPort: 80,
    cidrIpv4: "0.0.0.0/0",
  });
  const instance = {
    ami: "ami-0123456789abcdef0",
    instanceType: "t3.micro",
    subnetId,
    vpcSecurityGroupIds: [groupId],
  };
  const instanceId = await make(types.instance, {
    ...instance,
    sourceDestCheck: false,
    userData: "#!/bin/sh\n",
  });
  const eipId = await make(types.eip, { instance: instanceId });
  const { regions } = await client.describe();
  expect(Object.keys(regions)).toEqual(["us-west-2"]);
  const region = regions["us-west-2"];
  expect(Object.keys(region ?? {})).toEqual(describedNames);
  const association = { AllocationId: eipId, IpOwnerId: "111122223333", PublicIp: "198.18.0.1" };
  const expected = {
    vpcs: { Vpcs: [{ VpcId: vpcId, CidrBlock: "10.0.0.0/16", IsDefault: false, State: "available" }] },
    subnets: {
      Subnets: [{ SubnetId: subnetId, AvailableIpAddressCount: 250, AvailabilityZone: "us-west-2a" }],
    },
    "route-tables": {
      RouteTables: [
        {
          Associations: [{ Main: true }],
          Routes: [
            {
              DestinationCidrBlock: "10.0.0.0/16",
              GatewayId: "local",
              Origin: "CreateRouteTable",
              State: "active",
            },
          ],
        },
      ],
    },
    "internet-gateways": { InternetGateways: [{ Attachments: [{ State: "available", VpcId: vpcId }] }] },
    "network-acls": { NetworkAcls: [{ IsDefault: true, Associations: [{ SubnetId: subnetId }] }] },
    instances: {
      Reservations: [
        {
          Instances: [
            {
              InstanceId: instanceId,
              PrivateIpAddress: "10.0.1.4",
              PublicIpAddress: "198.18.0.1",
              SourceDestCheck: false,
              State: { Code: 16, Name: "running" },
              SecurityGroups: [{ GroupId: groupId, GroupName: "web" }],
              NetworkInterfaces: [{ SourceDestCheck: false, Association: association }],
            },
          ],
        },
      ],
    },
    "network-interfaces": {
      NetworkInterfaces: [
        {
          Attachment: { InstanceId: instanceId, DeviceIndex: 0 },
          PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: "10.0.1.4", Association: association }],
          SourceDestCheck: false,
          SubnetId: subnetId,
          VpcId: vpcId,
        },
      ],
    },
    addresses: {
      Addresses: [{ AllocationId: eipId, InstanceId: instanceId, PublicIp: "198.18.0.1", Domain: "vpc" }],
    },
    "user-data": { [instanceId]: { UserData: { Value: Buffer.from("#!/bin/sh\n").toString("base64") } } },
  };
  expect(region).toMatchObject(expected);
  const web = region?.["security-groups"].SecurityGroups.find((group) => group.GroupId === groupId);
  expect(web).toMatchObject({
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
    IpPermissionsEgress: [],
  });
});

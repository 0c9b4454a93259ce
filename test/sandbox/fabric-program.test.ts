/**
 * From a stack's configuration to packets, without engine and machines: what the program asks for is made in the
 * simulated AWS, and what that describes becomes namespaces. Prod with IPv6 in both regions.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NetworkOutputs } from "../../components/outputs.ts";
import type { Properties } from "../../sandbox/services/aws/json.ts";
import { TestCloud } from "../unit/aws/harness.ts";
import { isSecret } from "../unit/components/golden.ts";
import { runProgram } from "../unit/components/program.ts";
import { changed } from "../unit/config/subject.ts";
import { all, Probe } from "./fabric-probe.ts";
import { IPV6 } from "./fabric-ipv6-world.ts";

const probe = new Probe();
const cloud = new TestCloud();

/** Hosts' addresses and the namespaces that they stand in, by their keys. */
interface Placed {
  readonly namespace: string;
  readonly address: string;
}
let hosts: Record<string, Placed> = {};

function hostAt(key: string): Placed {
  const found = hosts[key];
  if (found === undefined) throw new Error(`there is no ${key}`);
  return found;
}

/** Inputs as the engine hands them to a provider that cannot tell secrets. */
function opened(value: unknown): unknown {
  if (isSecret(value)) return opened(value.value);
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
}

const network = changed(
  ["regions us-west ipv6", "hosts"],
  ["regions eu-west ipv6", "hosts"],
  ["securityGroups public ingress 0 source", "anywhere"],
  ["securityGroups updates egress 0 destination", "anywhere"],
  ["securityGroups internal ingress 3", { port: 8080, protocol: "tcp", source: "vpc-eu-west" }],
  ["securityGroups internal egress 1", { port: 8080, protocol: "tcp", destination: "vpc-us-west" }],
);

beforeAll(async () => {
  const instances = new Map<string, string>();
  const run = await runProgram("prod", {
    config: { "blackroad-network:network": JSON.stringify(network) },
    make: (type, inputs) => {
      if (!type.startsWith("aws:")) return undefined;
      return cloud.create(type, opened(inputs) as Properties).then(({ id, outputs, inputs: made }) => {
        const { Name: name } = (made.tags ?? {}) as { Name?: string };
        if (type === "aws:ec2/instance:Instance" && name !== undefined) instances.set(name, id);
        return { id, state: { ...outputs } };
      });
    },
  });
  const outputs = run.outputs as unknown as NetworkOutputs;
  hosts = Object.fromEntries(
    [...instances].map(([key, id]) => [
      key,
      { namespace: `h-${id}`, address: outputs.hosts[key]?.ipv6Address as unknown as string },
    ]),
  );
  await probe.realiseDescribed(JSON.parse(JSON.stringify(cloud.service.describe())));
  await probe.serve([
    [hostAt("us-west/lb-1").namespace, "TCP6-LISTEN:443,ipv6only=1"],
    [hostAt("us-west/lb-1").namespace, "TCP6-LISTEN:80,ipv6only=1"],
    [hostAt("us-west/api-1").namespace, "TCP6-LISTEN:8080,ipv6only=1"],
    ["inet", `TCP6-LISTEN:80,bind=[${IPV6.page}]`],
  ]);
}, 120_000);

afterAll(async () => {
  cloud[Symbol.dispose]();
  expect(await probe.end()).toEqual([]);
}, 60_000);

describe("prod's packets by IPv6", () => {
  it("come in to a load balancer where its group says anywhere, and where it says 0.0.0.0/0 not", async () => {
    const { address } = hostAt("us-west/lb-1");
    expect(address).toBe("2001:db8:100:101::14");
    expect(
      await all({
        anywhere: probe.tcp("stranger", address, 443),
        "0.0.0.0/0": probe.tcp("stranger", address, 80),
      }),
    ).toEqual({ anywhere: IPV6.stranger, "0.0.0.0/0": undefined });
  });

  it("leave the private tier by the egress-only gateway, and none comes in there", async () => {
    const api = hostAt("us-west/api-1");
    expect(
      await all({
        out: probe.tcp(api.namespace, IPV6.page, 80),
        in: probe.tcp("stranger", api.address, 8080),
      }),
    ).toEqual({ out: api.address, in: undefined });
  });

  it("cross the peering where groups name the other region's VPC", async () => {
    const [here, there] = [hostAt("us-west/api-1"), hostAt("eu-west/api-1")];
    expect(
      await all({
        named: probe.tcp(there.namespace, here.address, 8080),
        "from elsewhere": probe.tcp(hostAt("eu-west/lb-1").namespace, here.address, 8080),
      }),
    ).toEqual({ named: there.address, "from elsewhere": undefined });
  });
});

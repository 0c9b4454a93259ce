/** A network as small as one can be that has every kind of guarded resource, and a zone large enough to be guarded. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { stackName } from "../../sandbox/engine.ts";
import type { SandboxPaths } from "../../sandbox/paths.ts";

const networkKey = "blackroad-network:network";

/** What of the sandbox's own network other networks take over: the operator, groups and hosts. */
export interface Network {
  readonly operator: object;
  readonly securityGroups: Readonly<Record<string, object>>;
  readonly hosts: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

interface StackFile {
  readonly config: Readonly<Record<string, unknown>> & { readonly [networkKey]: Network };
}

export interface GuardStack {
  /** Of us-west, in its two zones. */
  readonly databaseSubnets: readonly [string, string];
  readonly approvals: readonly object[];
}

function networkOf(
  { operator, securityGroups, hosts }: Network,
  { databaseSubnets, approvals }: GuardStack,
): object {
  const { hub, internal, packages } = securityGroups;
  const records = Array.from({ length: 12 }, (_, index) => ({
    name: `host-${index}`,
    type: "A",
    content: `203.0.113.${10 + index}`,
  }));
  return {
    owner: "BlackRoad OS",
    operator,
    guard: { protect: true, approvals },
    regions: {
      "us-west": {
        awsRegion: "us-west-2",
        availabilityZones: ["us-west-2a", "us-west-2b"],
        vpcCidr: "10.0.0.0/16",
        subnets: { public: ["10.0.1.0/24"], private: ["10.0.10.0/24"], database: databaseSubnets },
        nat: "single",
        ami: "ami-0deb1a12000000001",
      },
      "eu-west": {
        awsRegion: "eu-west-1",
        availabilityZones: ["eu-west-1a", "eu-west-1b"],
        tiers: ["database"],
        ami: "ami-0deb1a12000000002",
      },
    },
    peerings: [["us-west", "eu-west"]],
    securityGroups: { hub, internal, packages },
    wireguard: {
      network: "10.200.0.0/24",
      managementHub: "us-west",
      hubs: { "us-west": { host: "hub-1", address: "10.200.0.1", endpoint: "vpn.guard.test" } },
      peers: {},
    },
    hosts: { "us-west": { "hub-1": hosts["us-west"]?.["hub-1"] } },
    dns: {
      zones: {
        "guard.test": {
          managed: true,
          records: [
            { name: "vpn", type: "A", host: "us-west/hub-1", ttl: 300 },
            { name: "dev", type: "NS", content: "ns1.example.net" },
            ...records,
          ],
        },
      },
    },
  };
}

/** Puts another network in place of the sandbox's, made from it: its keys are this machine's. */
export function rewriteNetwork(paths: SandboxPaths, make: (network: Network) => object): void {
  const file = join(paths.project, `Pulumi.${stackName}.yaml`);
  const stack = parse(readFileSync(file, "utf8")) as StackFile;
  const network = make(stack.config[networkKey]);
  // The next call finds what it takes over where this one has left it.
  writeFileSync(
    file,
    stringify({ ...stack, config: { ...stack.config, [networkKey]: network } }, { lineWidth: 0 }),
  );
}

/** Puts the network in place of the sandbox's, with its keys. */
export function writeGuardStack(paths: SandboxPaths, options: GuardStack): void {
  rewriteNetwork(paths, (network) => networkOf(network, options));
}

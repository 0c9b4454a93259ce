/**
 * What platforms demand of resources that no line of a stack's file could get wrong: the program has to make them so.
 * Each is a fact of the platforms' own documentation, which the tests name.
 */
import { describe, expect, it } from "vitest";
import type { ProgramRun, Registered } from "./program.ts";

/** A resource of this type and name, as a reference to its id looks. */
const idOf = (type: string, name: string): string => `id(${type} ${name})`;

export function describePlatform(stack: string, run: () => ProgramRun): void {
  const all = (type: string): Registered[] =>
    run().resources.filter((resource) => resource.type.split(":").at(-1) === type && isCustom(resource));
  const one = (type: string, name: string): Registered => {
    const found = all(type).find((resource) => resource.name === name);
    if (found === undefined) throw new Error(`${stack} has no ${type} ${name}`);
    return found;
  };

  describe(`what AWS and Cloudflare demand of ${stack}'s resources`, () => {
    // API_CreateVpcPeeringConnection, peering/vpc-peering-dns.html; terraform-provider-aws#2996.
    it("a peering is accepted in the other region, and answers names once it is active, each side for itself", () => {
      const peerings = all("VpcPeeringConnection");
      expect(all("VpcPeeringConnectionAccepter")).toHaveLength(peerings.length);
      expect(all("PeeringConnectionOptions")).toHaveLength(2 * peerings.length);
      for (const { name, inputs } of peerings) {
        expect(inputs.autoAccept, name).toBeUndefined();
        const accepter = one("VpcPeeringConnectionAccepter", name);
        expect(accepter.inputs).toMatchObject({ region: inputs.peerRegion, autoAccept: true });
        const active = [`${accepter.type} ${name}`];
        const allow = { allowRemoteVpcDnsResolution: true };
        const connection = { vpcPeeringConnectionId: idOf("VpcPeeringConnection", name) };
        for (const [side, region] of [
          ["requester", inputs.region],
          ["accepter", inputs.peerRegion],
        ] as const) {
          const { inputs: options, dependsOn } = one("PeeringConnectionOptions", `${name}/${side}`);
          expect(options).toEqual({ ...connection, region, [side]: allow });
          expect(dependsOn).toEqual(active);
        }
      }
      for (const { inputs } of all("Vpc"))
        expect(inputs).toMatchObject({ enableDnsHostnames: true, enableDnsSupport: true });
    });

    // peering/vpc-peering-basics.html: not transitive, and routes on both sides.
    it("a peering has its routes on both sides, to the other VPC and nothing behind it", () => {
      for (const { name, inputs } of all("VpcPeeringConnection")) {
        const [near, far] = [inputs.vpcId, inputs.peerVpcId].map((id) =>
          all("Vpc").find((vpc) => idOf("Vpc", vpc.name) === id),
        );
        const ways = all("Route").filter(
          (route) => route.inputs.vpcPeeringConnectionId === idOf("VpcPeeringConnection", name),
        );
        for (const [from, to] of [
          [near, far],
          [far, near],
        ] as const) {
          const tables = all("RouteTable").filter(
            (table) => table.inputs.vpcId === idOf("Vpc", from?.name ?? ""),
          );
          const here = ways.filter((route) =>
            tables.some((table) => idOf("RouteTable", table.name) === route.inputs.routeTableId),
          );
          expect(tables.length).toBeGreaterThan(0);
          expect(here.map((route) => route.inputs.destinationCidrBlock)).toEqual(
            tables.map(() => to?.inputs.cidrBlock),
          );
        }
      }
    });

    // pulumi-aws#2561, sst#6597, terraform-provider-aws#12670.
    it("routes and groups' rules are resources of their own, and never also inline", () => {
      expect(all("RouteTable").filter(({ inputs }) => "routes" in inputs)).toEqual([]);
      const inline = all("SecurityGroup").filter(({ inputs }) => "ingress" in inputs || "egress" in inputs);
      expect(inline).toEqual([]);
      expect(all("SecurityGroupRule")).toEqual([]);
      expect(all("SecurityGroupIngressRule").length).toBeGreaterThan(0);
      expect(all("Route").length).toBeGreaterThan(0);
    });

    // userguide/VPC_NAT_Instance.html: an instance that forwards has the check off.
    it("an instance that routes lead to is not checked for being source or destination", () => {
      const targets = new Set(all("Route").flatMap(({ inputs }) => inputs.networkInterfaceId ?? []));
      expect(targets.size).toBeGreaterThan(0);
      const found = all("Instance").filter(({ name }) => targets.has(`eni(${name})`));
      expect(found).toHaveLength(targets.size);
      for (const { name, inputs } of found) expect(inputs.sourceDestCheck, name).toBe(false);
      expect(all("Instance").some(({ inputs }) => inputs.sourceDestCheck === true)).toBe(true);
    });

    // AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html and EBSEncryption.html.
    it("an instance gives its role's credentials to itself alone, and its disk is encrypted", () => {
      expect(all("Instance").length).toBeGreaterThan(0);
      for (const { name, inputs } of all("Instance")) {
        const tokensOnly = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 };
        expect(inputs.metadataOptions, name).toEqual(tokensOnly);
        expect(inputs.rootBlockDevice, name).toMatchObject({ encrypted: true });
        expect(inputs.ami, name).toMatch(/^ami-[0-9a-f]{8,17}$/);
      }
    });

    // systems-manager/latest/userguide/setup-instance-permissions.html: EC2's role with AWS's policy, in a profile.
    it("an instance has its region's profile where it installs the agent, once the role in it has its policy", () => {
      const profiles = all("InstanceProfile");
      for (const { name, inputs, dependsOn } of profiles) {
        const { type, inputs: attached } = one("RolePolicyAttachment", name);
        expect(dependsOn).toEqual([`${type} ${name}`]);
        expect(attached).toEqual({
          role: inputs.role,
          policyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
        });
        const role = one("Role", name);
        expect(inputs.role).toBe(role.inputs.name);
        expect(role.inputs.assumeRolePolicy).toContain('"Principal":{"Service":"ec2.amazonaws.com"}');
      }
      const byRegion = new Map(profiles.map(({ name, inputs }) => [name.split("/")[0], inputs.name]));
      for (const { name, inputs } of all("Instance")) {
        const installs = JSON.stringify(inputs.userData).includes("install-ssm-agent.service");
        const profile = installs ? byRegion.get(name.split("/")[0]) : undefined;
        expect(inputs.iamInstanceProfile, name).toBe(profile);
        expect(installs && profile === undefined, name).toBe(false);
      }
    });

    // pulumi-random, provider/resources.go: its id is its value, and ids are in the state as they are.
    it("no secret is drawn by RandomBytes", () => {
      expect(all("RandomBytes")).toEqual([]);
    });

    // vpc/latest/userguide/nat-gateway-basics.html: in a public subnet, whose way to the internet is there first.
    it("a NAT gateway stands in a subnet with a way to the internet, and waits for it", () => {
      for (const nat of all("NatGateway")) {
        const association = all("RouteTableAssociation").find(
          ({ inputs }) => inputs.subnetId === nat.inputs.subnetId,
        );
        const way = all("Route").find(
          ({ inputs }) =>
            inputs.routeTableId === association?.inputs.routeTableId &&
            inputs.destinationCidrBlock === "0.0.0.0/0",
        );
        expect(way?.inputs.gatewayId, nat.name).toMatch(/^id\(InternetGateway /);
        for (const needed of [association, way])
          expect(nat.dependsOn, nat.name).toContain(`${needed?.type ?? ""} ${needed?.name ?? ""}`);
      }
    });

    // terraform-provider-cloudflare#5378.
    it("records have full names, never @", () => {
      expect(all("DnsRecord").length).toBeGreaterThan(0);
      for (const { name, inputs, parent } of all("DnsRecord")) {
        const zone = parent.split(" ")[1] ?? "";
        const full = String(inputs.name);
        expect(full === zone || full.endsWith(`.${zone}`), name).toBe(true);
      }
    });

    // terraform-provider-cloudflare#5791: whoever writes a tunnel's ingress writes all of it.
    it("a tunnel's ingress has one writer", () => {
      const written = all("ZeroTrustTunnelCloudflaredConfig").map(({ inputs }) => inputs.tunnelId);
      const tunnels = all("ZeroTrustTunnelCloudflared").map(({ name }) =>
        idOf("ZeroTrustTunnelCloudflared", name),
      );
      expect(written.sort()).toEqual(tunnels.sort());
    });

    // terraform-provider-cloudflare#66: a pool is deleted after the load balancer that names it has let go of it.
    it("a load balancer names pools of its own by their ids, the fallback among them", () => {
      for (const { name, inputs } of all("LoadBalancer")) {
        const pools = all("LoadBalancerPool")
          .filter((pool) => pool.name.startsWith(`${name}/`))
          .map((pool) => idOf("LoadBalancerPool", pool.name));
        expect([...(inputs.defaultPools as string[])].sort()).toEqual(pools.sort());
        expect(pools).toContain(inputs.fallbackPool);
      }
    });
  });
}

/** Whether a provider makes it, and not a component of ours of the same name. */
function isCustom({ type }: Registered): boolean {
  return !type.startsWith("blackroad:");
}

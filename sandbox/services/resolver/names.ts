/**
 * What the resolver of a VPC knows, from the describe JSON of the simulated AWS: private zones, and what is forwarded.
 *
 * Which of them answers about a name is said by Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html:
 * the one with the longest name, and of two with the same name the forwarding rule.
 */
import { z } from "zod";

const text = z.string();

const recordSet = z.object({
  Name: text,
  Type: text,
  TTL: z.number(),
  ResourceRecords: z.array(z.object({ Value: text })),
});

const region = z.object({
  vpcs: z.object({ Vpcs: z.array(z.object({ VpcId: text })) }),
  "resolver-endpoint-addresses": z.record(text, z.object({ IpAddresses: z.array(z.object({ Ip: text })) })),
  "resolver-rules": z.object({
    ResolverRules: z.array(
      z.object({
        Id: text,
        DomainName: text,
        ResolverEndpointId: text,
        TargetIps: z.array(z.object({ Ip: text, Port: z.number() })),
      }),
    ),
  }),
  "resolver-rule-associations": z.object({
    ResolverRuleAssociations: z.array(z.object({ ResolverRuleId: text, VPCId: text })),
  }),
});

const describe = z.object({
  regions: z.record(text, region),
  global: z.object({
    "hosted-zones": z.record(
      text,
      z.object({ HostedZone: z.object({ Name: text }), VPCs: z.array(z.object({ VPCId: text })) }),
    ),
    "record-sets": z.record(text, z.object({ ResourceRecordSets: z.array(recordSet) })),
  }),
});

export interface RecordSet {
  /** In lower case, without a dot at its end. */
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
}

export interface PrivateZone {
  readonly kind: "zone";
  readonly domain: string;
  readonly records: readonly RecordSet[];
}

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

export interface ForwardingRule {
  readonly kind: "forward";
  readonly domain: string;
  readonly targets: readonly NameServer[];
  /** The addresses of its endpoint, from which the targets are asked. */
  readonly sources: readonly string[];
}

export type Way = PrivateZone | ForwardingRule;

/** By the VPC's id: everything but the internet's names. */
export type KnownNames = ReadonlyMap<string, readonly Way[]>;

/** As names are compared: in lower case, and without the dot at their end. */
export function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function readZones(global: z.infer<typeof describe>["global"], vpc: string): PrivateZone[] {
  return Object.entries(global["hosted-zones"])
    .filter(([, { VPCs }]) => VPCs.some(({ VPCId }) => VPCId === vpc))
    .map(([id, { HostedZone }]) => ({
      kind: "zone",
      domain: plain(HostedZone.Name),
      records: (global["record-sets"][id]?.ResourceRecordSets ?? []).map(
        ({ Name, Type, TTL, ResourceRecords }) => ({
          name: plain(Name),
          type: Type,
          ttl: TTL,
          values: ResourceRecords.map(({ Value }) => Value),
        }),
      ),
    }));
}

function readRules(described: z.infer<typeof region>, vpc: string): ForwardingRule[] {
  const associated = described["resolver-rule-associations"].ResolverRuleAssociations.filter(
    ({ VPCId }) => VPCId === vpc,
  ).map(({ ResolverRuleId }) => ResolverRuleId);
  return described["resolver-rules"].ResolverRules.filter(({ Id }) => associated.includes(Id)).map(
    (rule) => ({
      kind: "forward",
      domain: plain(rule.DomainName),
      targets: rule.TargetIps.map(({ Ip, Port }) => ({ address: Ip, port: Port })),
      sources: (described["resolver-endpoint-addresses"][rule.ResolverEndpointId]?.IpAddresses ?? []).map(
        ({ Ip }) => Ip,
      ),
    }),
  );
}

/** @throws where the description lacks what names depend on */
export function readNames(json: unknown): KnownNames {
  const { regions, global } = describe.parse(json);
  return new Map(
    Object.values(regions).flatMap((described) =>
      described.vpcs.Vpcs.map(({ VpcId }) => [
        VpcId,
        [...readRules(described, VpcId), ...readZones(global, VpcId)],
      ]),
    ),
  );
}

const isWithin = (name: string, domain: string): boolean =>
  domain === "" || name === domain || name.endsWith(`.${domain}`);

/** Who answers about a name; `undefined` for the internet. */
export function wayOf(ways: readonly Way[], name: string): Way | undefined {
  const wanted = plain(name);
  const rank = ({ domain, kind }: Way): number => 2 * domain.length + (kind === "forward" ? 1 : 0);
  return ways.filter(({ domain }) => isWithin(wanted, domain)).sort((a, b) => rank(b) - rank(a))[0];
}

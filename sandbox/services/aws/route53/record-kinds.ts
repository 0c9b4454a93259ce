/** The kinds of records that are about names; see ec2/records.ts. */
import type { ResolverEndpoint } from "../route53resolver/endpoints.ts";
import type { ResolverRule, ResolverRuleAssociation } from "../route53resolver/rules.ts";
import type { HostedZone } from "./hosted-zone.ts";
import type { RecordSet } from "./record-sets.ts";

export interface NameRecordKinds {
  "hosted-zones": HostedZone;
  /** By zone, name and type. */
  "record-sets": RecordSet & { ZoneId: string };
  "resolver-endpoints": ResolverEndpoint;
  "resolver-rules": ResolverRule;
  "resolver-rule-associations": ResolverRuleAssociation;
}

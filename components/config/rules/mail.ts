/** Where mail goes, who may send it and who may issue certificates: records whose text others take at its word. */
import { isHostname } from "../leaf.ts";
import type { Path } from "../problem.ts";
import type { RuleId } from "../sources.ts";
import { isAddress, recordsOf, type PlacedRecord } from "./records.ts";
import { broken, entries, type Finding, type LooseConfig } from "./rule.ts";

/** Mail and services go to names that have an address of their own; in a zone of ours that can be checked. */
export function* targetsResolve(config: LooseConfig): Iterable<Finding> {
  const records = recordsOf(config);
  const zones = entries(config.dns?.zones).filter(([, { managed }]) => managed === true);
  for (const { path, record } of records) {
    const target = record.content;
    if (target === undefined || !isHostname(target)) continue;
    if (record.type !== "MX" && record.type !== "SRV") continue;
    if (!zones.some(([zone]) => target === zone || target.endsWith(`.${zone}`))) continue;
    if (records.some((other) => other.name === target && isAddress(other))) continue;
    if (record.type === "SRV" && config.cloudflare?.loadBalancers?.[target] !== undefined) continue;
    const message = `must have an address: ${target} is in a zone of ours, without an A or AAAA record there (an alias does not do).`;
    const rule = record.type === "MX" ? "dns/mx-target" : "dns/srv-target";
    yield broken(rule, [...path, "content"], message);
  }
}

/** A service is asked for as `_service._protocol` below a name, and nobody asks for it otherwise. */
export function* servicesAreAskedFor(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of recordsOf(config)) {
    if (record.type !== "SRV" || record.name === undefined) continue;
    if (/^_[a-z0-9-]+\._[a-z0-9-]+(?:\.|$)/.test(record.name)) continue;
    const message = "must begin with the service and its protocol, such as _sip._tcp, as the record is SRV.";
    yield broken("dns/srv-name", [...path, "name"], message);
  }
}

/** Mechanisms and modifiers of SPF that cost whoever checks a question to DNS. */
const spfLookup = /^[+?~-]?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr(?::|$)|exists:)|^redirect=/;
const spfTerm =
  /^(?:[+?~-]?(?:all|include:\S+|a(?:[:/]\S+)?|mx(?:[:/]\S+)?|ptr(?::\S+)?|ip4:[\d.]+(?:\/\d{1,2})?|ip6:[\da-fA-F:.]+(?:\/\d{1,3})?|exists:\S+)|(?:redirect|exp)=\S+)$/;
const mostSpfLookups = 10;

function spfComplaint(content: string): string | undefined {
  const [version = "", ...terms] = content.split(" ").filter((term) => term !== "");
  if (version !== "v=spf1") return `must begin with v=spf1 and a space, but begins with ${version}.`;
  const wrong = terms.find((term) => !spfTerm.test(term));
  if (wrong !== undefined) return `has a term that SPF does not know: ${wrong}.`;
  const lookups = terms.filter((term) => spfLookup.test(term)).length;
  if (lookups > mostSpfLookups) {
    return `asks for ${lookups} lookups: receivers stop at ${mostSpfLookups} and take the mail for unproven.`;
  }
  const position = terms.findIndex((term) => /^[+?~-]?all$/.test(term));
  const after = terms.slice(position + 1).filter((term) => !/^(?:redirect|exp)=/.test(term));
  if (position >= 0 && after.length > 0) return `says ${after.join(" ")} after all, where nobody reads it.`;
  return position < 0 && !terms.some((term) => term.startsWith("redirect="))
    ? "must end with all (such as ~all) or redirect=, or it says nothing of everybody else."
    : undefined;
}

const dmarcTag = /^(?:v|p|sp|np|pct|rua|ruf|adkim|aspf|fo|rf|ri)=\S+$/;

function dmarcComplaint(content: string): string | undefined {
  const tags = content.split(";").map((tag) => tag.trim().replaceAll(/\s*=\s*/g, "="));
  const filled = tags.filter((tag) => tag !== "");
  if (filled[0] !== "v=DMARC1") return "must begin with v=DMARC1.";
  if (!/^p=(?:none|quarantine|reject)$/.test(filled[1] ?? "")) {
    return "must say p=none, p=quarantine or p=reject as its second tag.";
  }
  const wrong = filled.find((tag) => !dmarcTag.test(tag));
  return wrong === undefined ? undefined : `has a tag that DMARC does not know: ${wrong}.`;
}

interface Policy {
  readonly label: string;
  readonly rule: RuleId;
  readonly applies: (placed: PlacedRecord) => boolean;
  readonly complaint: (content: string) => string | undefined;
}

const policies: readonly Policy[] = [
  {
    label: "SPF",
    rule: "dns/spf-form",
    applies: ({ record }) => /^v=spf1/i.test(record.content ?? ""),
    complaint: spfComplaint,
  },
  {
    label: "DMARC",
    rule: "dns/dmarc-form",
    applies: ({ name }) => name?.startsWith("_dmarc.") === true,
    complaint: dmarcComplaint,
  },
];

/** A receiver that finds no policy in a record, or two of a kind, takes none. */
export function* mailPoliciesAreRead(config: LooseConfig): Iterable<Finding> {
  const texts = recordsOf(config).filter(
    ({ record }) => record.type === "TXT" && record.content !== undefined,
  );
  for (const { label, rule, applies, complaint } of policies) {
    const seen = new Map<string, Path>();
    for (const placed of texts.filter(applies)) {
      const path = [...placed.path, "content"];
      const message = complaint(placed.record.content ?? "");
      if (message !== undefined) yield broken(rule, path, message);
      const earlier = seen.get(placed.name ?? "");
      if (earlier !== undefined) {
        const second = `is the second ${label} record of ${placed.name ?? ""}: receivers then take neither. Make one of both.`;
        yield broken(rule, path, second);
      }
      seen.set(placed.name ?? "", path);
    }
  }
}

/** An authority that does not understand a CAA record issues nothing. */
export function* authoritiesAreNamed(config: LooseConfig): Iterable<Finding> {
  for (const { path, record } of recordsOf(config)) {
    const { type, content, tag } = record;
    if (type !== "CAA" || content === undefined || tag === undefined) continue;
    const fits =
      tag === "iodef"
        ? /^(?:mailto:\S+@\S+|https?:\/\/\S+)$/.test(content)
        : /^(?:;|[a-z0-9.-]+(?:;\S*)?)$/.test(content);
    if (fits) continue;
    const what =
      tag === "iodef"
        ? "mailto: and an address, or a URL"
        : "an authority's domain such as letsencrypt.org, or ; for none";
    yield broken("dns/caa-value", [...path, "content"], `must be ${what}, as the tag is ${tag}.`);
  }
}

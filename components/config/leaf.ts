/**
 * The smallest pieces of the schema: texts and numbers with a form, each knowing what would be right.
 *
 * A message continues the path it stands beside: "is missing: …", "must be …, but is …".
 */
import { z } from "zod";
import { canonicalCidr, isPrivate, parseAddress, parseCidr } from "./ip.ts";
import { canonicalIpv6Cidr } from "./ipv6.ts";
import type { RuleId } from "./sources.ts";

/** Stands in a stack's file where only its owner knows the value. No configuration that holds it is accepted. */
export const placeholder = "REPLACE-ME";

/** A value as a message shows it: short, on one line, and recognisable. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a map";
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The message for a value of the wrong type, or for none. */
export function expected(what: string): (issue: { readonly input?: unknown }) => string {
  return (issue) =>
    issue.input === undefined || issue.input === null
      ? `is missing: it must be ${what}.`
      : `must be ${what}, but is ${show(issue.input)}.`;
}

/**
 * Text of a certain form.
 * @param what what is right, as a noun phrase: `an AWS region such as us-west-2`
 * @param complaint why a text is wrong (a sentence without its subject); `undefined` where it is right
 */
export function text(
  what: string,
  complaint: (value: string) => string | Complaint | undefined,
): z.ZodString {
  return z.string({ error: expected(what) }).superRefine((value, context) => {
    const found = value === placeholder ? `still says ${placeholder}: put in ${what}.` : complaint(value);
    if (found === undefined) return;
    const { message, rule } = typeof found === "string" ? { message: found, rule: undefined } : found;
    context.addIssue({ code: "custom", message, params: { rule } });
  });
}

/** What is wrong with a text by a platform's rule. */
export interface Complaint {
  readonly message: string;
  readonly rule: RuleId;
}

/** Text that matches a pattern as a whole. */
export function pattern(what: string, form: RegExp): z.ZodString {
  return text(what, (value) => (form.test(value) ? undefined : `must be ${what}, but is ${show(value)}.`));
}

/**
 * A whole number within a range.
 * @param rule of the platform that sets the range; without it, the range is our own
 */
export function integer(what: string, least: number, most: number, rule?: RuleId): z.ZodNumber {
  const error = expected(`${what}, a whole number from ${least} to ${most}`);
  const whole = z.int({ error });
  if (rule === undefined) return whole.min(least, { error }).max(most, { error });
  return whole.superRefine((value, context) => {
    if (value >= least && value <= most) return;
    context.addIssue({ code: "custom", message: error({ input: value }), params: { rule } });
  });
}

/** One of the words that a platform knows, by its rule. */
export function choice<const Word extends string>(
  words: readonly Word[],
  rule: RuleId,
): z.ZodPipe<z.ZodString, z.ZodEnum<{ [Each in Word]: Each }>> {
  const what = `one of ${words.join(", ")}`;
  const known: readonly string[] = words;
  return text(what, (value) =>
    known.includes(value) ? undefined : { message: `must be ${what}, but is ${show(value)}.`, rule },
  ).pipe(z.enum(words));
}

/**
 * What a platform does not do without.
 * @param what is missing where there is nothing, as a noun phrase
 */
export function demanded<Value extends z.ZodType>(
  what: string,
  rule: RuleId,
  value: Value,
): z.ZodPipe<z.ZodUnknown, Value> {
  const given = z.unknown().superRefine((found, context) => {
    if (found !== undefined && found !== null) return;
    context.addIssue({ code: "custom", message: `is missing: it must be ${what}.`, params: { rule } });
  });
  return given.pipe(value);
}

/** A map with exactly these keys. The message of an unknown key is the list of known ones; problems are made of it. */
export function record<Shape extends z.core.$ZodShape>(
  what: string,
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const wrongType = expected(`a map with ${what}`);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : wrongType(issue)),
  });
}

/** A map whose keys are names of the owner's choice. */
export function named<Value extends z.ZodType>(
  what: string,
  key: z.ZodString,
  value: Value,
): z.ZodRecord<z.ZodString, Value> {
  return z.record(key, value, { error: expected(what) });
}

export function list<Element extends z.ZodType>(what: string, element: Element): z.ZodArray<Element> {
  return z.array(element, { error: expected(what) });
}

/** What Pulumi makes of a day without quotes, which YAML takes for a point in time. */
const midnight = / 00:00:00 \+0000 UTC$/;

/** The day that a {@link day} says, as `2026-05-01`. */
export function dayOf(text: string): string {
  return text.replace(midnight, "");
}

/** A day of the calendar, with or without quotes. */
export const day = text("a day such as 2026-05-01", (value) => {
  const written = dayOf(value);
  const time = /^\d{4}-\d\d-\d\d$/.test(written) ? Date.parse(written) : NaN;
  // Date.parse takes the 31st of any month.
  const isReal = !Number.isNaN(time) && new Date(time).toISOString().startsWith(written);
  return isReal ? undefined : `must be a day such as 2026-05-01, but is ${show(value)}.`;
});

export const boolean = z.boolean({ error: expected("true or false") });

/** What places, hosts and groups are called: a DNS label, because it becomes one. */
export const name = pattern(
  "a name of lower-case letters, digits and hyphens, beginning with a letter and at most 32 long",
  /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/,
);

/** A host by place and name: `us-west/hub-1`. */
export const hostKey = pattern(
  "a host as place/name, such as us-west/lb-1",
  /^[a-z][a-z0-9-]{0,31}\/[a-z][a-z0-9-]{0,31}$/,
);

function cidrComplaint(value: string): string | Complaint | undefined {
  if (parseCidr(value) !== undefined) return undefined;
  const canonical = canonicalCidr(value);
  return canonical === undefined
    ? `must be an IPv4 network such as 10.0.0.0/16, but is ${show(value)}.`
    : {
        message: `is not canonical: ${value} has bits set behind its prefix. Write ${canonical}.`,
        rule: "aws/canonical-network",
      };
}

/** Any IPv4 network, in canonical form. */
export const cidr = text("an IPv4 network such as 10.0.0.0/16", cidrComplaint);

/** Why a text is no IPv6 network in canonical form; `undefined` where it is one. */
export function ipv6Complaint(value: string): string | Complaint | undefined {
  const canonical = canonicalIpv6Cidr(value);
  if (canonical === value) return undefined;
  return canonical === undefined
    ? `must be an IPv6 network such as 2001:db8::/32, but is ${show(value)}.`
    : { message: `is not canonical: write ${canonical}.`, rule: "aws/canonical-network" };
}

/** A private network of a size that AWS takes for VPCs and subnets (/16 to /28); the rule is the one that says so. */
function network(rule: RuleId | undefined): z.ZodString {
  return text("a private IPv4 network such as 10.0.0.0/16", (value) => {
    const range = parseCidr(value);
    if (range === undefined) return cidrComplaint(value);
    if (!isPrivate(range)) {
      return `is not private: ${value} belongs to others. Use a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10.`;
    }
    if (range.prefix >= 16 && range.prefix <= 28) return undefined;
    const message = `has a prefix of /${range.prefix}: it must be between /16 and /28, the sizes that AWS takes.`;
    return rule === undefined ? message : { message, rule };
  });
}

/** A network of ours that is not in AWS. */
export const privateCidr = network(undefined);
export const vpcCidr = network("aws/vpc-size");
export const subnetCidr = network("aws/subnet-size");

/** What the ledger gives regions their networks of: private, and at least one /16. */
export const addressPool = text("a private IPv4 network such as 10.0.0.0/10", (value) => {
  const range = parseCidr(value);
  if (range === undefined) return cidrComplaint(value);
  return range.prefix > 16 || !isPrivate(range)
    ? `must be a private network of at least /16, a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10, but is ${value}.`
    : undefined;
});

export const address = text("an IPv4 address such as 10.0.1.10", (value) =>
  parseAddress(value) === undefined
    ? `must be an IPv4 address such as 10.0.1.10, in decimal without leading zeros, but is ${show(value)}.`
    : undefined,
);

const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** Whether the text is a fully qualified host name in lower case, without a trailing dot. */
export function isHostname(value: string): boolean {
  const labels = value.split(".");
  return (
    value.length <= 253 &&
    labels.length >= 2 &&
    labels.every((part) => label.test(part)) &&
    !/^\d+$/.test(labels.at(-1) ?? "")
  );
}

export const hostname = text("a full host name such as vpn.blackroad.io", (value) =>
  isHostname(value)
    ? undefined
    : `must be a full host name in lower case without a trailing dot, such as vpn.blackroad.io, but is ${show(value)}.`,
);

/** Below a zone (`api`, `vpn.dev`, `_sip._tcp`, `*.dev`), or `@` for the zone itself. */
export const recordName = pattern(
  "a name below the zone such as api, or @ for the zone itself",
  /^(?:@|\*|(?=.{1,204}$)(?:\*\.)?(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*)$/,
);

const keyTypes = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];

/** Why a text is no OpenSSH public key (`type base64 [comment]`); `undefined` where it is one. */
function publicKeyComplaint(value: string, types: readonly string[]): string | undefined {
  const [type = "", body = ""] = value.split(" ");
  if (value.includes("PRIVATE KEY"))
    return "is a private key: put in the public one (the file that ends in .pub).";
  if (/[\r\n]/.test(value)) return "must be one line.";
  if (!types.includes(type)) {
    return `must begin with its type (${types.join(", ")}), as in the file that ends in .pub, but begins with ${show(type)}.`;
  }
  // The body repeats its type, length first; a truncated or mistyped key does not.
  const bytes = Buffer.from(body, "base64");
  const repeated = bytes.subarray(4, 4 + type.length).toString("latin1");
  const whole = bytes.toString("base64").replaceAll("=", "") === body.replaceAll("=", "");
  return whole &&
    bytes.length > type.length + 36 &&
    bytes.readUInt32BE(0) === type.length &&
    repeated === type
    ? undefined
    : `is not a whole ${type} key: its base64 part is cut short or mistyped.`;
}

/** An OpenSSH public key of a person. */
export const sshPublicKey = text(
  "an OpenSSH public key of the operator (`ssh-add -L` prints those of the agent)",
  (value) => publicKeyComplaint(value, keyTypes),
);

/**
 * The host key to which the first contact is pinned. No RSA: @pulumi/command offers the key's own type as the only
 * algorithm, and for `ssh-rsa` that is the one with SHA-1, which today's sshd refuses.
 */
export const sshHostKey = text(
  "the machine's host key (the contents of its /etc/ssh/ssh_host_ed25519_key.pub)",
  (value) =>
    publicKeyComplaint(
      value,
      keyTypes.filter((type) => type !== "ssh-rsa"),
    ),
);

/**
 * Distinguished names and alternative names, written as Go's crypto/x509 writes them for the official provider: the
 * order of a subject's parts is Go's, not the program's.
 */
import { SocketAddress, isIP } from "node:net";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  AttributeTypeAndValue,
  AttributeValue,
  GeneralName,
  Name,
  RelativeDistinguishedName,
} from "@peculiar/asn1-x509";

/** The parts of a subject that the provider knows. */
export interface Subject {
  readonly commonName?: string;
  readonly country?: string;
  readonly emailAddress?: string;
  readonly locality?: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly postalCode?: string;
  readonly province?: string;
  readonly serialNumber?: string;
  readonly streetAddresses?: readonly string[];
}

const identifiers = {
  country: "2.5.4.6",
  organization: "2.5.4.10",
  organizationalUnit: "2.5.4.11",
  locality: "2.5.4.7",
  province: "2.5.4.8",
  streetAddresses: "2.5.4.9",
  postalCode: "2.5.4.17",
  commonName: "2.5.4.3",
  serialNumber: "2.5.4.5",
} as const;

const emailIdentifier = "1.2.840.113549.1.9.1";

/** Go writes PrintableString where it can, without `*` and `&`, and UTF8String otherwise. */
function attributeValue(text: string): AttributeValue {
  return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text)
    ? new AttributeValue({ printableString: text })
    : new AttributeValue({ utf8String: text });
}

function attribute(type: string, value: AttributeValue): AttributeTypeAndValue {
  return new AttributeTypeAndValue({ type, value });
}

function encoded(part: AttributeTypeAndValue): Buffer {
  return Buffer.from(AsnConvert.serialize(part));
}

/** Several values of one part form one set, whose members DER wants in the order of their encodings. */
function relativeName(type: string, values: readonly string[]): RelativeDistinguishedName {
  const parts = values.map((value) => attribute(type, attributeValue(value)));
  parts.sort((a, b) => Buffer.compare(encoded(a), encoded(b)));
  return new RelativeDistinguishedName(parts);
}

/** Multi-valued parts, as a certificate request may hold them. */
export type SubjectParts = Partial<Record<keyof typeof identifiers, readonly string[]>>;

export function nameFromParts(parts: SubjectParts, emailAddress?: string): Name {
  const names = Object.entries(identifiers).flatMap(([part, type]) => {
    const values = parts[part as keyof typeof identifiers];
    return values === undefined || values.length === 0 ? [] : [relativeName(type, values)];
  });
  if (emailAddress !== undefined) {
    const value = new AttributeValue({ ia5String: emailAddress });
    names.push(new RelativeDistinguishedName([attribute(emailIdentifier, value)]));
  }
  return new Name(names);
}

/** An empty common name or serial number is left out; other parts may be empty, as Go has it. */
export function subjectName(subject: Subject): Name {
  const { emailAddress, streetAddresses, ...single } = subject;
  const parts: Partial<Record<keyof typeof identifiers, readonly string[]>> = {};
  for (const [part, value] of Object.entries(single)) {
    if (value === "" && (part === "commonName" || part === "serialNumber")) continue;
    parts[part as keyof typeof identifiers] = [value];
  }
  if (streetAddresses !== undefined) parts.streetAddresses = streetAddresses;
  return nameFromParts(parts, emailAddress);
}

/**
 * The parts of a name that Go keeps when a request's subject becomes a certificate's: those above. An e-mail address
 * is not among them, and of several common names the last one stays.
 */
export function knownParts(name: Name): SubjectParts {
  const parts: Partial<Record<keyof typeof identifiers, string[]>> = {};
  for (const { type, value } of name.flat()) {
    const part = Object.entries(identifiers).find(([, identifier]) => identifier === type)?.[0] as
      keyof typeof identifiers | undefined;
    if (part === undefined) continue;
    const text = value.toString();
    const single = part === "commonName" || part === "serialNumber";
    parts[part] = single ? [text] : [...(parts[part] ?? []), text];
  }
  return parts;
}

/** Alternative names, in the order in which Go writes them: DNS, addresses, URIs. */
export interface AlternativeNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
}

/** An address in one spelling; an IPv4 address in IPv6 form counts as IPv4, as in Go. */
export function addressText(address: string): string {
  const version = isIP(address);
  if (version === 0 || address.includes("%")) {
    throw new Error(`Invalid IP address: Failed to parse ${JSON.stringify(address)}`);
  }
  if (version === 4) return address;
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  const [, head, tail] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(canonical) ?? [];
  if (head === undefined || tail === undefined) return canonical;
  if (head === "::ffff:") return tail;
  const hex = Buffer.from(tail.split(".").map(Number)).toString("hex");
  return `${head}${hex.slice(0, 4)}:${hex.slice(4)}`;
}

function ia5(text: string): string {
  if (Buffer.from(text).some((byte) => byte > 127)) {
    throw new Error(`x509: ${JSON.stringify(text)} cannot be encoded as an IA5String`);
  }
  return text;
}

export function generalNames(names: AlternativeNames): GeneralName[] {
  return [
    ...names.dnsNames.map((name) => new GeneralName({ dNSName: ia5(name) })),
    ...names.ipAddresses.map((address) => new GeneralName({ iPAddress: addressText(address) })),
    ...names.uris.map((uri) => new GeneralName({ uniformResourceIdentifier: ia5(uri) })),
  ];
}

/**
 * Certificates and requests, with the fields and extensions that Go's crypto/x509 writes for the official provider
 * (hashicorp/terraform-provider-tls 4.x, `internal/provider/common_cert.go`), in its order.
 */
import { createHash, createPublicKey, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  Attribute,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  KeyIdentifier,
  KeyUsage,
  Name,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import type { GeneralName } from "@peculiar/asn1-x509";
import { curveOf } from "./keys.ts";
import { knownParts, nameFromParts } from "./names.ts";
import { extendedKeyUsages, keyUsages } from "./uses.ts";

const extensionIds = {
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  basicConstraints: "2.5.29.19",
  subjectKeyIdentifier: "2.5.29.14",
  authorityKeyIdentifier: "2.5.29.35",
  subjectAlternativeName: "2.5.29.17",
} as const;

const extensionRequest = "1.2.840.113549.1.9.14";

interface SignatureScheme {
  readonly identifier: AlgorithmIdentifier;
  /** `undefined` where the key's own scheme hashes. */
  readonly hash: string | undefined;
}

function scheme(algorithm: string, hash: string | undefined, rsa = false): SignatureScheme {
  return {
    identifier: new AlgorithmIdentifier({ algorithm, ...(rsa && { parameters: null }) }),
    hash,
  };
}

/** Go's choice: SHA-256 unless the curve is larger. */
function schemeFor(key: KeyObject): SignatureScheme {
  if (key.asymmetricKeyType === "rsa") return scheme("1.2.840.113549.1.1.11", "sha256", true);
  if (key.asymmetricKeyType === "ed25519") return scheme("1.3.101.112", undefined);
  const curve = curveOf(key);
  if (curve === "secp384r1") return scheme("1.2.840.10045.4.3.3", "sha384");
  if (curve === "secp521r1") return scheme("1.2.840.10045.4.3.4", "sha512");
  return scheme("1.2.840.10045.4.3.2", "sha256");
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function signWith(key: KeyObject, { hash }: SignatureScheme, data: ArrayBuffer): ArrayBuffer {
  return arrayBuffer(sign(hash, Buffer.from(data), key));
}

export function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return AsnConvert.parse(der, SubjectPublicKeyInfo);
}

const ed25519 = "1.3.101.112";

/** SHA-1 of the public key; for Ed25519 of its DER octet string, as upstream has it. */
function subjectKeyId(info: SubjectPublicKeyInfo): Buffer {
  const key = Buffer.from(info.subjectPublicKey);
  const hashed = info.algorithm.algorithm === ed25519 ? Buffer.concat([Buffer.from([4, 32]), key]) : key;
  return createHash("sha1").update(hashed).digest();
}

function extension(id: string, value: unknown, critical = false): Extension {
  const extnValue = new OctetString(AsnConvert.serialize(value));
  return new Extension({ extnID: id, critical, extnValue });
}

/** What a certificate is to say, apart from whose it is. */
export interface CertificateTerms {
  readonly allowedUses: readonly string[];
  readonly validityPeriodHours: number;
  readonly isCa: boolean;
  /**
   * Upstream never sets Go's `MaxPathLenZero`, so 0 is written no more than an absent length is: such a certificate
   * does not limit its path. A positive length is written, and refused on a certificate that is no CA's.
   */
  readonly maxPathLength: number | undefined;
  readonly setSubjectKeyId: boolean;
  readonly setAuthorityKeyId: boolean;
}

export interface Issuer {
  readonly name: Name;
  readonly key: KeyObject;
  readonly subjectKeyId: Buffer | undefined;
}

export interface Issued {
  readonly der: ArrayBuffer;
  readonly serial: bigint;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

function usageExtensions(terms: CertificateTerms): Extension[] {
  const flags = keyUsages.reduce(
    (sum, use, bit) => (terms.allowedUses.includes(use) ? sum | (1 << bit) : sum),
    0,
  );
  const purposes = terms.allowedUses.flatMap((use) => extendedKeyUsages[use] ?? []);
  return [
    ...(flags === 0 ? [] : [extension(extensionIds.keyUsage, new KeyUsage(flags), true)]),
    ...(purposes.length === 0
      ? []
      : [extension(extensionIds.extendedKeyUsage, new ExtendedKeyUsage(purposes))]),
  ];
}

function basicConstraints({ isCa, maxPathLength = 0 }: CertificateTerms): Extension {
  if (!isCa && maxPathLength > 0) throw new Error("x509: only CAs are allowed to specify MaxPathLen");
  const constraints = new BasicConstraints({
    cA: isCa,
    ...(maxPathLength > 0 && { pathLenConstraint: maxPathLength }),
  });
  return extension(extensionIds.basicConstraints, constraints, true);
}

function keyIdExtensions(own: Buffer | undefined, authority: Buffer | undefined): Extension[] {
  const octets = (bytes: Buffer) => arrayBuffer(bytes);
  return [
    ...(own === undefined
      ? []
      : [extension(extensionIds.subjectKeyIdentifier, new SubjectKeyIdentifier(octets(own)))]),
    ...(authority === undefined
      ? []
      : [
          extension(
            extensionIds.authorityKeyIdentifier,
            new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(octets(authority)) }),
          ),
        ]),
  ];
}

function alternativeNames(names: readonly GeneralName[], subjectIsEmpty: boolean): Extension[] {
  if (names.length === 0) return [];
  const value = new SubjectAlternativeName([...names]);
  return [extension(extensionIds.subjectAlternativeName, value, subjectIsEmpty)];
}

function sameName(a: Name, b: Name): boolean {
  return Buffer.from(AsnConvert.serialize(a)).equals(Buffer.from(AsnConvert.serialize(b)));
}

/** Below 2^128, minimal and positive in DER. */
function newSerial(): { readonly value: bigint; readonly bytes: ArrayBuffer } {
  const value = BigInt(`0x${randomBytes(16).toString("hex")}`);
  const hex = value.toString(16);
  let bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  if (((bytes[0] ?? 0) & 0x80) !== 0) bytes = Buffer.concat([Buffer.alloc(1), bytes]);
  return { value, bytes: arrayBuffer(bytes) };
}

export interface Subscriber {
  readonly name: Name;
  readonly alternativeNames: readonly GeneralName[];
  readonly publicKey: SubjectPublicKeyInfo;
}

const millisecondsPerHour = 3_600_000;

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1_000) * 1_000);
}

/** Signs a certificate; without an issuer, the subscriber's own key does. */
export function issueCertificate(
  subscriber: Subscriber,
  issuer: Issuer | { readonly self: KeyObject },
  terms: CertificateTerms,
  now: Date,
): Issued {
  if (terms.isCa && subscriber.name.length === 0) {
    throw new Error(
      "Invalid Certificate Subject: Must contain at least one Distinguished Name when creating Certificate Authority (CA)",
    );
  }
  const ownKeyId = terms.isCa || terms.setSubjectKeyId ? subjectKeyId(subscriber.publicKey) : undefined;
  const parent: Issuer =
    "self" in issuer ? { name: subscriber.name, key: issuer.self, subjectKeyId: ownKeyId } : issuer;
  if (terms.setAuthorityKeyId && parent.subjectKeyId === undefined) {
    throw new Error("Invalid Certificate Authority: Could not determine Authority Key Identifier");
  }
  const names = sameName(parent.name, subscriber.name);
  const authority = !names || terms.setAuthorityKeyId ? parent.subjectKeyId : undefined;
  const notAfter = new Date(now.getTime() + terms.validityPeriodHours * millisecondsPerHour);
  const signature = schemeFor(parent.key);
  const serial = newSerial();
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serial.bytes,
    signature: signature.identifier,
    issuer: parent.name,
    validity: new Validity({ notBefore: wholeSeconds(now), notAfter: wholeSeconds(notAfter) }),
    subject: subscriber.name,
    subjectPublicKeyInfo: subscriber.publicKey,
    extensions: new Extensions([
      ...usageExtensions(terms),
      basicConstraints(terms),
      ...keyIdExtensions(ownKeyId, authority),
      ...alternativeNames(subscriber.alternativeNames, subscriber.name.length === 0),
    ]),
  });
  const signatureValue = signWith(parent.key, signature, AsnConvert.serialize(tbsCertificate));
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: signature.identifier,
    signatureValue,
  });
  return { der: AsnConvert.serialize(certificate), serial: serial.value, notBefore: now, notAfter };
}

/** A signed request for a certificate, PKCS#10. */
export function createRequest(name: Name, names: readonly GeneralName[], key: KeyObject): ArrayBuffer {
  const wanted = alternativeNames(names, false);
  const attributes =
    wanted.length === 0
      ? []
      : [
          new Attribute({
            type: extensionRequest,
            values: [AsnConvert.serialize(new Extensions(wanted))],
          }),
        ];
  const certificationRequestInfo = new CertificationRequestInfo({
    version: 0,
    subject: name,
    subjectPKInfo: publicKeyInfo(key),
    attributes: new Attributes(attributes),
  });
  const signature = schemeFor(key);
  return AsnConvert.serialize(
    new CertificationRequest({
      certificationRequestInfo,
      signatureAlgorithm: signature.identifier,
      signature: signWith(key, signature, AsnConvert.serialize(certificationRequestInfo)),
    }),
  );
}

function requestedNames(request: CertificationRequest): readonly GeneralName[] {
  const attributes = request.certificationRequestInfo.attributes as Attributes | undefined;
  const value = attributes?.find(({ type }) => type === extensionRequest)?.values[0];
  if (value === undefined) return [];
  const found = AsnConvert.parse(value, Extensions).find(
    ({ extnID }) => extnID === extensionIds.subjectAlternativeName,
  );
  return found === undefined ? [] : [...AsnConvert.parse(found.extnValue.buffer, SubjectAlternativeName)];
}

/** Whom a request asks a certificate for: what the official provider takes over from it, in its order. */
export function readRequest(der: Buffer): Subscriber {
  let request: CertificationRequest;
  try {
    request = AsnConvert.parse(der, CertificationRequest);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`failed to parse certificate request: ${reason}`, { cause: error });
  }
  const { subject, subjectPKInfo } = request.certificationRequestInfo;
  const names = requestedNames(request);
  return {
    name: nameFromParts(knownParts(subject)),
    alternativeNames: [
      ...names.filter(({ dNSName }) => dNSName !== undefined),
      ...names.filter(({ iPAddress }) => iPAddress !== undefined),
      ...names.filter(({ uniformResourceIdentifier }) => uniformResourceIdentifier !== undefined),
    ],
    publicKey: subjectPKInfo,
  };
}

/** A certificate's extension, if it has it, decoded. */
export function findExtension<T>(certificate: Certificate, id: string, type: new () => T): T | undefined {
  const found = certificate.tbsCertificate.extensions?.find(({ extnID }) => extnID === id);
  return found === undefined ? undefined : AsnConvert.parse(found.extnValue.buffer, type);
}

export function parseCertificate(der: Buffer): Certificate {
  try {
    return AsnConvert.parse(der, Certificate);
  } catch (error) {
    throw new Error(`failed to parse certificate: ${(error as Error).message}`, { cause: error });
  }
}

export interface Authority extends Issuer {
  readonly isCa: boolean;
}

/** A CA from its certificate and key, which must belong together. */
export function readAuthority(der: Buffer, key: KeyObject): Authority {
  const certificate = parseCertificate(der);
  const { subject, subjectPublicKeyInfo } = certificate.tbsCertificate;
  const own = Buffer.from(AsnConvert.serialize(subjectPublicKeyInfo));
  if (!own.equals(createPublicKey(key).export({ format: "der", type: "spki" }))) {
    throw new Error("x509: provided PrivateKey doesn't match parent's PublicKey");
  }
  const keyId = findExtension(certificate, extensionIds.subjectKeyIdentifier, SubjectKeyIdentifier);
  const constraints = findExtension(certificate, extensionIds.basicConstraints, BasicConstraints);
  return {
    name: subject,
    key,
    subjectKeyId: keyId === undefined ? undefined : Buffer.from(keyId.buffer),
    isCa: constraints?.cA ?? false,
  };
}

/** The functions of @pulumi/tls 5.6.1: `getPublicKey` and `getCertificate`. */
import { createHash } from "node:crypto";
import { connect } from "node:tls";
import { AsnConvert } from "@peculiar/asn1-schema";
import { BasicConstraints, Name } from "@peculiar/asn1-x509";
import type { Certificate, RelativeDistinguishedName } from "@peculiar/asn1-x509";
import type { FunctionHandler } from "../shared/shell.ts";
import { checkInputs, markSecrets } from "../shared/table.ts";
import type { ResourceTable } from "../shared/table.ts";
import { revealMap } from "../shared/values.ts";
import type { ValueMap } from "../shared/values.ts";
import { optionalText } from "./inputs.ts";
import { algorithmOf, parsePrivateKeyOpenSsh, parsePrivateKeyPem, publicForms } from "./keys.ts";
import { knownParts, nameFromParts } from "./names.ts";
import { decodePem, encodePem } from "./pem.ts";
import { certificateFunction, publicKeyFunction } from "./tables.ts";
import { findExtension, parseCertificate } from "./x509.ts";

function checked(table: ResourceTable, values: ValueMap, one: string, other: string): ValueMap {
  const { inputs, failures } = checkInputs(table, values, { defaults: false });
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
  if ((inputs[one] === undefined) === (inputs[other] === undefined)) {
    throw new Error(`exactly one of '${one}' and '${other}' must be given`);
  }
  return revealMap(inputs);
}

const getPublicKey: FunctionHandler = {
  token: publicKeyFunction.token,
  invoke: (_operation, values) => {
    const inputs = checked(publicKeyFunction, values, "privateKeyPem", "privateKeyOpenssh");
    const pem = optionalText(inputs, "privateKeyPem");
    const key =
      pem === undefined
        ? parsePrivateKeyOpenSsh(optionalText(inputs, "privateKeyOpenssh") ?? "")
        : parsePrivateKeyPem(pem);
    const forms = publicForms(key);
    return Promise.resolve({
      ...markSecrets(publicKeyFunction, inputs),
      id: forms.id,
      algorithm: algorithmOf(key),
      publicKeyPem: forms.pem,
      publicKeyOpenssh: forms.openSsh,
      publicKeyFingerprintMd5: forms.fingerprintMd5,
      publicKeyFingerprintSha256: forms.fingerprintSha256,
    });
  },
};

/** Go's names of the algorithms that it knows; others are a number there and an identifier here. */
const signatureAlgorithms: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.5": "SHA1-RSA",
  "1.2.840.113549.1.1.11": "SHA256-RSA",
  "1.2.840.113549.1.1.12": "SHA384-RSA",
  "1.2.840.113549.1.1.13": "SHA512-RSA",
  "1.2.840.10045.4.1": "ECDSA-SHA1",
  "1.2.840.10045.4.3.2": "ECDSA-SHA256",
  "1.2.840.10045.4.3.3": "ECDSA-SHA384",
  "1.2.840.10045.4.3.4": "ECDSA-SHA512",
  "1.3.101.112": "Ed25519",
};

const publicKeyAlgorithms: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.1": "RSA",
  "1.2.840.10045.2.1": "ECDSA",
  "1.3.101.112": "Ed25519",
};

const shortNames: Readonly<Record<string, string>> = {
  "2.5.4.6": "C",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.3": "CN",
  "2.5.4.5": "SERIALNUMBER",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  "2.5.4.17": "POSTALCODE",
};

function escapeNamePart(text: string): string {
  return text
    .replace(/[,+"\\<>;]/g, "\\$&")
    .replace(/^[ #]/, "\\$&")
    .replace(/ $/, "\\ ");
}

function partText(part: RelativeDistinguishedName): string {
  return part
    .map(({ type, value }) => {
      const name = shortNames[type];
      return name === undefined
        ? `${type}=#${Buffer.from(AsnConvert.serialize(value)).toString("hex")}`
        : `${name}=${escapeNamePart(value.toString())}`;
    })
    .join("+");
}

/** Go's `pkix.Name.String`: RFC 2253's order, last part first, with the parts that Go does not know at the end. */
function nameText(name: Name): string {
  const others = name.filter((part) => part.some(({ type }) => shortNames[type] === undefined));
  return [...others, ...nameFromParts(knownParts(name))].map(partText).reverse().join(",");
}

function pathLength(certificate: Certificate): number {
  const constraints = findExtension(certificate, "2.5.29.19", BasicConstraints);
  return constraints === undefined ? 0 : (constraints.pathLenConstraint ?? -1);
}

function goTime(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

export function describeCertificate(der: Buffer): ValueMap {
  const certificate = parseCertificate(der);
  const { tbsCertificate: tbs, signatureAlgorithm } = certificate;
  const keyAlgorithm = tbs.subjectPublicKeyInfo.algorithm.algorithm;
  return {
    signatureAlgorithm: signatureAlgorithms[signatureAlgorithm.algorithm] ?? signatureAlgorithm.algorithm,
    publicKeyAlgorithm: publicKeyAlgorithms[keyAlgorithm] ?? keyAlgorithm,
    serialNumber: BigInt(`0x${Buffer.from(tbs.serialNumber).toString("hex")}`).toString(),
    isCa: findExtension(certificate, "2.5.29.19", BasicConstraints)?.cA ?? false,
    maxPathLength: pathLength(certificate),
    version: tbs.version + 1,
    issuer: nameText(tbs.issuer),
    subject: nameText(tbs.subject),
    notBefore: goTime(tbs.validity.notBefore.getTime()),
    notAfter: goTime(tbs.validity.notAfter.getTime()),
    sha1Fingerprint: createHash("sha1").update(der).digest("hex"),
    certPem: encodePem("CERTIFICATE", der),
  };
}

const connectTimeoutMilliseconds = 30_000;
const longestChain = 16;

/** The certificates that a server shows, the root's end of the chain first. */
function fetchChain(url: URL, verify: boolean): Promise<readonly Buffer[]> {
  if (url.protocol !== "https:" && url.protocol !== "tls:") {
    return Promise.reject(new Error(`Scheme "${url.href}" not supported`));
  }
  if (url.port === "" && url.protocol === "tls:") {
    return Promise.reject(new Error(`URL malformed: Port missing from URL: ${url.href}`));
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: url.port === "" ? 443 : Number(url.port),
      servername: host,
      rejectUnauthorized: verify,
      timeout: connectTimeoutMilliseconds,
    });
    socket.once("secureConnect", () => {
      const chain: Buffer[] = [];
      let certificate = socket.getPeerX509Certificate();
      while (certificate !== undefined && chain.length < longestChain) {
        chain.unshift(certificate.raw);
        certificate = certificate.issuerCertificate;
      }
      socket.destroy();
      resolve(chain);
    });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(`Failed to identify fetch peer certificates: ${reason}`));
    };
    socket.once("timeout", () => {
      fail("i/o timeout");
    });
    socket.once("error", (error: Error) => {
      fail(error.message);
    });
  });
}

const getCertificate: FunctionHandler = {
  token: certificateFunction.token,
  invoke: async (_operation, values) => {
    const inputs = checked(certificateFunction, values, "url", "content");
    const content = optionalText(inputs, "content");
    const verifyChain = inputs.verifyChain !== false;
    const chain =
      content === undefined
        ? await fetchChain(new URL(optionalText(inputs, "url") ?? ""), verifyChain)
        : [decodePem(content, "CERTIFICATE")];
    const certificates = chain.map(describeCertificate);
    // Upstream hashes Go's rendering of the list; this one hashes the certificates themselves.
    const id = createHash("sha1").update(Buffer.concat(chain)).digest("hex");
    return { ...inputs, verifyChain, certificates, id };
  },
};

export const tlsFunctions: readonly FunctionHandler[] = [getPublicKey, getCertificate];

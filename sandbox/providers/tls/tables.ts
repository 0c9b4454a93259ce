/**
 * The properties of @pulumi/tls 5.6.1's resources and functions, from hashicorp/terraform-provider-tls 4.x.
 *
 * `replaces` stands for the upstream plan modifier RequiresReplace, or for its variant that replaces where the state
 * holds a PEM text (see {@link replacesIfPem}).
 */
import { isList } from "../shared/values.ts";
import type { Value } from "../shared/values.ts";
import type { PropertyRule, PropertyTable, ResourceTable } from "../shared/table.ts";
import { algorithms, curveNames } from "./keys.ts";
import { allowedUses } from "./uses.ts";

type PropertyType = PropertyRule["type"];

const required = (type: PropertyType): PropertyRule => ({ type, presence: "required", replaces: true });
const optional = (type: PropertyType, fallback?: Value): PropertyRule => ({
  type,
  presence: "optional",
  replaces: true,
  ...(fallback !== undefined && { default: fallback }),
});
const computed = (type: PropertyType): PropertyRule => ({ type, presence: "computed" });

const list: PropertyType = { listOf: "string" };

function oneOf(name: string, values: readonly string[]): NonNullable<PropertyRule["refuse"]> {
  return (value) =>
    typeof value === "string" && values.includes(value)
      ? undefined
      : `${name} value must be one of: ${values.map((each) => `"${each}"`).join(", ")}, got: ${JSON.stringify(value)}`;
}

function atLeast(name: string, least: number): NonNullable<PropertyRule["refuse"]> {
  return (value) =>
    typeof value === "number" && value >= least
      ? undefined
      : `${name} value must be at least ${least}, got: ${JSON.stringify(value)}`;
}

const uses: PropertyRule = {
  ...required(list),
  refuse: (value) => {
    const check = oneOf("allowedUses", allowedUses);
    return isList(value) ? value.map(check).find((refusal) => refusal !== undefined) : undefined;
  },
};

const notEmpty =
  (name: string): NonNullable<PropertyRule["refuse"]> =>
  (value) =>
    isList(value) && value.includes("") ? `${name} must not contain an empty text` : undefined;

const subject: PropertyTable = {
  commonName: optional("string"),
  country: optional("string"),
  emailAddress: optional("string"),
  locality: optional("string"),
  organization: optional("string"),
  organizationalUnit: optional("string"),
  postalCode: optional("string"),
  province: optional("string"),
  serialNumber: optional("string"),
  streetAddresses: optional(list),
};

const request: PropertyTable = {
  privateKeyPem: { ...required("string"), secret: true },
  subject: optional({ object: subject }),
  dnsNames: optional(list),
  ipAddresses: { ...optional(list), refuse: notEmpty("ipAddresses") },
  uris: { ...optional(list), refuse: notEmpty("uris") },
};

const certificate: PropertyTable = {
  validityPeriodHours: { ...required("integer"), refuse: atLeast("validityPeriodHours", 0) },
  allowedUses: uses,
  earlyRenewalHours: {
    type: "integer",
    presence: "optional",
    default: 0,
    refuse: atLeast("earlyRenewalHours", 0),
  },
  isCaCertificate: optional("boolean", false),
  maxPathLength: { ...optional("integer"), refuse: atLeast("maxPathLength", -1) },
  setSubjectKeyId: optional("boolean", false),
  certPem: computed("string"),
  readyForRenewal: computed("boolean"),
  validityStartTime: computed("string"),
  validityEndTime: computed("string"),
};

export const privateKey: ResourceTable = {
  token: "tls:index/privateKey:PrivateKey",
  source: "internal/provider/resource_private_key.go",
  properties: {
    algorithm: { ...required("string"), refuse: oneOf("algorithm", algorithms) },
    rsaBits: optional("integer", 2048),
    ecdsaCurve: { ...optional("string", "P224"), refuse: oneOf("ecdsaCurve", curveNames) },
    privateKeyPem: { ...computed("string"), secret: true },
    privateKeyOpenssh: { ...computed("string"), secret: true },
    privateKeyPemPkcs8: { ...computed("string"), secret: true },
    publicKeyPem: computed("string"),
    publicKeyOpenssh: computed("string"),
    publicKeyFingerprintMd5: computed("string"),
    publicKeyFingerprintSha256: computed("string"),
  },
};

export const certRequest: ResourceTable = {
  token: "tls:index/certRequest:CertRequest",
  source: "internal/provider/resource_cert_request.go",
  properties: { ...request, keyAlgorithm: computed("string"), certRequestPem: computed("string") },
};

export const selfSignedCert: ResourceTable = {
  token: "tls:index/selfSignedCert:SelfSignedCert",
  source: "internal/provider/resource_self_signed_cert.go",
  properties: {
    ...request,
    ...certificate,
    setAuthorityKeyId: optional("boolean", false),
    keyAlgorithm: computed("string"),
  },
};

export const locallySignedCert: ResourceTable = {
  token: "tls:index/locallySignedCert:LocallySignedCert",
  source: "internal/provider/resource_locally_signed_cert.go",
  properties: {
    ...certificate,
    caCertPem: required("string"),
    caPrivateKeyPem: { ...required("string"), secret: true },
    certRequestPem: required("string"),
    caKeyAlgorithm: computed("string"),
  },
};

/** These replace only where the state's value is a PEM text; otherwise their change is an update. */
export const replacesIfPem: readonly string[] = [
  "privateKeyPem",
  "caCertPem",
  "caPrivateKeyPem",
  "certRequestPem",
];

export const publicKeyFunction: ResourceTable = {
  token: "tls:index/getPublicKey:getPublicKey",
  source: "internal/provider/data_source_public_key.go",
  properties: {
    privateKeyPem: { ...optional("string"), secret: true },
    privateKeyOpenssh: { ...optional("string"), secret: true },
  },
};

export const certificateFunction: ResourceTable = {
  token: "tls:index/getCertificate:getCertificate",
  source: "internal/provider/data_source_certificate.go",
  properties: {
    url: optional("string"),
    content: optional("string"),
    verifyChain: optional("boolean"),
  },
};

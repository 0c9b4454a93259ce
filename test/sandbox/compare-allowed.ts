/** What may differ between two updates of the same program, each with the reason. */
import type { Json, ResourceSnapshot, Snapshot } from "./compare-snapshot.ts";

export interface Assigned {
  readonly value: string;
  readonly name: string;
}

/** Properties whose value is assigned by a platform or by chance, and by which name it is called. */
interface AssignedProperty {
  readonly type: RegExp;
  readonly properties: readonly string[];
  readonly reason: string;
}

const assignedProperties: readonly AssignedProperty[] = [
  {
    type: /^tls:index\/privateKey:/,
    properties: [
      "privateKeyOpenssh",
      "privateKeyPem",
      "privateKeyPemPkcs8",
      "publicKeyOpenssh",
      "publicKeyPem",
      "publicKeyFingerprintMd5",
      "publicKeyFingerprintSha256",
    ],
    reason: "keys are made by chance",
  },
  {
    type: /^tls:index\/(?:selfSignedCert|locallySignedCert):/,
    properties: ["certPem", "certRequestPem", "validityStartTime", "validityEndTime"],
    reason: "certificates are of keys that are made by chance, and of a time",
  },
  {
    type: /^aws:ec2\//,
    properties: [
      "publicIp",
      "publicDns",
      "allocationId",
      "associationId",
      "networkInterfaceId",
      "primaryNetworkInterfaceId",
      "rootBlockDevice.volumeId",
      "defaultNetworkAclId",
      "defaultRouteTableId",
      "defaultSecurityGroupId",
      "mainRouteTableId",
    ],
    reason: "AWS assigns addresses and the ids of what it makes by itself",
  },
];

/** What a host says of itself when it is met: public keys that it has made. */
const meeting = /^(\{"architecture":.*\})$/m;

/** Properties that one kind of provider has and the other has not, or that tell when something happened. */
export const unlikeProperties: readonly {
  readonly type: RegExp;
  readonly properties: readonly string[];
  readonly reason: string;
}[] = [
  {
    type: /^(?:tls|random|cloudflare):/,
    properties: ["__meta", "__defaults", "__pulumi_raw_state_delta"],
    reason: "the Terraform bridge's own notes, no properties of the resource",
  },
  {
    type: /^cloudflare:/,
    properties: ["createdOn", "modifiedOn", "commentModifiedOn", "tagsModifiedOn", "activatedOn"],
    reason: "when it happened",
  },
  {
    type: /^command:/,
    properties: ["stderr"],
    reason: "the progress of apt, with its speed",
  },
];

/** Files of a host that are not compared, or only by kind, mode and owner. */
export const unlikeFiles: readonly {
  readonly path: RegExp;
  readonly what: "content" | "everything";
  readonly reason: string;
}[] = [
  { path: /^\/var\/log(?:\/|$)/, what: "everything", reason: "logs: when what happened" },
  { path: /^\/(?:var\/)?tmp(?:\/|$)/, what: "everything", reason: "not to be kept" },
  { path: /^\/var\/cache(?:\/|$)/, what: "everything", reason: "made again at will" },
  {
    path: /^\/etc\/ssh\/ssh_host_\w+_key$|^\/etc\/.*\.key$/,
    what: "content",
    reason: "a key that the host has made",
  },
  {
    path: /^\/var\/lib\/(?:reef-agent|chrony|etcd|nfs|prometheus|unbound|private|systemd)(?:\/|$)/,
    what: "everything",
    reason: "what programs note while they run; what is intended is in /etc",
  },
  { path: /^\/etc\/machine-id$/, what: "content", reason: "an id" },
  { path: /^\/var\/lib\/cloud(?:\/|$)/, what: "everything", reason: "cloud-init's notes on this boot" },
  {
    path: /^\/etc\/sudoers\.d\/90-cloud-init-users$/,
    what: "content",
    reason: "cloud-init notes the time in it",
  },
];

function property(resource: ResourceSnapshot, path: string): Json | undefined {
  let value: Json | undefined = resource.outputs;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, Json>>)[key];
  }
  return typeof value === "object" && value !== null && "secret" in value ? value.secret : value;
}

/** Every assigned value of a run with its name. */
export function assigned(snapshot: Snapshot): Assigned[] {
  const given = [...snapshot.given].map(([name, value]) => ({ value, name }));
  const made = [...snapshot.resources.values()].flatMap((resource) => {
    const label = `${resource.type} ${resource.name}`;
    const ids = resource.id === "" ? [] : [{ value: resource.id, name: `id of ${label}` }];
    const others = assignedProperties
      .filter(({ type }) => type.test(resource.type))
      .flatMap(({ properties }) => properties)
      .flatMap((path) => {
        const value = property(resource, path);
        return typeof value === "string" && value !== "" ? [{ value, name: `${path} of ${label}` }] : [];
      });
    return [
      ...ids,
      ...others,
      ...met(resource, label),
      ...applied(resource, label),
      ...sums(resource, label),
    ];
  });
  return [...given, ...made].flatMap(({ value, name }) => {
    const trimmed = value.endsWith("\n") ? [{ value: value.trimEnd(), name: `${name}, trimmed` }] : [];
    // As it stands in a document: one that is handed over as JSON.
    const quoted = JSON.stringify(value.trimEnd()).slice(1, -1);
    const escaped = quoted === value.trimEnd() ? [] : [{ value: quoted, name: `${name}, escaped` }];
    return [{ value, name }, ...trimmed, ...escaped];
  });
}

function met(resource: ResourceSnapshot, label: string): Assigned[] {
  const stdout = property(resource, "stdout");
  const line = typeof stdout === "string" ? meeting.exec(stdout)?.[1] : undefined;
  if (line === undefined) return [];
  return Object.entries(JSON.parse(line) as Record<string, string>)
    .filter(([key, value]) => value !== "" && key !== "architecture")
    .map(([key, value]) => ({ value, name: `${key} from ${label}` }));
}

/** What an apply hands out: a token by chance, and the digest of a document that has certificates in it. */
function applied(resource: ResourceSnapshot, label: string): Assigned[] {
  if (!/\/(?:first-)?apply$/.test(resource.name)) return [];
  const stdout = property(resource, "stdout");
  if (typeof stdout !== "string") return [];
  const { token = "", digest = "" } = JSON.parse(stdout) as Record<string, string>;
  return [
    { value: token, name: `token of ${label}` },
    { value: digest, name: `digest of ${label}` },
  ].filter(({ value }) => value !== "");
}

/** Sums of the files of a document: those of certificates differ as the certificates do. */
function sums(resource: ResourceSnapshot, label: string): Assigned[] {
  const stdin = property(resource, "stdin");
  if (typeof stdin !== "string") return [];
  const files = /^\{"format":"reef-generation\/1",.*\}$/m.exec(stdin)?.[0];
  if (files === undefined) return [];
  const document = JSON.parse(files) as {
    readonly files: readonly { path: string; sha256: string; text?: string }[];
  };
  return document.files
    .filter(({ text = "" }) => text.includes("-----BEGIN CERTIFICATE-----"))
    .map(({ path, sha256 }) => ({ value: sha256, name: `sum of ${path} of ${label}` }));
}

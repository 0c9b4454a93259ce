/**
 * The edge's certificates: one for each zone, signed by an authority that the sandbox makes at its first start and that
 * its clients are told to trust. It stands for the public authorities that sign Cloudflare's.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import type { SandboxPaths } from "../../paths.ts";
import { generalNames, subjectName } from "../../providers/tls/names.ts";
import { decodePem, encodePem } from "../../providers/tls/pem.ts";
import { issueCertificate, publicKeyInfo, readAuthority, type Authority } from "../../providers/tls/x509.ts";

export interface EdgeAuthority {
  /** What clients trust. */
  readonly pem: string;
  readonly authority: Authority;
}

const authorityHours = 10 * 365 * 24;
/** As long as Cloudflare's own (ssl/edge-certificates/universal-ssl). */
const leafHours = 90 * 24;
const curve = { namedCurve: "P-256" } as const;

const common = { maxPathLength: undefined, setSubjectKeyId: true, setAuthorityKeyId: false } as const;

export function createAuthority(
  now = new Date(),
  commonName = "Sandbox edge CA",
): { readonly pem: string; readonly key: string } {
  const { privateKey } = generateKeyPairSync("ec", curve);
  const subscriber = {
    name: subjectName({ commonName, organization: "blackroad-network sandbox" }),
    alternativeNames: [],
    publicKey: publicKeyInfo(privateKey),
  };
  const terms = {
    ...common,
    allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
    validityPeriodHours: authorityHours,
    isCa: true,
  };
  const { der } = issueCertificate(subscriber, { self: privateKey }, terms, now);
  const key = privateKey.export({ format: "pem", type: "pkcs8" });
  return { pem: encodePem("CERTIFICATE", der), key: key.toString() };
}

export function openAuthority({ pem, key }: { pem: string; key: string }): EdgeAuthority {
  return { pem, authority: readAuthority(decodePem(pem, "CERTIFICATE"), createPrivateKey(key)) };
}

/** The file that clients of the sandbox's internet are given: `curl --cacert`. */
export function authorityFile(paths: SandboxPaths): string {
  return join(paths.keys, "edge-ca.pem");
}

/**
 * An authority of the sandbox, made at the first call. The certificate is renamed into its place last, and is what says
 * that there is one: a start that was killed in between makes both anew.
 */
function loadFrom(paths: SandboxPaths, name: string, commonName: string): EdgeAuthority {
  const keyFile = join(paths.keys, `${name}.key`);
  const file = join(paths.keys, `${name}.pem`);
  if (!existsSync(file) || !existsSync(keyFile)) {
    mkdirSync(paths.keys, { recursive: true, mode: 0o700 });
    const { pem, key } = createAuthority(new Date(), commonName);
    writeFileSync(keyFile, key, { mode: 0o600 });
    writeFileSync(`${file}.new`, pem, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  }
  return openAuthority({ pem: readFileSync(file, "utf8"), key: readFileSync(keyFile, "utf8") });
}

/** Of what the edge shows to clients. */
export function loadAuthority(paths: SandboxPaths): EdgeAuthority {
  return loadFrom(paths, "edge-ca", "Sandbox edge CA");
}

/** Of what the edge shows to origins that ask; in place of Cloudflare's own (`origin-pull.cloudflare.net`). */
export function loadPullAuthority(paths: SandboxPaths): EdgeAuthority {
  return loadFrom(paths, "origin-pull-ca", "Sandbox origin pull CA");
}

export interface Leaf {
  readonly cert: string;
  readonly key: string;
}

/** A server's certificate for exactly these names, which may begin with `*.`; or a client's. */
export function issueLeaf(
  { authority }: EdgeAuthority,
  names: readonly string[],
  now = new Date(),
  use: "server_auth" | "client_auth" = "server_auth",
): Leaf {
  const { privateKey }: { privateKey: KeyObject } = generateKeyPairSync("ec", curve);
  const [commonName = ""] = names;
  const subscriber = {
    name: subjectName({ commonName }),
    alternativeNames: generalNames({ dnsNames: names, ipAddresses: [], uris: [] }),
    publicKey: publicKeyInfo(privateKey),
  };
  const terms = {
    ...common,
    allowedUses: ["digital_signature", use],
    validityPeriodHours: leafHours,
    isCa: false,
  };
  const { der } = issueCertificate(subscriber, authority, terms, now);
  const key = privateKey.export({ format: "pem", type: "pkcs8" });
  return { cert: encodePem("CERTIFICATE", der), key: key.toString() };
}

/** What the edge shows to origins that ask for a certificate, renewed as its others are. */
export class PullCertificate {
  readonly #authority: EdgeAuthority;
  #leaf: { readonly leaf: Leaf; readonly made: number } | undefined;

  constructor(authority: EdgeAuthority) {
    this.#authority = authority;
  }

  leaf(): Leaf {
    if (this.#leaf === undefined || Date.now() - this.#leaf.made >= renewMilliseconds) {
      const leaf = issueLeaf(this.#authority, ["origin-pull.edge.test"], new Date(), "client_auth");
      this.#leaf = { leaf, made: Date.now() };
    }
    return this.#leaf.leaf;
  }
}

/** Renewed long before their end, should a sandbox live so long. */
const renewMilliseconds = (leafHours / 3) * 3_600_000;

/** Certificates by zone, made when they are first asked for: the zone's name and those one label below it. */
export class ZoneCertificates {
  readonly #authority: EdgeAuthority;
  readonly #contexts = new Map<string, { readonly context: SecureContext; readonly made: number }>();

  constructor(authority: EdgeAuthority) {
    this.#authority = authority;
  }

  context(zone: string): SecureContext {
    const found = this.#contexts.get(zone);
    if (found !== undefined && Date.now() - found.made < renewMilliseconds) return found.context;
    const context = createSecureContext(issueLeaf(this.#authority, [zone, `*.${zone}`]));
    this.#contexts.set(zone, { context, made: Date.now() });
    return context;
  }
}

/** Whether a zone's certificate has the name: Universal SSL goes one label deep. */
export function covers(zone: string, name: string): boolean {
  return name === zone || (name.endsWith(`.${zone}`) && !name.slice(0, -zone.length - 1).includes("."));
}

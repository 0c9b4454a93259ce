/** Certificates, judged by the openssl of the machine. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Operation, ResourceHandler } from "../../../sandbox/providers/shared/shell.ts";
import { Secret, Unknown, revealMap } from "../../../sandbox/providers/shared/values.ts";
import type { ValueMap } from "../../../sandbox/providers/shared/values.ts";
import { describeCertificate, tlsFunctions } from "../../../sandbox/providers/tls/functions.ts";
import { tlsResources } from "../../../sandbox/providers/tls/resources.ts";

const operation: Operation = {
  urn: "urn:pulumi:s::p::tls:x::n",
  name: "n",
  signal: new AbortController().signal,
  log: () => undefined,
};

let now = new Date();
const handlers = tlsResources(() => now);
let folder: string;

function handler(kind: string): ResourceHandler {
  const found = handlers.find(({ table }) => table.token.endsWith(`:${kind}`));
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
}

async function create(kind: string, inputs: ValueMap): Promise<Record<string, string> & { id: string }> {
  const checked = handler(kind).check(inputs);
  expect(checked.failures).toEqual([]);
  const { id, state } = await handler(kind).create(operation, checked.inputs);
  return { ...(revealMap(state) as Record<string, string>), id };
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

function openssl(...args: string[]): string {
  return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-tls-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const kinds = [
  { algorithm: "RSA", rsaBits: 2048 },
  { algorithm: "ECDSA" },
  { algorithm: "ECDSA", ecdsaCurve: "P256" },
  { algorithm: "ECDSA", ecdsaCurve: "P384" },
  { algorithm: "ECDSA", ecdsaCurve: "P521" },
  { algorithm: "ED25519" },
] as const;

describe.each(kinds)("a chain of %j", (kind) => {
  test("root, intermediate and leaf verify, and say what was asked", async () => {
    const [rootKey, middleKey, leafKey] = await Promise.all([
      create("PrivateKey", kind),
      create("PrivateKey", kind),
      create("PrivateKey", kind),
    ]);
    const root = await create("SelfSignedCert", {
      privateKeyPem: rootKey.privateKeyPem ?? "",
      subject: { commonName: "root", organization: "Road & Co", country: "DE" },
      validityPeriodHours: 240,
      allowedUses: ["cert_signing", "crl_signing"],
      isCaCertificate: true,
      setAuthorityKeyId: true,
      maxPathLength: 2,
    });
    const request = async (key: string, commonName: string, dnsNames: string[]) =>
      create("CertRequest", {
        privateKeyPem: key,
        subject: { commonName, organizationalUnit: "net", streetAddresses: ["b", "a"] },
        dnsNames,
        ipAddresses: ["10.0.0.1", "::ffff:10.0.0.2", "2001:db8::1"],
        uris: ["spiffe://road/x"],
      });
    const middleRequest = await request(middleKey.privateKeyPem ?? "", "middle", []);
    const middle = await create("LocallySignedCert", {
      caCertPem: root.certPem ?? "",
      caPrivateKeyPem: rootKey.privateKeyPem ?? "",
      certRequestPem: middleRequest.certRequestPem ?? "",
      validityPeriodHours: 120,
      allowedUses: ["cert_signing"],
      isCaCertificate: true,
    });
    const leafRequest = await request(leafKey.privateKeyPem ?? "", "leaf", ["*.road.test", "road.test"]);
    const leaf = await create("LocallySignedCert", {
      caCertPem: middle.certPem ?? "",
      caPrivateKeyPem: middleKey.privateKeyPem ?? "",
      certRequestPem: leafRequest.certRequestPem ?? "",
      validityPeriodHours: 24,
      earlyRenewalHours: 8,
      allowedUses: ["digital_signature", "server_auth", "client_auth"],
      setSubjectKeyId: true,
    });
    const files = [
      file("root.pem", root.certPem ?? ""),
      file("middle.pem", middle.certPem ?? ""),
      file("leaf.pem", leaf.certPem ?? ""),
    ] as const;
    expect(
      openssl(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        files[0],
        "-untrusted",
        files[1],
        files[2],
      ),
    ).toContain("OK");
    expect(openssl("req", "-verify", "-noout", "-in", file("r.pem", leafRequest.certRequestPem ?? ""))).toBe(
      "",
    );
    const shown = openssl("x509", "-noout", "-text", "-in", files[2]);
    expect(shown).toContain(
      "DNS:*.road.test, DNS:road.test, IP Address:10.0.0.1, IP Address:10.0.0.2, IP Address:2001:DB8:0:0:0:0:0:1, URI:spiffe://road/x",
    );
    expect(shown).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(shown).toMatch(/TLS Web Server Authentication, TLS Web Client Authentication/);
    expect(shown).toContain("Subject: OU = net, street = a + street = b, CN = leaf");
    const order = [...shown.matchAll(/X509v3 ([A-Za-z ]+):/g)].map((match) => match[1]);
    expect(order.slice(1)).toEqual([
      "Key Usage",
      "Extended Key Usage",
      "Basic Constraints",
      "Subject Key Identifier",
      "Authority Key Identifier",
      "Subject Alternative Name",
    ]);
    const certificate = new X509Certificate(leaf.certPem ?? "");
    expect(BigInt(`0x${certificate.serialNumber}`).toString()).toBe(leaf.id);
    expect(certificate.validToDate.getTime() - certificate.validFromDate.getTime()).toBe(86_400_000);
    expect(openssl("x509", "-noout", "-text", "-in", files[0])).toContain("CA:TRUE, pathlen:2");
    expect(root.keyAlgorithm).toBe(kind.algorithm);
    expect(leaf.caKeyAlgorithm).toBe(kind.algorithm);
  });
});

describe("self-signed certificates", () => {
  const ca = async (overrides: ValueMap): Promise<ValueMap> => ({
    privateKeyPem: (await create("PrivateKey", { algorithm: "ED25519" })).privateKeyPem ?? "",
    subject: { commonName: "x" },
    validityPeriodHours: 10,
    allowedUses: [],
    ...overrides,
  });
  const text = async (inputs: ValueMap) =>
    openssl(
      "x509",
      "-noout",
      "-text",
      "-in",
      file("s.pem", (await create("SelfSignedCert", inputs)).certPem ?? ""),
    );

  test("a path length of 0 is not written, as upstream does not", async () => {
    const shown = await text(await ca({ isCaCertificate: true, maxPathLength: 0 }));
    expect(shown).toContain("CA:TRUE\n");
  });
  test("a path length without a CA is refused", async () => {
    await expect(ca({ maxPathLength: 1 }).then(text)).rejects.toThrow("only CAs are allowed");
  });
  test("a CA without a subject is refused", async () => {
    await expect(ca({ isCaCertificate: true, subject: {} }).then(text)).rejects.toThrow("Distinguished Name");
  });
  test("an authority key id needs a subject key id", async () => {
    await expect(ca({ setAuthorityKeyId: true }).then(text)).rejects.toThrow("Authority Key Identifier");
    const shown = await text(await ca({ setAuthorityKeyId: true, setSubjectKeyId: true }));
    expect(shown).toContain("X509v3 Authority Key Identifier");
  });
  test("without a subject the alternative names are critical", async () => {
    const shown = await text(await ca({ subject: {}, dnsNames: ["a.test"] }));
    expect(shown).toMatch(/Subject Alternative Name: critical/);
  });
  test("a bad address and a bad use are refused", async () => {
    await expect(ca({ ipAddresses: ["10.0.0.256"] }).then(text)).rejects.toThrow("Invalid IP address");
    const { failures } = handler("SelfSignedCert").check(await ca({ allowedUses: ["flying"] }));
    expect(failures).toHaveLength(1);
    expect(failures[0]?.reason).toContain("flying");
  });
  test("an e-mail address is the subject's last part", async () => {
    const shown = await text(await ca({ subject: { emailAddress: "a@b.test", commonName: "x" } }));
    expect(shown).toContain("Subject: CN = x, emailAddress = a@b.test");
  });
  test("after 2049 the time is generalised", async () => {
    const shown = await text(await ca({ validityPeriodHours: 24 * 365 * 30 }));
    expect(shown).toMatch(/Not After : .* 20[5-9]\d GMT/);
  });
});

describe("renewal", () => {
  test("is planned early, shows on refresh, and starts anew", async () => {
    const started = new Date("2026-01-01T00:00:00.000Z");
    now = started;
    const certificate = handler("SelfSignedCert");
    const inputs: ValueMap = {
      privateKeyPem: (await create("PrivateKey", { algorithm: "ED25519" })).privateKeyPem ?? "",
      validityPeriodHours: 24,
      earlyRenewalHours: 8,
      allowedUses: [],
    };
    const { id, state } = await certificate.create(operation, inputs);
    expect(state.readyForRenewal).toBe(false);
    expect(Date.parse(state.validityEndTime as string) - started.getTime()).toBe(86_400_000);

    now = new Date(started.getTime() + 15.9 * 3_600_000);
    expect(certificate.diff(state, inputs)).toEqual({ changed: [], replaces: [] });
    expect((await certificate.read?.(id, state))?.state.readyForRenewal).toBe(false);

    now = new Date(started.getTime() + 16 * 3_600_000);
    expect(certificate.diff(state, inputs).replaces).toEqual(["readyForRenewal"]);
    expect((await certificate.read?.(id, state))?.state.readyForRenewal).toBe(true);

    const earlier = { ...inputs, earlyRenewalHours: 2 };
    expect(certificate.diff(state, earlier)).toEqual({ changed: ["earlyRenewalHours"], replaces: [] });
    const updated = await certificate.update?.(operation, id, state, earlier);
    expect(updated).toMatchObject({ earlyRenewalHours: 2, certPem: state.certPem, readyForRenewal: false });
    expect(certificate.diff(state, { ...inputs, earlyRenewalHours: new Unknown() }).changed).toContain(
      "earlyRenewalHours",
    );
    now = new Date();
  });
});

describe("every property", () => {
  const changes: Readonly<
    Record<string, Readonly<Record<string, readonly [ValueMap, ValueMap, "replace" | "update" | "same"]>>>
  > = {
    PrivateKey: {
      algorithm: [{ algorithm: "RSA" }, { algorithm: "ED25519" }, "replace"],
      rsaBits: [{ algorithm: "ED25519" }, { algorithm: "ED25519", rsaBits: 4096 }, "replace"],
      "rsaBits by default": [{ algorithm: "ED25519" }, { algorithm: "ED25519", rsaBits: 2048 }, "same"],
      ecdsaCurve: [{ algorithm: "ED25519" }, { algorithm: "ED25519", ecdsaCurve: "P256" }, "replace"],
    },
  };
  test.each(Object.entries(changes.PrivateKey ?? {}))(
    "of PrivateKey: %s",
    async (_name, [before, after, effect]) => {
      const { state } = await handler("PrivateKey").create(operation, before);
      const { changed, replaces } = handler("PrivateKey").diff(state, after);
      expect(replaces.length > 0 ? "replace" : changed.length > 0 ? "update" : "same").toBe(effect);
    },
  );

  test("a PEM input replaces, one that is no PEM updates", () => {
    const request = handler("CertRequest");
    const pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    expect(request.diff({ privateKeyPem: new Secret(pem) }, { privateKeyPem: "other" }).replaces).toEqual([
      "privateKeyPem",
    ]);
    expect(request.diff({ privateKeyPem: "hashed" }, { privateKeyPem: pem })).toEqual({
      changed: ["privateKeyPem"],
      replaces: [],
    });
  });
});

describe("getCertificate", () => {
  test("describes as Go does", async () => {
    const key = await create("PrivateKey", { algorithm: "ECDSA", ecdsaCurve: "P384" });
    const cert = await create("SelfSignedCert", {
      privateKeyPem: key.privateKeyPem ?? "",
      subject: { commonName: "a, b", organization: "O", country: "DE", emailAddress: "a@b.test" },
      validityPeriodHours: 1,
      allowedUses: [],
    });
    const found = describeCertificate(
      Buffer.from((cert.certPem ?? "").replace(/-----[^-]+-----/g, ""), "base64"),
    );
    expect(found).toMatchObject({
      signatureAlgorithm: "ECDSA-SHA384",
      publicKeyAlgorithm: "ECDSA",
      serialNumber: cert.id,
      isCa: false,
      maxPathLength: -1,
      version: 3,
      certPem: cert.certPem,
    });
    expect(found.subject).toMatch(/^CN=a\\, b,O=O,C=DE,1\.2\.840\.113549\.1\.9\.1=#/);
    const invoke = tlsFunctions.find(({ token }) => token.endsWith(":getCertificate"));
    const result = await invoke?.invoke(operation, { content: cert.certPem ?? "" });
    expect(result?.certificates).toEqual([found]);
    await expect(invoke?.invoke(operation, {})).rejects.toThrow("exactly one");
  });
});

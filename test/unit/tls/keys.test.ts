/** Private keys and their forms, judged by ssh-keygen and openssl of the machine. */
import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Operation } from "../../../sandbox/providers/shared/shell.ts";
import { Secret, revealMap } from "../../../sandbox/providers/shared/values.ts";
import { tlsFunctions } from "../../../sandbox/providers/tls/functions.ts";
import { tlsResources } from "../../../sandbox/providers/tls/resources.ts";

const operation: Operation = {
  urn: "urn:pulumi:s::p::tls:x::n",
  name: "n",
  signal: new AbortController().signal,
  log: () => undefined,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roadnet-keys-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function privateKeys() {
  const found = tlsResources().find(({ table }) => table.token.endsWith(":PrivateKey"));
  if (found === undefined) throw new Error("there is no PrivateKey");
  return found;
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8" });
}

const kinds = [
  { algorithm: "RSA", rsaBits: 2048, heading: "RSA PRIVATE KEY" },
  { algorithm: "ECDSA", ecdsaCurve: "P256", heading: "EC PRIVATE KEY" },
  { algorithm: "ECDSA", ecdsaCurve: "P384", heading: "EC PRIVATE KEY" },
  { algorithm: "ECDSA", ecdsaCurve: "P521", heading: "EC PRIVATE KEY" },
  { algorithm: "ED25519", heading: "PRIVATE KEY" },
] as const;

describe.each(kinds)("$algorithm $ecdsaCurve", ({ heading, ...inputs }) => {
  test("is the same key in every form", async () => {
    const { id, state } = await privateKeys().create(operation, inputs);
    const forms = revealMap(state) as Record<string, string>;
    expect(forms.privateKeyPem).toContain(`-----BEGIN ${heading}-----\n`);
    expect(forms.privateKeyPemPkcs8).toContain("-----BEGIN PRIVATE KEY-----\n");
    expect(id).toMatch(/^[0-9a-f]{40}$/);

    const file = join(folder, `${id}.openssh`);
    writeFileSync(file, forms.privateKeyOpenssh ?? "", { mode: 0o600 });
    const line = run("ssh-keygen", "-y", "-P", "", "-f", file);
    expect(line.trim()).toBe(forms.publicKeyOpenssh?.trim());
    expect(forms.publicKeyOpenssh?.endsWith("\n")).toBe(true);
    const publicFile = join(folder, `${id}.pub`);
    writeFileSync(publicFile, forms.publicKeyOpenssh ?? "");
    expect(run("ssh-keygen", "-l", "-f", publicFile)).toContain(
      ` ${forms.publicKeyFingerprintSha256 ?? "?"} `,
    );
    expect(run("ssh-keygen", "-l", "-E", "md5", "-f", publicFile)).toContain(
      `MD5:${forms.publicKeyFingerprintMd5 ?? "?"} `,
    );
    const pem = join(folder, `${id}.pem`);
    writeFileSync(pem, forms.privateKeyPem ?? "", { mode: 0o600 });
    expect(run("openssl", "pkey", "-in", pem, "-pubout")).toBe(forms.publicKeyPem);
    const pkcs8 = createPrivateKey(forms.privateKeyPemPkcs8 ?? "").export({ format: "der", type: "pkcs8" });
    const plain = createPrivateKey(forms.privateKeyPem ?? "").export({ format: "der", type: "pkcs8" });
    expect(pkcs8.equals(plain)).toBe(true);

    const getPublicKey = tlsFunctions.find(({ token }) => token.endsWith(":getPublicKey"));
    for (const form of ["privateKeyPem", "privateKeyOpenssh"] as const) {
      const found = await getPublicKey?.invoke(operation, { [form]: forms[form] ?? "" });
      expect(found).toMatchObject({
        id,
        algorithm: inputs.algorithm,
        publicKeyPem: forms.publicKeyPem,
        publicKeyOpenssh: forms.publicKeyOpenssh,
      });
      expect(found?.[form]).toBeInstanceOf(Secret);
    }
  });
});

test("P224, the default curve, has no OpenSSH form", async () => {
  const { state } = await privateKeys().create(operation, { algorithm: "ECDSA" });
  expect(revealMap(state)).toMatchObject({
    ecdsaCurve: "P224",
    rsaBits: 2048,
    privateKeyOpenssh: "",
    publicKeyOpenssh: "",
    publicKeyFingerprintMd5: "",
    publicKeyFingerprintSha256: "",
  });
});

test("the private forms alone are secret", async () => {
  const { state } = await privateKeys().create(operation, { algorithm: "ED25519" });
  const secrets = Object.keys(state).filter((key) => state[key] instanceof Secret);
  expect(secrets.sort()).toEqual(["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"]);
});

test("what is no algorithm, curve or property is refused", () => {
  const { failures } = privateKeys().check({ algorithm: "DSA", ecdsaCurve: "P1", rsaBits: 2048.5, size: 1 });
  expect(failures.map(({ property }) => property).sort()).toEqual([
    "algorithm",
    "ecdsaCurve",
    "rsaBits",
    "size",
  ]);
  expect(privateKeys().check({}).failures[0]?.reason).toBe("Missing required property 'algorithm'");
});

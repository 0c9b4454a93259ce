/** The stand-ins for command, tls and random under the real engine, with the published SDKs. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSshKey, startHost } from "../unit/command/ssh-host.ts";
import type { TestHost } from "../unit/command/ssh-host.ts";
import { startEngine } from "./engine.ts";
import type { TestEngine } from "./engine.ts";
import { sdkVersion } from "../../sandbox/providers/shared/version.ts";

let engine: TestEngine;
let host: TestHost;
const login = newSshKey();
const input = "an input that is secret";

beforeAll(async () => {
  host = await startHost({ authorizedKeys: [login.public] });
  engine = await startEngine(
    { command: sdkVersion("command"), tls: sdkVersion("tls"), random: sdkVersion("random") },
    { SSH_AUTH_SOCK: "" },
  );
}, 60_000);

afterAll(async () => {
  await engine.remove();
  await host.close();
});

const createCommand = "cat | wc -c; echo aside >&2";

function program(trigger: string, remote = `create: ${JSON.stringify(createCommand)}`): string {
  return `
    const pulumi = require("@pulumi/pulumi");
    const command = require("@pulumi/command");
    const random = require("@pulumi/random");
    const tls = require("@pulumi/tls");
    const connection = {
      host: "127.0.0.1",
      port: ${host.port},
      user: "operator",
      hostKey: ${JSON.stringify(host.hostKey)},
      privateKey: ${JSON.stringify(login.private)},
    };
    const password = new random.RandomPassword("password", { length: 20, keepers: { a: "1" } });
    const pet = new random.RandomPet("pet");
    const key = new tls.PrivateKey("key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
    const ca = new tls.SelfSignedCert("ca", {
      privateKeyPem: key.privateKeyPem,
      subject: { commonName: "ca" },
      isCaCertificate: true,
      allowedUses: ["cert_signing"],
      validityPeriodHours: 48,
      earlyRenewalHours: 4,
    });
    const request = new tls.CertRequest("request", { privateKeyPem: key.privateKeyPem, dnsNames: ["a.test"] });
    const leaf = new tls.LocallySignedCert("leaf", {
      caCertPem: ca.certPem,
      caPrivateKeyPem: key.privateKeyPem,
      certRequestPem: request.certRequestPem,
      allowedUses: ["server_auth"],
      validityPeriodHours: 24,
    });
    const remote = new command.remote.Command("remote", {
      connection,
      ${remote},
      delete: "echo bye",
      stdin: pulumi.secret(${JSON.stringify(input)}),
      triggers: [${JSON.stringify(trigger)}],
    });
    const local = new command.local.Command("local", {
      create: pulumi.interpolate\`printf %s \${remote.stdout} >local.txt; echo done\`,
      assetPaths: ["local.txt"],
      archivePaths: ["local.*"],
    });
    exports.stdout = remote.stdout;
    exports.stderr = remote.stderr;
    exports.local = local.stdout;
    exports.asset = local.assets.apply((assets) => Object.keys(assets ?? {}));
    exports.ran = command.local.runOutput({ command: "echo ran" }).stdout;
    exports.publicKey = tls.getPublicKeyOutput({ privateKeyPem: key.privateKeyPem }).publicKeyPem.apply(
      async (pem) => pem === (await new Promise((resolve) => key.publicKeyPem.apply(resolve))),
    );
    exports.privateKey = key.privateKeyPem;
    exports.leaf = leaf.certPem;
    exports.password = password.result;
    exports.pet = pet.id;
  `;
}

test("up, no change, a changed trigger replaces, destroy", { timeout: 300_000 }, async () => {
  await engine.program(program("one"));
  const preview = await engine.succeed("preview");
  expect(preview).toContain("9 to create");
  expect(host.seen.commands).toEqual([]);

  const up = await engine.succeed("up", "--yes", "--skip-preview");
  expect(up).not.toContain(input);
  const outputs = JSON.parse(await engine.succeed("stack", "output", "--json")) as Record<string, unknown>;
  expect(outputs).toMatchObject({
    stdout: String(input.length),
    stderr: "aside",
    local: "done",
    asset: ["local.txt"],
    ran: "ran",
    privateKey: "[secret]",
    password: "[secret]",
  });
  expect(outputs.leaf).toContain("-----BEGIN CERTIFICATE-----");
  expect(outputs.pet).toMatch(/^[a-z]+-[a-z]+$/);
  expect(host.seen.users).toEqual(["operator"]);

  expect(await engine.succeed("preview", "--expect-no-changes")).toContain("9 unchanged");

  await engine.program(program("two"));
  expect(await engine.succeed("up", "--yes", "--skip-preview")).toMatch(/\+-1 replaced/);
  expect(host.seen.commands.slice(1)).toEqual([createCommand, "echo bye"]);

  const state = await engine.succeed("stack", "export");
  for (const secret of ["PRIVATE KEY", input, "127.0.0.1"]) expect(state).not.toContain(secret);

  // Last, because the engine keeps only the hashes of assets from a provider that is asked to read.
  expect(await engine.succeed("refresh", "--yes", "--skip-preview")).toContain("9 unchanged");
  await engine.succeed("destroy", "--yes", "--skip-preview");
  expect(host.seen.commands.at(-1)).toBe("echo bye");
  expect(host.open.size).toBe(0);
});

test("a failure shows the command and its output, and leaves the rest", { timeout: 300_000 }, async () => {
  await engine.program(program("one", `create: "echo why; exit 9"`));
  const { code, output } = await engine.pulumi("up", "--yes", "--skip-preview");
  expect(code).not.toBe(0);
  expect(output).toContain('Process exited with status 9: running "echo why; exit 9":\n');
  expect(output).toContain("why");
  expect(output).not.toContain(input);
  await engine.succeed("destroy", "--yes", "--skip-preview");
});

test("what is wrong in the program is said before anything is made", { timeout: 120_000 }, async () => {
  await engine.program(`
    const tls = require("@pulumi/tls");
    new tls.PrivateKey("key", { algorithm: "DSA", bits: 1 });
  `);
  const { code, output } = await engine.pulumi("preview");
  expect(code).not.toBe(0);
  expect(output).toContain('algorithm value must be one of: "RSA", "ECDSA", "ED25519", got: "DSA"');
});

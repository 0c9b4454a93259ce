/** The search for secrets finds them: one of each kind is made, planted in every sort of place, and found there. */
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { runningMachines } from "../../sandbox/hosts/machine.ts";
import { runOrThrow } from "../../sandbox/hosts/run.ts";
import { checkpointFile } from "../../sandbox/interrupted.ts";
import { sandboxDirectory, sandboxPaths } from "../../sandbox/paths.ts";
import { leaks } from "./secrets-allowed.ts";
import { findPrivateKeys, forms, Searcher, type Secret, type SecretKind } from "./secrets-needles.ts";
import { decryptedState, diskPlaces, journals, processPlaces, stateCrypter } from "./secrets-places.ts";

const paths = sandboxPaths(sandboxDirectory());

describe("the search", () => {
  /** As a planted key would look, in the forms in which it is usually written. */
  interface Plant {
    readonly secret: Secret;
    readonly texts: readonly string[];
  }

  async function sshKey(type: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "rn-plant-"));
    try {
      const file = join(folder, "key");
      await runOrThrow(["ssh-keygen", "-q", "-t", type, "-N", "", "-f", file]);
      return readFileSync(file, "utf8");
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  function ofKey(kind: SecretKind, pem: string): Plant {
    const [bytes] = findPrivateKeys(pem);
    if (bytes === undefined) throw new Error("the planted key was not read");
    return { secret: { kind, owners: ["planted"], bytes }, texts: [pem] };
  }

  function ofText(kind: SecretKind, text: string): Plant {
    return { secret: { kind, owners: ["planted"], bytes: Buffer.from(text) }, texts: [text] };
  }

  async function plants(): Promise<Plant[]> {
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const ed = generateKeyPairSync("ed25519").privateKey;
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const wireguard = randomBytes(32);
    const tunnel = randomBytes(32);
    return [
      ofKey("operator key", await sshKey("ed25519")),
      ofKey("throw-away host key", await sshKey("ecdsa")),
      ofKey("host key", ed.export({ type: "pkcs8", format: "pem" }).toString()),
      ofKey("TLS key", ec.export({ type: "pkcs8", format: "pem" }).toString()),
      ofKey("TLS key", ec.export({ type: "sec1", format: "pem" }).toString()),
      ofKey("TLS key", rsa.export({ type: "pkcs8", format: "pem" }).toString()),
      {
        secret: { kind: "WireGuard key", owners: ["planted"], bytes: wireguard },
        texts: [wireguard.toString("base64")],
      },
      ofText("passphrase", randomBytes(32).toString("base64url")),
      ofText("Cloudflare token", randomBytes(30).toString("base64url")),
      ofText("shared secret", randomBytes(30).toString("base64url")),
      {
        secret: { kind: "tunnel secret", owners: ["planted"], bytes: tunnel },
        texts: [tunnel.toString("base64")],
      },
    ];
  }

  it("finds each kind in every form: as it is, in hex, in base64 at any offset, quoted, indented, nested", async () => {
    for (const { secret, texts } of await plants()) {
      const search = new Searcher([secret]);
      const found = (text: string): boolean => search.search([{ name: "here", text }]).length === 1;
      for (const form of forms(secret.bytes).values()) expect(found(`before ${form} after`)).toBe(true);
      for (const text of texts) {
        const indented = `key: |\n${text.replaceAll(/^/gm, "      ")}`;
        expect(found(text), secret.kind).toBe(true);
        expect(found(JSON.stringify({ text })), "quoted").toBe(true);
        expect(found(JSON.stringify({ state: JSON.stringify({ text }) })), "quoted twice").toBe(true);
        expect(found(indented), "indented").toBe(true);
        expect(found(text.replaceAll("\n", "\0")), "on a command line").toBe(true);
        for (const before of ["", "a", "ab"]) {
          const nested = Buffer.from(`${before}${indented}`).toString("base64");
          expect(found(nested), "user data").toBe(true);
          expect(found(Buffer.from(`x ${nested}`).toString("base64")), "in base64 twice").toBe(true);
        }
      }
      expect(found(`nothing ${randomBytes(4000).toString("base64")}`), "no false alarm").toBe(false);
    }
  });

  it("finds each kind planted in state, backups, logs, project, sockets' folder and another machine", async () => {
    const machine = runningMachines(paths)[0]?.name ?? "";
    const stack = checkpointFile(paths);
    const targets = [
      `${stack}.planted`,
      join(paths.state, ".pulumi", "history", "blackroad-network", "planted.json"),
      join(paths.log, "planted.log"),
      join(paths.project, "planted.yaml"),
      join(paths.run, "planted.json"),
      join(paths.pulumiHome, "logs", "planted.log"),
      join(paths.hosts, machine, "upper", "var", "log", "planted.log"),
    ];
    const all = await plants();
    const search = new Searcher(all.map(({ secret }) => secret));
    try {
      for (const [index, file] of targets.entries()) {
        mkdirSync(dirname(file), { recursive: true });
        const texts = all.flatMap((plant) => plant.texts);
        writeFileSync(file, index % 2 === 0 ? texts.join("\n") : JSON.stringify(texts), { mode: 0o600 });
      }
      const found = leaks(search.search(diskPlaces(paths)));
      for (const file of targets) {
        const here = found.filter((leak) => leak.includes(` ${relative(paths.root, file)}, `));
        expect(here, file).toHaveLength(all.length);
      }
    } finally {
      for (const file of targets) rmSync(file, { force: true });
    }
  });

  it("finds each kind that is encrypted in the state, but for what may be", async () => {
    const crypter = stateCrypter(paths);
    const file = `${checkpointFile(paths)}.planted`;
    const all = await plants();
    try {
      const encrypted = all.map(({ texts }) => ({ ciphertext: crypter.encrypt(JSON.stringify(texts)) }));
      writeFileSync(file, JSON.stringify(encrypted), { mode: 0o600 });
      const search = new Searcher(all.map(({ secret }) => secret));
      expect(leaks(search.search(diskPlaces(paths))), "not in the clear").toEqual([]);
      const kinds = search.search(decryptedState(paths)).map(({ secret }) => secret.kind);
      expect(kinds.sort()).toEqual(all.map(({ secret }) => secret.kind).sort());
      const refused = leaks(search.search(decryptedState(paths)));
      const drawn = ["throw-away host key", "shared secret", "tunnel secret"];
      expect(refused).toHaveLength(all.filter(({ secret }) => !drawn.includes(secret.kind)).length);
    } finally {
      rmSync(file, { force: true });
    }
  });

  it("finds each kind on a command line, in an environment and in a journal", async () => {
    const all = await plants();
    const search = new Searcher(all.map(({ secret }) => secret));
    const words = all.flatMap(({ texts }) => texts.map((text) => text.trim()));
    // It reads until it is ended: what it started would have its arguments too, for a moment.
    const argv = spawn("sh", ["-c", "read -r line", ...words], { stdio: ["pipe", "ignore", "ignore"] });
    const environment = Object.fromEntries(words.map((word, index) => [`PLANTED_${index}`, word]));
    const env = spawn("sleep", ["30"], { stdio: "ignore", env: { ...process.env, ...environment } });
    try {
      const places = processPlaces();
      for (const what of ["arguments of sh", "environment of sleep"]) {
        const here = places.filter(({ name }) => name.startsWith(what));
        expect(leaks(search.search(here)), what).toHaveLength(all.length);
      }
    } finally {
      argv.kill();
      env.kill();
    }
    const machine = runningMachines(paths)[0]?.name ?? "";
    await execInMachine(machine, ["systemd-cat", "-t", "planted"], { stdin: words.join("\n") }, paths);
    await execInMachine(machine, ["journalctl", "--sync"], {}, paths);
    const journal = (await journals(paths)).filter(({ name }) => name.endsWith(machine));
    // A journal takes each line as a message of its own, so only what fits into one can be told again.
    const whole = all.filter(({ texts }) => texts.every((text) => !text.includes("\n")));
    const found = search.search(journal).map(({ secret }) => secret.kind);
    expect(found).toEqual(expect.arrayContaining(whole.map(({ secret }) => secret.kind)));
  });
});

/**
 * No private key and no shared secret is where it does not belong: all that exist in the running sandbox are searched
 * for, in every form, in state, logs, project, stores, journals and processes. What may be somewhere is listed, with
 * the reason. That the search would find each is shown in secrets-planted.test.ts.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { askService } from "../../sandbox/ask.ts";
import { runPulumi } from "../../sandbox/engine.ts";
import { documentSymbols } from "../../components/plan/document.ts";
import { execInMachine } from "../../sandbox/hosts/exec.ts";
import { runningMachines } from "../../sandbox/hosts/machine.ts";
import { run } from "../../sandbox/hosts/run.ts";
import { namespaceName, sandboxDirectory, sandboxPaths } from "../../sandbox/paths.ts";
import { titledMachines } from "../../sandbox/titles.ts";
import { leaks } from "./secrets-allowed.ts";
import { Searcher, type Place, type Secret, type SecretKind } from "./secrets-needles.ts";
import { planOf } from "../unit/plan/subject.ts";
import { collectSecrets, decryptedState, diskPlaces, journals, processPlaces } from "./secrets-places.ts";

const paths = sandboxPaths(sandboxDirectory());
const plan = planOf("sandbox");

let secrets: readonly Secret[];
let searcher: Searcher;

beforeAll(async () => {
  secrets = await collectSecrets(paths, plan);
  searcher = new Searcher(secrets);
});

function count(kind: SecretKind): number {
  return secrets.filter((secret) => secret.kind === kind).length;
}

describe("the secrets of the sandbox", () => {
  it("are all known: of every machine its host key, of every tunnel its key", () => {
    expect(count("operator key")).toBe(1);
    expect(count("passphrase")).toBe(1);
    expect(count("Cloudflare token")).toBe(1);
    // Those of instances that other tests have replaced are in the history still.
    expect(count("throw-away host key"), "one for each instance").toBeGreaterThanOrEqual(6);
    expect(count("host key"), "one for each machine").toBe(runningMachines(paths).length);
    const tunnels = plan.hosts.filter(({ tunnelAddress }) => tunnelAddress !== undefined);
    expect(count("WireGuard key"), "one for each hub and peer").toBe(tunnels.length);
    const certificates = plan.hosts.flatMap(({ generation }) => generation.certificates);
    expect(count("TLS key"), "one for each certificate").toBe(certificates.length);
    const drawn = plan.hosts
      .flatMap(({ generation }) => documentSymbols(generation))
      .flatMap((symbol) => (symbol.kind === "shared-secret" ? [symbol.name] : []));
    expect(count("shared secret"), "one for each that two sides know").toBe(new Set(drawn).size);
    expect(count("tunnel secret")).toBe(1);
    const numbers = new Set(secrets.map(({ bytes }) => bytes.toString("hex")));
    expect(numbers.size, "no two are the same").toBe(secrets.length);
  });

  it("are readable by their owner alone", () => {
    for (const file of ["operator_ed25519", "passphrase", "cloudflare-token"]) {
      expect(statSync(join(paths.keys, file)).mode & 0o077, file).toBe(0);
    }
    for (const folder of [paths.root, paths.keys, paths.project]) {
      expect(statSync(folder).mode & 0o077, folder).toBe(0);
    }
  });

  it("are on disk in no place but their own: not in state, logs, project, stores or other machines", () => {
    const places: string[] = [];
    const counted = function* (): Iterable<Place> {
      for (const place of diskPlaces(paths)) {
        places.push(place.name);
        yield place;
      }
    };
    const findings = searcher.search(counted());
    expect(leaks(findings)).toEqual([]);
    // The search went everywhere that it is meant to.
    const stack = "state/.pulumi/stacks/blackroad-network/sandbox.json";
    const wanted = [stack, `${stack}.bak`, "log/pulumi.log", "log/aws.log", "project/Pulumi.sandbox.yaml"];
    expect(places).toEqual(expect.arrayContaining(wanted));
    for (const pattern of [
      /^state\/\.pulumi\/history\//,
      /^state\/\.pulumi\/backups\//,
      /^hosts\/i-.*\/upper\/var\/log\//,
      /^run\//,
    ]) {
      expect(
        places.some((name) => pattern.test(name)),
        String(pattern),
      ).toBe(true);
    }
    // And it does find what is there: every key of a machine on that machine.
    const own = findings.filter(({ place, secret: { owners } }) =>
      owners.some((owner) => place.startsWith(`hosts/${owner}/upper/etc`)),
    );
    const kept = secrets.filter(({ owners }) => owners.length > 0);
    expect(new Set(own.map(({ secret }) => secret))).toEqual(new Set(kept));
  });

  it("are in the state not even encrypted, but for what the program has drawn itself", () => {
    const findings = searcher.search(decryptedState(paths));
    expect(leaks(findings)).toEqual([]);
    const found = new Set(findings.map(({ secret }) => secret));
    const drawn = count("throw-away host key") + count("shared secret") + count("tunnel secret");
    expect(found.size, "all of those are in there").toBe(drawn);
  });

  it("are in what Pulumi itself shows of the stack only where it is asked to show secrets", async () => {
    const shown = await runPulumi(["stack", "export"], { paths });
    const opened = await runPulumi(["stack", "export", "--show-secrets"], { paths });
    const outputs = await runPulumi(["stack", "output", "--json", "--show-secrets"], { paths });
    const history = await runPulumi(["stack", "history", "--json", "--show-secrets"], { paths });
    for (const { exitCode, stderr } of [shown, opened, outputs, history]) expect(exitCode, stderr).toBe(0);
    expect(leaks(searcher.search([{ name: "export", text: shown.stdout }]))).toEqual([]);
    expect(leaks(searcher.search([{ name: "outputs", text: outputs.stdout }]))).toEqual([]);
    expect(leaks(searcher.search([{ name: "history", text: history.stdout }]))).toEqual([]);
    expect(leaks(searcher.search([{ name: "state/export, decrypted", text: opened.stdout }]))).toEqual([]);
  });

  it("are in no journal of a machine", async () => {
    expect(leaks(searcher.search(await journals(paths)))).toEqual([]);
  });

  it("are in the describe JSON only in user data", async () => {
    const { regions } = (await askService("aws", "GET", "/describe", undefined, paths)) as {
      regions: Record<string, Record<string, unknown>>;
    };
    const places = Object.values(regions).flatMap((region) =>
      Object.entries(region).map(([name, content]): Place => ({
        name: `describe ${name}`,
        text: JSON.stringify(content),
      })),
    );
    const calls = JSON.stringify(await askService("aws", "GET", "/calls", undefined, paths));
    const findings = searcher.search([...places, { name: "describe calls", text: calls }]);
    expect(leaks(findings)).toEqual([]);
    const found = new Set(findings.map(({ secret }) => secret));
    expect(found.size, "every instance's throw-away key is in its user data").toBeGreaterThanOrEqual(6);
  });

  it("are on no command line while a host is configured, and the token in the engine's environment alone", async () => {
    const machines = await titledMachines(paths);
    const title = machines.find(({ title: each }) => each === "us-west/lb-1")?.title ?? "us-west/lb-1";
    const urn = `urn:pulumi:sandbox::blackroad-network::blackroad:hosts:Host$command:remote:Command::${title}/apply`;
    // The script is there for a moment only, and a busy machine looks seldom: it may fall between two looks.
    let places: readonly Place[] = [];
    let turns = 0;
    // (Hosts made of files, in other tests' sandboxes, have a sudo of their own, which is a script.)
    while (!places.some(({ text }) => text.startsWith("sudo\0-n\0sh\0-s"))) {
      turns += 1;
      expect(turns, "turns in which the host's script was not seen").toBeLessThanOrEqual(5);
      places = [...places, ...(await placesWhileReplacing(urn))];
    }
    const findings = searcher.search(places);
    expect(leaks(findings)).toEqual([]);
    expect(
      findings.some(({ secret }) => secret.kind === "Cloudflare token"),
      "the engine has the token",
    ).toBe(true);
  });
});

/** Replaces one resource, and looks meanwhile at all processes, and at the files that come and go. */
async function placesWhileReplacing(urn: string): Promise<Place[]> {
  const places = new Map<string, Place>();
  const events: unknown[] = [];
  const engine = { ended: false };
  const running = runPulumi(["up", "--yes", "--skip-preview", "--replace", urn], {
    paths,
    onEvent: (event) => events.push(event),
  }).finally(() => {
    engine.ended = true;
  });
  for (let looks = 0; !engine.ended; looks += 1) {
    // Files are long, and do not go as quickly.
    for (const place of [...processPlaces(), ...(looks % 20 === 0 ? passingFiles() : [])]) {
      places.set(`${place.name}\0${place.text}`, place);
    }
    await sleep(50);
  }
  const { exitCode, stdout, stderr } = await running;
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain("1 replaced");
  return [
    ...places.values(),
    { name: "engine's output", text: `${stdout}${stderr}` },
    { name: "engine's events", text: JSON.stringify(events) },
  ];
}

/** Files that may be there only while the engine runs. */
function passingFiles(): Place[] {
  return [paths.log, paths.run, paths.project].flatMap((folder) =>
    readdirSync(folder).flatMap((name) => {
      try {
        return [{ name: `${basename(folder)}/${name}`, text: readFileSync(join(folder, name), "latin1") }];
      } catch {
        // A socket, or gone again.
        return [];
      }
    }),
  );
}

describe("a throw-away host key after first contact", () => {
  it("is refused by every instance, which offers the key of its own alone", async () => {
    const machines = await titledMachines(paths);
    const instances = machines.filter(({ name }) => name.startsWith("i-"));
    expect(instances).toHaveLength(plan.hosts.filter(({ instance }) => instance !== undefined).length);
    const { stdout } = await runPulumi(["stack", "output", "--json"], { paths });
    const outputs = JSON.parse(stdout) as { hosts: Record<string, { hostKey: string }> };
    for (const { title, address } of instances) {
      const hub = machines.find(({ title: each }) => each === `${dirname(title)}/hub-1`)?.name ?? "";
      const scan = ["ssh-keyscan", "-T", "5", "-t", "rsa,ecdsa,ed25519", address];
      const offered = await execInMachine(hub, scan, { timeoutSeconds: 60 }, paths);
      const keys = offered.stdout.split("\n").filter((line) => /^[^#]/.test(line));
      const { hostKey } = outputs.hosts[title] ?? {};
      expect(
        keys.map((line) => line.split(" ").slice(1).join(" ")),
        title,
      ).toEqual([hostKey]);
    }
  });

  it("is no longer taken from a hub by the operator", async () => {
    const outputs = await runPulumi(["stack", "output", "--json"], { paths });
    const { hubs } = JSON.parse(outputs.stdout) as { hubs: Record<string, { publicAddress: string }> };
    expect(Object.keys(hubs)).toEqual(["eu-west", "us-west"]);
    for (const { publicAddress } of Object.values(hubs)) {
      const enter = ["ip", "netns", "exec", namespaceName("op", paths.root)];
      const scan = async (type: string): Promise<string> => {
        const { stdout } = await run([...enter, "ssh-keyscan", "-T", "5", "-t", type, publicAddress]);
        return stdout;
      };
      expect(await scan("ed25519")).toMatch(/ssh-ed25519 /);
      expect(await scan("ecdsa")).toBe("");
      const pinned = ["-o", "HostKeyAlgorithms=ecdsa-sha2-nistp256", "-o", "BatchMode=yes", "-F", "none"];
      const { exitCode, stderr } = await run([...enter, "ssh", ...pinned, `admin@${publicAddress}`, "true"]);
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(/no matching host key type/);
    }
  });
});

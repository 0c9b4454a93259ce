/**
 * What the program sends to a host, on a real Debian machine over real SSH: from the throw-away key in its user data
 * to the plan's generation of a hub, and then of a load balancer. Each test goes on from where the one before ended.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderCloudConfig } from "../../components/hosts/boot-identity.ts";
import { scriptCommand } from "../../components/hosts/command.ts";
import { parseMeeting, type Meeting } from "../../components/hosts/meeting.ts";
import { applyNumber, type HostPlanReport, type Observation } from "../../components/hosts/observation.ts";
import { operatorPublicKeyFile } from "../../sandbox/hosts/keys.ts";
import { startMachine } from "../../sandbox/hosts/machine.ts";
import { runOrThrow } from "../../sandbox/hosts/run.ts";
import {
  Connection,
  documentOf,
  hostOf,
  makeAuthority,
  peerKey,
  sign,
  stand,
  type Outcome,
} from "./generations-bed.ts";
import type { GenerationDocument } from "../../components/plan/document.ts";
import { inMachine, machine, operator, paths, root, setUp, tearDown } from "./hosts-bed.ts";

let hub: GenerationDocument;
const hubAddress = "10.0.1.10";
const balancerAddress = "10.0.1.20";

/** The repository's name: on this Ethernet nobody answers DNS, and the program owns /etc/hosts. */
async function nameRepository(): Promise<void> {
  await inMachine("i-a", "echo 192.168.77.1 packages.sandbox.test >>/etc/hosts");
}

function reportOf(observation: Observation): HostPlanReport {
  if (observation.kind !== "asked") throw new Error(`the host was not asked: ${JSON.stringify(observation)}`);
  return observation.report;
}

beforeAll(async () => {
  await setUp();
  hub = documentOf("us-west/hub-1", "");
}, 600_000);
afterAll(tearDown, 120_000);

describe("an instance", () => {
  let throwAway: string;
  let said: Meeting;
  let connection: Connection;
  let certificate: string;

  const confirm = async ({ token = "none" }: Outcome, path: string): Promise<unknown> => {
    const { exitCode, stderr } = await connection.confirm(token, path);
    return exitCode === 0 ? "confirmed" : stderr;
  };

  it("is met by the throw-away key of its user data, and makes its own", async () => {
    const file = join(root, "generations-throw-away");
    await runOrThrow(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", file]);
    throwAway = readFileSync(`${file}.pub`, "utf8").trim();
    const userData = renderCloudConfig({
      host: hostOf("us-west/hub-1"),
      authorizedKeys: [readFileSync(operatorPublicKeyFile(paths), "utf8").trim()],
      privateKey: readFileSync(file, "utf8"),
      publicKey: throwAway,
    });
    await startMachine(machine("i-a", "instance", { userData, instanceId: "i-a-1" }), paths);
    await stand(hubAddress, "203.0.113.7");
    await nameRepository();
    const meet = scriptCommand("meet", ["own", "tunnel", "00000000000000a1"], "");
    const stranger = new Connection(hubAddress, throwAway);
    said = parseMeeting("i-a", await stranger.sendOrThrow(meet));
    expect(parseMeeting("i-a", await stranger.sendOrThrow(meet))).toEqual(said);
    expect(said.architecture).toBe(await inMachine("i-a", "dpkg --print-architecture"));
    connection = new Connection(hubAddress, said.hostKey ?? "");
    expect(await inMachine("i-a", "cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub")).toBe(
      connection.pin,
    );
    expect(await inMachine("i-a", "stat -c '%a %U:%G' /etc/wireguard/private.key")).toBe("600 root:root");
  });

  it("has no agent at first, which is an answer; with another key than the pinned one there is none", async () => {
    expect(await connection.ask(hub)).toEqual({ kind: "bare", reachedBy: "way" });
    const other = `ssh-ed25519 ${Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20".padEnd(51, "x")).toString("base64")}`;
    expect(await connection.ask(hub, other)).toMatchObject({
      kind: "unreachable",
      reasons: { way: expect.stringContaining("Host key verification failed") as string },
    });
  });

  it("becomes a hub, known from then on by its own key alone", async () => {
    await connection.upload();
    const outcome = await connection.apply(hub, "direct", 1);
    expect(outcome).toMatchObject({ generation: 1, attempt: 1, changed: true });
    expect(outcome.packages).toContain("unbound");
    expect(await confirm(outcome, "direct")).toBe("confirmed");
    expect(await inMachine("i-a", "wg show wg0 public-key")).toBe(said.wireguardPublicKey);
    expect(await inMachine("i-a", "wg show wg0 allowed-ips | cut -f 2 | sort")).toBe(
      "10.200.0.10/32 192.168.4.0/24\n10.200.0.11/32\n10.200.0.20/32 10.64.0.0/16",
    );
    expect(await inMachine("i-a", "hostname")).toBe("hub-1.us-west");
    const { stderr } = await new Connection(hubAddress, throwAway).send({ commandLine: "true", stdin: "" });
    expect(stderr).toContain("no matching host key type");
    expect(await inMachine("i-a", "ssh-keyscan 127.0.0.1 2>/dev/null | cut -d ' ' -f 2,3")).toBe(
      connection.pin,
    );
    expect(await inMachine("i-a", "systemctl --failed --no-legend")).toBe("");
  });

  it("is in order then, under the number that it was given", async () => {
    const observation = await connection.ask(hub);
    expect(reportOf(observation)).toMatchObject({
      ...{ attempt: 1, inOrder: true, numbers: { direct: 1 }, drift: [], difference: [] },
      committed: { number: 1 },
    });
    expect(applyNumber(observation)).toBe(1);
  });

  it("stays as it is when the same comes again", async () => {
    const before = await inMachine("i-a", "systemctl show -p InvocationID --value ssh unbound chrony");
    const outcome = await connection.apply(hub, "direct", 2);
    expect(outcome).toMatchObject({ generation: 1, attempt: 2, changed: false });
    expect(outcome.token).toBeUndefined();
    expect(await confirm(outcome, "direct")).toBe("confirmed");
    expect(await inMachine("i-a", "systemctl show -p InvocationID --value ssh unbound chrony")).toBe(before);
    expect(applyNumber(await connection.ask(hub))).toBe(2);
  });

  it("takes up a peer's new key without taking the tunnel down", async () => {
    const index = await inMachine("i-a", "cat /sys/class/net/wg0/ifindex");
    const changed = documentOf("us-west/hub-1", "", "new ");
    const observation = await connection.ask(changed);
    expect(reportOf(observation).inOrder).toBe(false);
    expect(reportOf(observation).difference.length).toBeGreaterThan(0);
    const outcome = await connection.apply(changed, "direct", applyNumber(observation));
    expect(outcome).toMatchObject({ generation: 3, changed: true });
    expect(outcome.written).toEqual(["/etc/wireguard/wg0.conf"]);
    expect(await confirm(outcome, "direct")).toBe("confirmed");
    expect(await inMachine("i-a", "wg show wg0 peers")).toContain(peerKey("edge-home/lucidia", "new "));
    expect(await inMachine("i-a", "wg show wg0 peers | wc -l")).toBe("3");
    expect(await inMachine("i-a", "cat /sys/class/net/wg0/ifindex")).toBe(index);
  });

  it("goes on with what an engine that was killed has left, and takes the first token no more", async () => {
    const first = await connection.apply(hub, "direct", 4);
    const observation = await connection.ask(hub);
    expect(reportOf(observation)).toMatchObject({ inOrder: false, open: { number: 4 } });
    const again = await connection.apply(hub, "direct", applyNumber(observation));
    expect(again).toMatchObject({ generation: 4, attempt: 5, resumed: true });
    expect(await confirm(first, "direct")).toContain("not the token");
    expect(await confirm(again, "direct")).toBe("confirmed");
    expect(reportOf(await connection.ask(hub))).toMatchObject({ attempt: 5, inOrder: true });
  });

  it("makes a key and a request, which an authority signs, and becomes a load balancer without a tunnel", async () => {
    const [planned] = hostOf("us-west/lb-1").generation.certificates;
    if (planned === undefined) throw new Error("the plan has no certificate for us-west/lb-1");
    const { keyPath, keyOwner, dnsNames } = planned;
    const authority = await makeAuthority();
    const what = {
      key: keyPath,
      owner: keyOwner,
      algorithm: "ecdsa-p256",
      commonName: dnsNames[0],
      dnsNames,
    };
    const request = await connection.request(what);
    expect(await connection.request(what)).toBe(request);
    certificate = `${await sign(`${request}\n`)}${readFileSync(authority, "utf8")}`;
    const balancer = documentOf("us-west/lb-1", certificate);
    await inMachine("i-a", `ip address del ${hubAddress}/32 dev eth0`);
    await stand(balancerAddress, hubAddress);
    await nameRepository();
    // The hub's own table lets nobody else in as often as it takes; the balancer's does.
    connection = new Connection(balancerAddress, connection.pin);
    const outcome = await connection.apply(balancer, "hub", 6);
    expect(outcome).toMatchObject({ generation: 6, changed: true });
    expect(await confirm(outcome, "hub")).toBe("confirmed");
    expect(await inMachine("i-a", `stat -c '%a %U:%G' ${keyPath}`)).toBe("600 root:root");
    expect(await inMachine("i-a", "systemctl is-active nginx")).toBe("active");
    expect(await inMachine("i-a", "ls /etc/wireguard")).toBe("private.key");
    expect(await inMachine("i-a", "ip link show wg0 2>&1 || true")).toContain("does not exist");
    expect(await inMachine("i-a", "systemctl --failed --no-legend")).toBe("");
    expect(reportOf(await connection.ask(balancer))).toMatchObject({ inOrder: true, drift: [] });
  });

  it("shows the certificate to whoever asks by its names", async () => {
    const curl = ["curl", "-s", "--max-time", "10", "--cacert", join(root, "ca.pem")];
    const resolve = ["--resolve", `api.blackroad.io:443:${balancerAddress}`];
    const words = [
      ...curl,
      ...resolve,
      "-o",
      join(root, "page"),
      "-w",
      "%{ssl_verify_result} %{http_version}",
    ];
    const url = "https://api.blackroad.io/";
    expect(await runOrThrow(["ip", "netns", "exec", operator, ...words, url])).toBe("0 2");
  });

  it("keeps what runs when the next generation is refused, and its number is used up", async () => {
    const balancer = documentOf("us-west/lb-1", certificate);
    const nonsense = {
      text: "nonsense;\n",
      sha256: createHash("sha256").update("nonsense;\n").digest("hex"),
    };
    const broken = {
      ...balancer,
      files: balancer.files.map((file) =>
        file.path === "/etc/nginx/nginx.conf" ? { ...file, ...nonsense } : file,
      ),
    };
    const before = await inMachine("i-a", "cat /etc/nginx/nginx.conf");
    const { exitCode, stderr } = await connection.tryToApply(broken, "hub", 7);
    expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/nginx.*nonsense/s)]);
    expect(await inMachine("i-a", "cat /etc/nginx/nginx.conf")).toBe(before);
    expect(await inMachine("i-a", "systemctl is-active nginx")).toBe("active");
    const observation = await connection.ask(balancer);
    expect(reportOf(observation)).toMatchObject({ attempt: 7, drift: [], committed: { number: 6 } });
    const outcome = await connection.apply(balancer, "hub", applyNumber(observation));
    expect(outcome).toMatchObject({ generation: 6, attempt: 8, changed: false });
    expect(reportOf(await connection.ask(balancer))).toMatchObject({ attempt: 8, inOrder: true });
  });
});

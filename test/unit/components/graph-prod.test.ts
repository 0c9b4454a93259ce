import { describe, expect, it } from "vitest";

import type { NetworkOutputs } from "../../../components/outputs.ts";
import { documentOf, isSecret, payloadOf } from "./golden.ts";
import { awaitedBy } from "./graph-order.ts";
import { describeGraph } from "./graph.ts";

const run = describeGraph("prod");

describe("how the program of prod reaches its hosts", () => {
  const commands = () => run().resources.filter(({ type }) => type === "command:remote:Command");
  const inputsOf = (label: string): Readonly<Record<string, unknown>> => {
    const command = commands().find(({ name }) => name === label);
    if (command === undefined) throw new Error(`there is no ${label}`);
    return command.inputs;
  };
  const connectionOf = (label: string): Readonly<Record<string, unknown>> => {
    const { connection } = inputsOf(label);
    return (isSecret(connection) ? connection.value : {}) as Record<string, unknown>;
  };

  it("meets an instance by its throw-away key, then knows it by the key that it made", () => {
    expect(connectionOf("us-west/api-1/meet").hostKey).toBe(
      "ecdsa-sha2-nistp256 PUBLIC(us-west/api-1/boot-host-key)",
    );
    const known = (run().outputs as unknown as NetworkOutputs).hosts["us-west/api-1"]?.hostKey;
    expect(known).toMatch(/^ssh-ed25519 /);
    for (const step of ["apply", "confirm/hub"])
      expect(connectionOf(`us-west/api-1/${step}`).hostKey).toBe(known);
  });

  it("waits on the bastion for what is behind it, before the first contact", () => {
    const waits = (name: string): readonly string[] => [...awaitedBy(run(), name)];
    expect(waits("eu-west/lb-1/meet")).toEqual(
      expect.arrayContaining(["eu-west/hub-1/meet", "eu-west/lb-1/reachable"]),
    );
    expect(waits("eu-west/lb-1/reachable")).toContain("eu-west/hub-1/meet");
    expect(waits("us-west/hub-1/meet")).toEqual([]);
  });

  it("configures a Pi on its LAN until the tunnel leads to it, once the name of the tunnel's end is there", () => {
    expect(connectionOf("edge-home/lucidia/first-apply")).toMatchObject({ user: "pi", host: "192.168.4.38" });
    expect(connectionOf("edge-home/lucidia/apply")).toMatchObject({ user: "pi", host: "10.200.0.10" });
    const upload = run().resources.find(({ name }) => name === "edge-home/lucidia/first-agent");
    expect(upload?.dependsOn).toContain(
      "cloudflare:index/dnsRecord:DnsRecord blackroad.io/vpn.blackroad.io/A/us-west/hub-1",
    );
    // What was done on the LAN is done again for a new number only, which the host decides.
    const { options } = commands().find(({ name }) => name === "edge-home/lucidia/first-apply") ?? {};
    expect(options?.ignoreChanges).toEqual(["connection", "create", "stdin"]);
    const { triggers } = inputsOf("edge-home/lucidia/first-apply");
    expect((triggers as unknown[]).at(-1)).toBe(1);
  });

  it("leads a second Pi's confirmation over the first one's LAN as well", () => {
    const lan = connectionOf("edge-home/blackroad-pi/confirm/lan");
    expect(lan).toMatchObject({ host: "192.168.4.64" });
    expect(awaitedBy(run(), "edge-home/blackroad-pi/first-agent")).toContain(
      "edge-home/lucidia/confirm/tunnel",
    );
    const document = documentOf(inputsOf("edge-home/blackroad-pi/apply").stdin);
    expect(document?.management.map(({ name }) => name)).toEqual(["tunnel", "lan"]);
  });

  it("writes the hubs' and peers' public keys into each other's documents", () => {
    const tunnel = documentOf(inputsOf("us-west/hub-1/apply").stdin)?.wireguard as [
      { readonly peers: readonly { readonly publicKey: string }[] },
    ];
    const key = Buffer.from("edge-home/lucidia".padEnd(32, ".")).toString("base64");
    expect(tunnel[0].peers.map(({ publicKey }) => publicKey)).toContain(key);
  });

  it("signs what the host requests, with the names of its plan, and sends it the certificate", () => {
    const request = JSON.parse(
      payloadOf(String(inputsOf("us-west/lb-1/certificate-request/web").stdin)),
    ) as Record<string, unknown>;
    expect(request).toMatchObject({
      key: "/etc/ssl/blackroad.key",
      owner: "root:root",
      algorithm: "ecdsa-p256",
      dnsNames: ["api.blackroad.io", "ws.blackroad.io", "lb-1.us-west"],
      addresses: ["10.0.1.20"],
    });
    const signed = run().resources.find(
      ({ type, name }) => type.endsWith(":LocallySignedCert") && name === "us-west/lb-1/certificate/web",
    );
    expect(signed?.inputs.certRequestPem).toContain("us-west/lb-1/certificate-request/web\n");
    expect(isSecret(signed?.inputs.caPrivateKeyPem)).toBe(true);
    expect(signed?.inputs).toMatchObject({
      allowedUses: ["digital_signature", "server_auth"],
      earlyRenewalHours: 720,
      validityPeriodHours: 8760,
    });
    const document = documentOf(inputsOf("us-west/lb-1/apply").stdin);
    const chain = "CERTIFICATE(us-west/lb-1/certificate/web)\nCERTIFICATE(ca/root)\n";
    expect(document?.files.find(({ text }) => text === chain)?.path).toBe("/etc/ssl/blackroad.crt");
    expect(document?.keys).toEqual([{ path: "/etc/ssl/blackroad.key", owner: "root:root", mode: "0600" }]);
  });
});

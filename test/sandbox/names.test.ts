/**
 * Names inside the network, as `dig` on the hosts gets them: from the resolver of each region's VPC, and at home over
 * the VPN from a hub's. What is forwarded goes as packets from the outbound endpoints to the stand-in for Consul.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { askService } from "../../sandbox/ask.ts";
import { instance, onHost, settle, withoutRule } from "./packets.ts";

beforeAll(settle);

/** Who asks, and whom. */
const askers = [
  ["us-west/api-1", "10.0.0.2"],
  ["us-west/lb-1", "169.254.169.253"],
  ["eu-west/api-1", "10.1.0.2"],
  ["edge-home/lucidia", "10.200.0.1"],
  ["edge-home/lucidia", "10.200.0.2"],
] as const;

interface Answer {
  readonly status: string;
  /** Of its answer section, in order. */
  readonly records: readonly string[];
}

async function dig(from: string, server: string, name: string, type = "A"): Promise<Answer> {
  const words = ["dig", "+tries=2", "+time=3", "+noall", "+comments", "+answer", `@${server}`, name, type];
  const { output } = await onHost(from, words);
  const lines = output.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
  return {
    status: /status: (\w+)/.exec(output)?.[1] ?? "no answer",
    // Name, time, class, type, data; the time runs down in caches.
    records: lines
      .map((line) => line.split(/\s+/))
      .map(([, , , kind, ...data]) => `${kind} ${data.join(" ")}`),
  };
}

describe.for(askers)("from %s, by %s", ([from, server]) => {
  test.for([
    ["redis.blackroad.internal", "10.0.10.50"],
    ["postgres.blackroad.internal", "10.0.20.10"],
    ["vault.blackroad.internal", "10.0.10.100"],
    ["lucidia.blackroad.internal", "192.168.4.38"],
  ] as const)("%s is %s", async ([name, address]) => {
    expect(await dig(from, server, name)).toEqual({ status: "NOERROR", records: [`A ${address}`] });
  });

  test("a service's name leads into .consul, which the stand-in answers", async () => {
    const { status, records } = await dig(from, server, "agent-service.blackroad.internal");
    expect(status).toBe("NOERROR");
    expect(records[0]).toBe("CNAME agent-service.consul.");
    expect(records.slice(1).sort()).toEqual(["A 10.0.10.11", "A 10.1.10.11"]);
  });

  test("the stand-in says what it is", async () => {
    const { records } = await dig(from, server, "consul", "TXT");
    expect(records).toEqual(['TXT "a stand-in of blackroad-network, until the mesh answers"']);
  });

  test("what neither knows does not exist, and the internet's names are answered as before", async () => {
    expect((await dig(from, server, "nobody.blackroad.internal")).status).toBe("NXDOMAIN");
    expect((await dig(from, server, "nobody.consul")).status).toBe("NXDOMAIN");
    const { publicAddress } = await instance("us-west/lb-1");
    expect(await dig(from, server, "ws.blackroad.io")).toEqual({
      status: "NOERROR",
      records: [`A ${publicAddress}`],
    });
  });
});

describe("nobody else knows the names", () => {
  test("the internet's name server does not", async () => {
    const asked = await dig("us-west/hub-1", "1.1.1.1", "redis.blackroad.internal");
    expect(asked).toEqual({ status: "NXDOMAIN", records: [] });
  });

  test("another VPC's resolver cannot be asked", async () => {
    expect((await dig("eu-west/api-1", "10.0.0.2", "redis.blackroad.internal")).status).toBe("no answer");
  });
});

describe("what is forwarded passes the gates", () => {
  test.for([
    ["us-west/api-1", "10.0.0.2", { group: "us-west/discovery", protocol: "udp", fromPort: 8600 }],
    [
      "eu-west/api-1",
      "10.1.0.2",
      { group: "eu-west/dns-outbound", egress: true, protocol: "udp", fromPort: 8600 },
    ],
  ] as const)("of %s by %s: %o", async ([from, server, gate]) => {
    const ask = async (): Promise<string> => (await dig(from, server, "memory-service.consul")).status;
    expect(await ask()).toBe("NOERROR");
    expect(await withoutRule(gate, ask)).not.toBe("NOERROR");
    expect(await ask()).toBe("NOERROR");
  });
});

describe("a private zone", () => {
  interface Zones {
    readonly global: {
      readonly "hosted-zones": Readonly<Record<string, { readonly HostedZone: { readonly Name: string } }>>;
    };
  }

  test("is answered from what AWS has now", async () => {
    const { global } = (await askService("aws", "GET", "/describe")) as Zones;
    const zones = Object.entries(global["hosted-zones"]);
    const id = zones.find(([, { HostedZone }]) => HostedZone.Name === "blackroad.internal.")?.[0] ?? "";
    const drift = { region: "us-west-2", action: "modify", id: `${id}_redis.blackroad.internal_A` };
    const ask = () => dig("eu-west/api-1", "10.1.0.2", "redis.blackroad.internal");
    await askService("aws", "POST", "/drift", { ...drift, set: { records: ["10.0.10.51"] } });
    try {
      await expect.poll(async () => (await ask()).records, { timeout: 10_000 }).toEqual(["A 10.0.10.51"]);
    } finally {
      await askService("aws", "POST", "/drift", { ...drift, set: { records: ["10.0.10.50"] } });
    }
    await expect.poll(async () => (await ask()).records, { timeout: 10_000 }).toEqual(["A 10.0.10.50"]);
  });
});

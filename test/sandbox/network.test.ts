/**
 * The network of the sandbox stack, asked with real packets from the hosts themselves. Every flow that is meant to
 * pass is also seen to fail when the rule or route that carries it is taken away: a test that cannot fail shows
 * nothing.
 */
import { beforeAll, describe, expect, test } from "vitest";
import {
  connect,
  fetchFrom,
  inNamespace,
  instance,
  onHost,
  settle,
  withoutRoute,
  withoutRule,
} from "./packets.ts";

beforeAll(settle);

const apis = { "us-west": "10.0.10.11", "eu-west": "10.1.10.11" } as const;
const regions = ["us-west", "eu-west"] as const;

/** A test of both regions at once: most of it waits for packets that never come. */
function inEachRegion(title: string, look: (region: (typeof regions)[number]) => Promise<void>): void {
  test(`${title}, in each region`, async () => {
    // Both are waited for also where one fails: the other has rules to put back.
    const outcomes = await Promise.allSettled(regions.map(look));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  });
}

describe("from the home lab to the cloud, through the hubs", () => {
  inEachRegion("lucidia reaches 8080 on api-1", async (region) => {
    const url = `http://${apis[region]}:8080/`;
    expect(await fetchFrom("edge-home/lucidia", url)).toContain(`api-1.${region}`);
    const internal = { group: `${region}/internal`, protocol: "tcp", fromPort: 8080 };
    expect(await withoutRule(internal, () => fetchFrom("edge-home/lucidia", url))).toBeUndefined();
    expect(await fetchFrom("edge-home/lucidia", url)).toContain("api-1");
  });

  inEachRegion("answers need its route to the VPN", async (region) => {
    const url = `http://${apis[region]}:8080/`;
    const table = `${region}/private/${region === "us-west" ? "us-west-2a" : "eu-west-1a"}`;
    const blocked = await withoutRoute(table, "10.200.0.0/24", () => fetchFrom("edge-home/lucidia", url));
    expect(blocked).toBeUndefined();
    expect(await fetchFrom("edge-home/lucidia", url)).toContain("api-1");
  });

  test("blackroad-pi has a tunnel of its own; lucidia-alt has none", async () => {
    expect(await fetchFrom("edge-home/blackroad-pi", `http://${apis["us-west"]}:8080/`)).toContain("api-1");
    expect(await connect("edge-home/lucidia-alt", apis["us-west"], 8080)).toBe("dropped");
  });
});

describe("between the regions", () => {
  test("eu-west's api-1 reaches us-west's over the peering and gets answers", async () => {
    const url = `http://${apis["us-west"]}:8080/`;
    expect(await fetchFrom("eu-west/api-1", url)).toContain("api-1.us-west");
    // Without its own table's route the packet goes to the NAT gateway, whose table would still carry it across.
    const out = await withoutRoute("eu-west/private/eu-west-1a", "10.0.0.0/16", () =>
      withoutRoute("eu-west/public", "10.0.0.0/16", () => fetchFrom("eu-west/api-1", url)),
    );
    expect(out).toBeUndefined();
    const back = await withoutRoute("us-west/private/us-west-2a", "10.1.0.0/16", () =>
      fetchFrom("eu-west/api-1", url),
    );
    expect(back).toBeUndefined();
    expect(await fetchFrom("eu-west/api-1", url)).toContain("api-1.us-west");
  });

  test("only on the ports that are meant: SSH does not cross", async () => {
    expect(await connect("eu-west/api-1", apis["us-west"], 22)).toBe("dropped");
    expect(await connect("eu-west/hub-1", apis["us-west"], 22)).toBe("dropped");
    expect(await connect("us-west/hub-1", apis["us-west"], 22)).toBe("open");
  });
});

describe("into the home LAN", () => {
  const visitor = "192.168.4.99";

  test("a machine of the LAN without a tunnel is reachable from the hubs, through lucidia", async () => {
    expect(await connect("us-west/hub-1", visitor, 22)).toBe("open");
    expect(await connect("eu-west/hub-1", visitor, 22)).toBe("open");
  });

  test("it takes lucidia's masquerading: the home router knows no way back to the tunnel", async () => {
    const chain = ["inet", "blackroad", "postrouting"];
    const rule = ["iifname", "wg0", "ip", "daddr", "192.168.4.0/24", "masquerade"];
    const nft = (...words: string[]) => onHost("edge-home/lucidia", ["nft", ...words]);
    expect((await nft("list", "chain", ...chain)).output).toContain("masquerade");
    await nft("flush", "chain", ...chain);
    try {
      expect(await connect("us-west/hub-1", visitor, 22)).toBe("dropped");
    } finally {
      await nft("add", "rule", ...chain, ...rule);
    }
    expect(await connect("us-west/hub-1", visitor, 22)).toBe("open");
  });
});

describe("from the internet", () => {
  inEachRegion("443 and 80 on lb-1 answer", async (region) => {
    const { publicAddress } = await instance(`${region}/lb-1`);
    for (const port of [80, 443]) {
      expect(await connect("stranger", publicAddress, port)).toBe("open");
      const rule = { group: `${region}/public`, protocol: "tcp", fromPort: port };
      expect(await withoutRule(rule, () => connect("stranger", publicAddress, port))).toBe("dropped");
    }
  });

  inEachRegion("the hub gets 51820/udp from anybody, and 22 from the operator alone", async (region) => {
    const { publicAddress } = await instance(`${region}/hub-1`);
    const rule = { group: `${region}/hub`, protocol: "udp", fromPort: 51820 };
    expect(await datagramsThatArrive(region, publicAddress)).toBe(3);
    expect(await withoutRule(rule, () => datagramsThatArrive(region, publicAddress))).toBe(0);
    expect(await connect("stranger", publicAddress, 22)).toBe("dropped");
    expect(await connect("op", publicAddress, 22)).toBe("open");
    const ssh = { group: `${region}/hub`, protocol: "tcp", fromPort: 22 };
    expect(await withoutRule(ssh, () => connect("op", publicAddress, 22))).toBe("dropped");
  });

  inEachRegion("nothing else can be reached", async (region) => {
    const allowed: Record<string, readonly number[]> = { "lb-1": [80, 443], "hub-1": [] };
    const ports = [
      21, 22, 23, 25, 53, 79, 80, 81, 442, 443, 444, 5432, 6379, 7946, 8080, 8090, 9090, 11434, 51820,
    ];
    for (const [host, open] of Object.entries(allowed)) {
      const { publicAddress } = await instance(`${region}/${host}`);
      const verdicts = await Promise.all(
        ports.map(async (port) => [port, await connect("stranger", publicAddress, port)] as const),
      );
      const passed = verdicts.filter(([, verdict]) => verdict !== "dropped").map(([port]) => port);
      expect(passed, `${region}/${host} at ${publicAddress}`).toEqual(open);
    }
  });

  test("neither the operator nor a stranger reaches a private address or the load balancers' SSH", async () => {
    const { publicAddress } = await instance("us-west/lb-1");
    expect(await connect("op", publicAddress, 22)).toBe("dropped");
    const addresses = [apis["us-west"], "192.168.4.38", "10.200.0.10"];
    const verdicts = await Promise.all(addresses.map((address) => connect("stranger", address, 22)));
    expect(verdicts).toEqual(["dropped", "dropped", "dropped"]);
  });
});

describe("out to the internet", () => {
  inEachRegion("api-1 fetches a page through NAT, and is not reachable from outside", async (region) => {
    const page = "http://page.sandbox.test/";
    const text = await fetchFrom(`${region}/api-1`, page);
    expect(text, "the page names the address it was asked from").toMatch(/198\.18\.\d+\.\d+/);
    const { publicAddress } = await instance(`${region}/api-1`);
    expect(publicAddress, "api-1 has no public address").toBe("");
    const [natAddress = ""] = /198\.18\.\d+\.\d+/.exec(text ?? "") ?? [];
    expect(await connect("stranger", natAddress, 8080), "the NAT gateway lets nothing in").toBe("dropped");
    const table = `${region}/private/${region === "us-west" ? "us-west-2a" : "eu-west-1a"}`;
    expect(await withoutRoute(table, "0.0.0.0/0", () => fetchFrom(`${region}/api-1`, page))).toBeUndefined();
    const egress = { group: `${region}/updates`, egress: true, protocol: "tcp", fromPort: 80 };
    expect(await withoutRule(egress, () => fetchFrom(`${region}/api-1`, page))).toBeUndefined();
  });
});

/** How many of three datagrams from a stranger arrive at a hub's WireGuard port, counted on the hub itself. */
async function datagramsThatArrive(region: string, address: string): Promise<number> {
  const hub = `${region}/hub-1`;
  const table = `table ip probe {
    counter seen {}
    chain input {
      type filter hook input priority -200;
      ip saddr 192.0.2.66 udp dport 51820 counter name seen
    }
  }`;
  await onHost(hub, ["sh", "-c", `echo '${table}' | nft -f -`]);
  try {
    const send = `for n in 1 2 3; do echo probe | socat -u - UDP:${address}:51820; done`;
    await inNamespace("stranger", ["sh", "-c", send]);
    await onHost(hub, ["sleep", "0.3"]);
    const { output } = await onHost(hub, ["nft", "list", "counter", "ip", "probe", "seen"]);
    return Number(/packets (\d+)/.exec(output)?.[1]);
  } finally {
    await onHost(hub, ["nft", "delete", "table", "ip", "probe"]);
  }
}

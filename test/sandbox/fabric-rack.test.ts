/** A site with several networks, by real packets: which of them a machine's packets reach, and how large they may be. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../sandbox/hosts/run.ts";
import { all, PAGE, Probe } from "./fabric-probe.ts";

const probe = new Probe();

beforeAll(async () => {
  await probe.begin();
  await probe.serve([
    ["h-node-1", "TCP-LISTEN:22"],
    ["h-node-1", "TCP-LISTEN:8080"],
    ["h-gateway", "TCP-LISTEN:22"],
  ]);
}, 60_000);

afterAll(async () => {
  expect(await probe.end()).toEqual([]);
}, 60_000);

/** Whether one packet of so many bytes, all headers included, comes back without having been cut. */
async function carries(role: string, device: string, address: string, bytes: number): Promise<boolean> {
  const headers = 28;
  const argv = [
    "ping",
    "-n",
    "-c",
    "1",
    "-W",
    "1",
    "-M",
    "do",
    "-s",
    String(bytes - headers),
    "-I",
    device,
    address,
  ];
  return (await run(["ip", "netns", "exec", probe.kernel.fullName(role), ...argv])).exitCode === 0;
}

describe("a rack", () => {
  it("carries jumbo frames between the towers in the cluster's network alone", async () => {
    expect(
      await all({
        jumbo: carries("h-node-1", "vlan30", "10.64.30.11", 9000),
        "more than that": carries("h-node-1", "vlan30", "10.64.30.11", 9001),
        "elsewhere, 1500": carries("h-node-1", "vlan20", "10.64.20.11", 1500),
        "elsewhere, more": carries("h-node-1", "vlan20", "10.64.20.11", 1501),
      }),
    ).toEqual({ jumbo: true, "more than that": false, "elsewhere, 1500": true, "elsewhere, more": false });
  });

  it("keeps its networks apart", async () => {
    expect(
      await all({
        "storage's own": carries("h-node-1", "vlan40", "10.64.40.5", 100),
        "storage by the cluster's": carries("h-node-1", "vlan30", "10.64.40.5", 100),
        "storage by the API's": carries("h-node-1", "vlan20", "10.64.40.5", 100),
        "gateway by the API's": carries("h-node-1", "vlan20", "10.64.20.1", 100),
        "gateway by the cluster's": carries("h-node-1", "vlan30", "10.64.20.1", 100),
        "gateway by the storage's": carries("h-node-1", "vlan40", "10.64.10.1", 100),
      }),
    ).toEqual({
      "storage's own": true,
      "storage by the cluster's": false,
      "storage by the API's": false,
      "gateway by the API's": true,
      "gateway by the cluster's": false,
      "gateway by the storage's": false,
    });
  });

  it("lets the operator open SSH in the management network, and nothing else", async () => {
    expect(
      await all({
        node: probe.tcp("op", "10.64.10.10", 22),
        gateway: probe.tcp("op", "10.64.10.1", 22),
        "another port": probe.tcp("op", "10.64.10.10", 8080),
        "another network": probe.tcp("op", "10.64.20.10", 22),
      }),
    ).toEqual({
      node: "10.64.10.250",
      gateway: "10.64.10.250",
      "another port": undefined,
      "another network": undefined,
    });
  });

  it("reaches the internet through the gateway's uplink, and behind the gateway once it forwards", async () => {
    const ask = () =>
      all({ gateway: probe.tcp("h-gateway", PAGE, 80), node: probe.tcp("h-node-1", PAGE, 80) });
    expect(await ask()).toEqual({ gateway: "192.0.2.30", node: undefined });
    const name = probe.kernel.fullName("h-gateway");
    const rules =
      "add table ip test; add chain ip test out { type nat hook postrouting priority srcnat; }; add rule ip test out oifname eth0 masquerade";
    for (const argv of [
      ["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"],
      ["nft", rules],
    ]) {
      expect((await run(["ip", "netns", "exec", name, ...argv])).exitCode).toBe(0);
    }
    expect(await ask()).toEqual({ gateway: "192.0.2.30", node: "192.0.2.30" });
  });
});

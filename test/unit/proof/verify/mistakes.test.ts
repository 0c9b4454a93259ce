/**
 * Mistakes that people make in a stack's file. Each is told once, whatever it breaks; and once the line that is named is
 * changed as it is told, nothing is told any more.
 */
import { describe, expect, it } from "vitest";
import type { Edits } from "../../config/stack-file.ts";
import { planned, verified } from "./subject.ts";

interface Mistake {
  readonly what: string;
  readonly stack?: string;
  readonly edits: Edits;
  /** `kind path`, and how to mend it. */
  readonly told: readonly [cause: string, mend: string];
  /** What else stops with it, at least. */
  readonly also?: number;
  /** The line as it is when it has been changed as told. */
  readonly mended: Edits;
}

const usual = ["internal", "ssh-from-hub", "updates", "monitoring"];
const wireGuard = { port: 51820, protocol: "udp", source: "0.0.0.0/0" };
const vault = { port: 8200, protocol: "tcp", source: "sg-internal" };
const everything = { port: "all", protocol: "all" };
const meant = "narrow it, or say in flows that this is intended, or accepted";
const old = { from: ["us-west/redis-1"], to: ["us-west/lb-1"], traffic: ["25/tcp"], reason: "Old" };

const mistakes: readonly Mistake[] = [
  {
    what: "hubs that let no WireGuard in, and so everything behind tunnels",
    edits: { "securityGroups hub ingress 0": undefined },
    told: ["stopped securityGroups.hub.ingress", "add a rule that lets it in"],
    also: 8,
    mended: { "securityGroups hub ingress 4": wireGuard },
  },
  {
    what: "another port of WireGuard's than the hubs' group opens",
    edits: { "wireguard port": 51821 },
    told: ["stopped securityGroups.hub.ingress", "add a rule that lets it in"],
    also: 8,
    // What is accepted beside the old port goes with it.
    mended: {
      "securityGroups hub ingress 0": { ...wireGuard, port: 51821 },
      "flows accepted 9 traffic": ["51821/udp"],
    },
  },
  {
    what: "a group's port that is not its service's",
    edits: { "securityGroups vault ingress 0 port": 8201 },
    told: ["stopped securityGroups.vault.ingress", "add a rule that lets it in"],
    mended: { "securityGroups vault ingress 0": vault },
  },
  {
    what: "a service's port that is not the flow's",
    edits: { "hosts us-west vault-1 services vault": 8201 },
    told: ["stopped hosts.us-west.vault-1.services", "name a service on 8200/tcp, or mend the flow"],
    mended: { "hosts us-west vault-1 services vault": 8200 },
  },
  {
    what: "a host with the wrong group",
    edits: { "hosts us-west redis-1 securityGroups": usual },
    told: ["stopped hosts.us-west.redis-1.securityGroups", "add database, which lets 6379/tcp in"],
    mended: { "hosts us-west redis-1 securityGroups": [...usual, "database"] },
  },
  {
    what: "a host without the group that all others of its role have",
    edits: { "hosts us-west api-2 securityGroups": ["ssh-from-hub", "updates", "monitoring"] },
    told: ["stopped hosts.us-west.api-2.securityGroups", "add internal"],
    also: 8,
    mended: { "hosts us-west api-2 securityGroups": usual },
  },
  {
    what: "a way out that is narrower than what goes out",
    edits: { "securityGroups internal egress 0 destination": "10.0.0.0/16" },
    told: ["stopped securityGroups.internal.egress", "add rules that let them out"],
    also: 3,
    mended: { "securityGroups internal egress 1": { ...everything, destination: "10.0.0.0/8" } },
  },
  {
    what: "hubs that let in one of two APIs behind the VPN, in both regions",
    edits: { "securityGroups hub ingress 2": undefined },
    told: ["stopped securityGroups.hub.ingress", "add a rule that lets it in"],
    also: 1,
    mended: { "securityGroups hub ingress 4": { port: 8080, protocol: "tcp", source: "sg-internal" } },
  },
  {
    what: "a home whose devices know no way back",
    edits: { "wireguard peers edge-home/lucidia masquerade": undefined },
    told: ['stopped wireguard.peers["edge-home/lucidia"].masquerade', "set it to true"],
    mended: { "wireguard peers edge-home/lucidia masquerade": true },
  },
  {
    what: "a way out for a database, there and through the hub",
    edits: { "securityGroups database egress": [{ ...everything, destination: "0.0.0.0/0" }] },
    told: ["unintended securityGroups.database.egress[0]", meant],
    also: 2,
    mended: { "securityGroups database egress": undefined },
  },
  {
    what: "SSH from everywhere in dev",
    stack: "dev",
    edits: { "securityGroups ssh-from-hub ingress 0 source": "0.0.0.0/0" },
    told: ["unintended securityGroups.ssh-from-hub.ingress[0]", meant],
    mended: { "securityGroups ssh-from-hub ingress 0 source": "sg-hub" },
  },
  {
    what: "an intent that nothing could keep",
    edits: { "flows intended 9": { ...old, from: ["internet"], to: ["us-west/postgres-1"] } },
    told: ["stopped flows.intended[9]", "take it away: nothing of the network could let it pass"],
    mended: { "flows intended 9": undefined },
  },
  {
    what: "an acceptance that has become needless",
    edits: { "flows accepted 16": old },
    told: ["unneeded flows.accepted[16]", "take the acceptance away"],
    mended: { "flows accepted 16": undefined },
  },
];

/** What the mistake added is taken away by leaving that edit out. */
function without(edits: Edits, mended: Edits): Edits {
  const all = Object.entries({ ...edits, ...mended });
  return Object.fromEntries(all.filter(([path, value]) => value !== undefined || !(path in mended)));
}

describe("a mistake is told once, and mended by the line that is named:", () => {
  it.each(mistakes)("$what", ({ stack = "prod", edits, told, also = 0, mended }) => {
    const { violations, findings } = verified(planned(stack, edits));
    expect(violations.map(({ kind, path, mend }) => [`${kind} ${path}`, mend])).toEqual([told]);
    expect(findings).toEqual([]);
    expect(violations[0]?.also.length).toBeGreaterThanOrEqual(also);
    const after = verified(planned(stack, without(edits, mended)));
    expect([after.violations, after.findings]).toEqual([[], []]);
  });
});

describe("of several", () => {
  const { violations } = verified(
    planned("prod", {
      "securityGroups vault ingress 0 port": 8201,
      "securityGroups hub ingress 1 source": "0.0.0.0/0",
      "flows accepted 16": old,
    }),
  );

  it("the one that is open to the internet comes first, shown by somebody there", () => {
    expect(violations.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      "unintended securityGroups.hub.ingress[1]",
      "stopped securityGroups.vault.ingress",
    ]);
    expect(violations[0]?.witness?.from).toBe("internet");
  });

  it("what is accepted in vain is told when the rest is mended: until then something may still need it", () => {
    expect(violations.map(({ kind }) => kind)).not.toContain("unneeded");
  });
});

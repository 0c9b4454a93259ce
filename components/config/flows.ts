/**
 * Flows: who is meant to open what to whom, beyond what follows from the rest of the description, and what passes
 * besides and is known to.
 *
 * A firewall's rule is no flow. Rules say what can pass; flows say what is meant to, and the proof compares the two.
 */
import * as leaf from "./leaf.ts";
import { ipv6Complaint } from "./leaf.ts";
import { tiers, type Tier } from "./ledger.ts";

/** An end of a flow. Where `place` is given, only what stands in that region or at that site is meant. */
export type Endpoint =
  /** Everybody on the internet, the operator and Cloudflare among them. */
  | { readonly kind: "internet" }
  /** `operator.cidrs`. */
  | { readonly kind: "operator" }
  /** The networks from which Cloudflare's edge comes. */
  | { readonly kind: "cloudflare" }
  /** Every host and every device of the network. */
  | { readonly kind: "inside" }
  | { readonly kind: "host"; readonly host: string }
  | { readonly kind: "hosts"; readonly place: string | undefined }
  /** Machines of a LAN or VLAN that nobody configures; with `network`, those of that one alone. */
  | { readonly kind: "devices"; readonly place: string | undefined; readonly network: string | undefined }
  | { readonly kind: "role"; readonly role: string; readonly place: string | undefined }
  | { readonly kind: "group"; readonly group: string; readonly place: string | undefined }
  | { readonly kind: "tier"; readonly tier: Tier; readonly place: string | undefined }
  /** Hosts and devices of a region or site. */
  | { readonly kind: "place"; readonly place: string }
  /** Whoever has an address in the network, by that address: a VLAN, a subnet, one address. */
  | { readonly kind: "network"; readonly network: string };

const words = ["internet", "operator", "cloudflare", "inside"] as const;

function isNetwork(text: string): boolean {
  if (text.includes(":")) return ipv6Complaint(text) === undefined;
  return leaf.cidr.safeParse(text.includes("/") ? text : `${text}/32`).success;
}

/** What may be narrowed to a place: `hosts`, `devices`, `role-api`, `sg-internal`, `tier-database`. */
function placedEndpoint(text: string, place: string | undefined): Endpoint | undefined {
  if (text === "hosts") return { kind: "hosts", place };
  if (text === "devices") {
    const isOfNetwork = place?.includes("/") === true;
    return {
      kind: "devices",
      place: isOfNetwork ? undefined : place,
      network: isOfNetwork ? place : undefined,
    };
  }
  const [, prefix, name = ""] = /^(role|sg|tier)-([a-z][a-z0-9-]*)$/.exec(text) ?? [];
  if (prefix === "role") return { kind: "role", role: name, place };
  if (prefix === "sg") return { kind: "group", group: name, place };
  const tier = tiers.find((each) => each === name);
  return prefix === "tier" && tier !== undefined ? { kind: "tier", tier, place } : undefined;
}

/** Reads an end of a flow; `undefined` where the text has no form of one. Whether it is there is another question. */
export function readEndpoint(text: string): Endpoint | undefined {
  const word = words.find((each) => each === text);
  if (word !== undefined) return { kind: word };
  const [, what = "", place] = /^(\S+)(?: of (\S+))?$/.exec(text) ?? [];
  const placed = placedEndpoint(what, place);
  if (placed !== undefined) {
    const network = placed.kind === "devices" ? placed.network : undefined;
    return network === undefined || isNetwork(network) ? placed : undefined;
  }
  if (place !== undefined) return undefined;
  if (leaf.hostKey.safeParse(text).success) return { kind: "host", host: text };
  if (leaf.name.safeParse(text).success) return { kind: "place", place: text };
  return /^[0-9a-f:.]+(?:\/\d+)?$/.test(text) && isNetwork(text)
    ? { kind: "network", network: text }
    : undefined;
}

/** The end as {@link readEndpoint} reads it. */
export function formatEndpoint(endpoint: Endpoint): string {
  const of = (text: string, place: string | undefined): string =>
    place === undefined ? text : `${text} of ${place}`;
  switch (endpoint.kind) {
    case "internet":
    case "operator":
    case "cloudflare":
    case "inside":
      return endpoint.kind;
    case "host":
      return endpoint.host;
    case "hosts":
      return of("hosts", endpoint.place);
    case "devices":
      return of("devices", endpoint.network ?? endpoint.place);
    case "role":
      return of(`role-${endpoint.role}`, endpoint.place);
    case "group":
      return of(`sg-${endpoint.group}`, endpoint.place);
    case "tier":
      return of(`tier-${endpoint.tier}`, endpoint.place);
    case "place":
      return endpoint.place;
    case "network":
      return endpoint.network;
  }
}

const endpointForm =
  "an end of a flow: internet, operator, cloudflare, inside, a host such as us-west/api-1, a place such as us-west, a network, or hosts, devices, role-api, sg-internal or tier-database, alone or of a place (sg-internal of us-west)";

const endpoint = leaf.text(endpointForm, (value) =>
  readEndpoint(value) === undefined ? `must be ${endpointForm}, but is ${leaf.show(value)}.` : undefined,
);

const trafficForm = "traffic such as 443/tcp, 8080-8090/tcp, 53/udp, icmp or all";

function isTraffic(text: string): boolean {
  if (text === "icmp" || text === "all") return true;
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?\/(?:tcp|udp)$/.exec(text) ?? [];
  return from !== undefined && Number(from) >= 1 && Number(from) <= Number(to) && Number(to) <= 65535;
}

const traffic = leaf.text(trafficForm, (value) =>
  isTraffic(value) ? undefined : `must be ${trafficForm}, but is ${leaf.show(value)}.`,
);

const flow = leaf.record("a flow's from, to, traffic and reason", {
  /** Who opens connections; every one of them is meant. */
  from: leaf.list("a list of ends of a flow such as [role-api of us-west]", endpoint),
  /** Who is asked; a host counts as reached by whichever of its addresses. */
  to: leaf.list("a list of ends of a flow such as [us-west/vault-1]", endpoint),
  /** Ports with their protocol, `icmp` (all of it, of both families) or `all`. */
  traffic: leaf.list("a list of traffic such as [443/tcp]", traffic),
  /** Why, in one phrase. */
  reason: leaf.pattern("a reason of 1 to 200 characters on one line", /^\S.{0,199}$/),
});

export const flows = leaf.record("intended and accepted flows", {
  /** What must pass, beyond what follows from roles, the VPN, DNS and services. */
  intended: leaf.list("a list of flows", flow).default([]),
  /** What passes although nobody means it to, and may; each must still be needed. */
  accepted: leaf.list("a list of flows", flow).default([]),
});

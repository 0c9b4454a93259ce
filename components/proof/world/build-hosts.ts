/** Hosts: links, routes, tunnels, and the gates of their own nftables tables. */
import type { ChainPlan, TunnelPeerPlan, TunnelPlan } from "../../plan/generation.ts";
import type { HostPlan, NetworkPlan } from "../../plan/model.ts";
import { Gate, type Origin } from "../rules/gate.ts";
import { NftTable, type ChainContext } from "../rules/nft.ts";
import { PrefixMap, type PrefixEntry } from "../rules/prefixes.ts";
import { parseAddress } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import type { BuildContext } from "./build-regions.ts";
import { networkOfAddress, segmentKey } from "./build-sites.ts";
import {
  instanceLink,
  type HostNode,
  type HostRoute,
  type Link,
  type RegionNode,
  type Tunnel,
  type TunnelPeer,
} from "./model.ts";

interface HostContext extends BuildContext {
  readonly regions: ReadonlyMap<string, RegionNode>;
}

const anywhere = "0.0.0.0/0";
const anywhereIpv6 = "::/0";

/** Every configuration path of a host: `hosts.us-west.api-1`. */
export function hostPath(key: string): string {
  return `hosts.${key.replace("/", ".")}`;
}

function endpointOf(text: string | undefined): TunnelPeer["endpoint"] {
  if (text === undefined) return undefined;
  const colon = text.lastIndexOf(":");
  return { name: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function peerHost({ publicKey, name }: TunnelPeerPlan): string {
  return publicKey.kind === "wireguard-public-key" ? publicKey.host : name;
}

/** Where the stack's configuration says what the host's peers may send and get. */
function tunnelPath({ vpn }: NetworkPlan, host: string): string {
  const hub = vpn.hubs.find((one) => one.host === host);
  return hub === undefined ? `wireguard.peers["${host}"]` : `wireguard.hubs.${hub.region}`;
}

function tunnelOf({ plan: network, space }: BuildContext, host: string, plan: TunnelPlan): Tunnel {
  const allowed = plan.peers.flatMap((peer) => {
    const value: TunnelPeer = { host: peerHost(peer), endpoint: endpointOf(peer.endpoint) };
    return peer.allowedIps.map((network) => ({ network, value }));
  });
  return {
    host,
    link: plan.interface,
    address: parseAddress(plan.address.split("/")[0] ?? ""),
    listenPort: plan.listenPort,
    // An exact duplicate belongs to the last peer that claims it.
    allowed: new PrefixMap(allowed.reverse(), space),
    path: tunnelPath(network, host),
  };
}

function tunnelRoutes(plan: TunnelPlan): PrefixEntry<HostRoute>[] {
  const route = { link: plan.interface, via: undefined };
  const networks = [networkOfAddress(plan.address), ...plan.peers.flatMap(({ allowedIps }) => allowedIps)];
  return networks.map((network) => ({ network, value: route }));
}

interface Links {
  readonly links: Link[];
  readonly routes: PrefixEntry<HostRoute>[];
}

function machineLinks({ site, generation }: HostPlan): Links {
  const links: Link[] = [];
  const routes: PrefixEntry<HostRoute>[] = [];
  for (const { name, addresses, gateway, routes: more } of generation.interfaces) {
    const [first] = addresses;
    if (first === undefined) continue;
    const attachment = { kind: "segment", segment: segmentKey(site, networkOfAddress(first)) } as const;
    const points = addresses.map((text) => parseAddress(text.split("/")[0] ?? ""));
    links.push({ name, addresses: points, attachment });
    for (const text of addresses)
      routes.push({ network: networkOfAddress(text), value: { link: name, via: undefined } });
    if (gateway !== undefined)
      routes.push({ network: anywhere, value: { link: name, via: parseAddress(gateway) } });
    for (const { destination, via } of more) {
      routes.push({ network: destination, value: { link: name, via: parseAddress(via) } });
    }
  }
  return { links, routes };
}

function instanceLinks({ regions }: HostContext, { key, site, address }: HostPlan): Links {
  const eni = regions.get(site)?.enis.get(parseAddress(address));
  if (eni === undefined) throw new Error(`${key} has no network interface in ${site}`);
  const value = { link: instanceLink, via: undefined };
  const ipv6 = eni.ipv6 === undefined ? [] : [eni.ipv6];
  return {
    links: [{ name: instanceLink, addresses: [eni.address, ...ipv6], attachment: { kind: "eni", eni } }],
    routes: [{ network: anywhere, value }, ...ipv6.map(() => ({ network: anywhereIpv6, value }))],
  };
}

type Gates = Pick<HostNode, "gates" | "masquerade">;

/** Makes what belongs to a context when it is first asked for. */
function remembered<Value>(make: (context: ChainContext) => Value): (context: ChainContext) => Value {
  // A map of maps finds the links' names as they are: to join them into one key takes longer than all the rest.
  const known = new Map<string, Map<string | undefined, Map<string | undefined, Value>>>();
  return (context) => {
    const { iif, oif, state } = context;
    const found = known.get(state)?.get(iif)?.get(oif);
    if (found !== undefined) return found;
    const made = make(context);
    const byInput = known.get(state) ?? new Map<string | undefined, Map<string | undefined, Value>>();
    const byOutput = byInput.get(iif) ?? new Map<string | undefined, Value>();
    known.set(state, byInput.set(iif, byOutput.set(oif, made)));
    return made;
  };
}

/** The table's gates, each made when it is first asked for. */
function gatesOf({ space, table }: BuildContext, chains: readonly ChainPlan[]): Gates {
  const nft = new NftTable(chains, space);
  const hook = (at: "input" | "forward" | "output"): ((context: ChainContext) => readonly Gate[]) =>
    remembered((context) =>
      nft.hooked(at, "filter").map((name) => new Gate(nft.rules(name, context), table)),
    );
  const hooks = { input: hook("input"), forward: hook("forward"), output: hook("output") };
  const hidden = remembered((context) => {
    const rules = nft.masquerade(context);
    return rules === undefined ? [] : [new Gate(rules, table)];
  });
  return { gates: (at, context) => hooks[at](context), masquerade: (context) => hidden(context)[0] };
}

/** Nothing passes a table that could not be read. */
function closed({ table }: BuildContext, origin: Origin): Gates {
  const gate = new Gate({ rules: [], otherwise: { verdict: "drop", origin } }, table);
  return { gates: () => [gate], masquerade: () => undefined };
}

class HostBuilder {
  readonly #context: HostContext;
  readonly #tables = new Map<string, Gates>();
  readonly #routes = new Map<string, PrefixMap<HostRoute>>();
  readonly unread: Origin[] = [];

  constructor(context: HostContext) {
    this.#context = context;
  }

  node(plan: HostPlan): HostNode {
    const { key, generation, instance } = plan;
    const own = instance === undefined ? machineLinks(plan) : instanceLinks(this.#context, plan);
    const tunnels = generation.tunnels.map((tunnel): Link => {
      const made = tunnelOf(this.#context, key, tunnel);
      return { name: made.link, addresses: [made.address], attachment: { kind: "tunnel", tunnel: made } };
    });
    const links = [...own.links, ...tunnels];
    const routes = [...own.routes, ...generation.tunnels.flatMap(tunnelRoutes)];
    return {
      key,
      plan,
      path: hostPath(key),
      links: new Map(links.map((link) => [link.name, link])),
      addresses: new Map(
        links.flatMap(({ name, addresses }) => addresses.map((point): [Point, string] => [point, name])),
      ),
      routes: this.#routeMap(routes),
      answers: this.#answers(plan),
      forwards: generation.sysctls["net.ipv4.ip_forward"] === "1",
      ...this.#gates(plan),
    };
  }

  #answers({ generation }: HostPlan): Map<Point, PrefixMap<HostRoute>> {
    return new Map(
      generation.answers.map(({ from, interface: link, network, gateway }) => [
        parseAddress(from),
        this.#routeMap([
          { network, value: { link, via: undefined } },
          { network: anywhere, value: { link, via: parseAddress(gateway) } },
        ]),
      ]),
    );
  }

  /** Instances' tables are all alike. */
  #routeMap(routes: readonly PrefixEntry<HostRoute>[]): PrefixMap<HostRoute> {
    const key = routes.map(({ network, value }) => `${network} ${value.link} ${value.via ?? ""}`).join(";");
    const made = this.#routes.get(key) ?? new PrefixMap(routes, this.#context.space);
    this.#routes.set(key, made);
    return made;
  }

  #gates({ key, generation }: HostPlan): Gates {
    const text = JSON.stringify(generation.chains);
    const known = this.#tables.get(text);
    if (known !== undefined) return known;
    try {
      const made = gatesOf(this.#context, generation.chains);
      this.#tables.set(text, made);
      return made;
    } catch (error) {
      const rule = error instanceof Error ? error.message : String(error);
      const origin = { where: `nftables of ${key}`, rule, path: hostPath(key) };
      this.unread.push(origin);
      return closed(this.#context, origin);
    }
  }
}

export function buildHosts(context: HostContext): {
  readonly hosts: Map<string, HostNode>;
  readonly unread: readonly Origin[];
} {
  const builder = new HostBuilder(context);
  const hosts = new Map(context.plan.hosts.map((plan) => [plan.key, builder.node(plan)]));
  return { hosts, unread: builder.unread };
}

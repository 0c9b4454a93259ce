/** A site: a switch for each of its networks, a router that hides it behind one address, and machines. */
import { chain } from "./gates.ts";
import { OPERATOR, type Customer } from "./internet.ts";
import { linkName } from "./names.ts";
import {
  ANYWHERE,
  FORWARDING,
  MAIN_TABLE,
  NO_IPV6,
  NOT_FORWARDING,
  type Link,
  type NamespaceState,
} from "./state.ts";
import {
  deviceTowards,
  gatewayOf,
  linksOf,
  networksOf,
  networkWith,
  prefixLengthAt,
} from "./site-networks.ts";
import { machineNamespace } from "./vpc.ts";
import type { Site, SiteMachine, World } from "./world.ts";

/** The switch of a network; that of a site that is not divided has no name. */
export function bridgeOf(site: Site, network: string): string {
  return site.networks === undefined ? "br0" : linkName("br", network);
}

export function switchRole(site: string): string {
  return `lan-${site}`;
}

function routerRole(site: string): string {
  return `gw-${site}`;
}

export function siteCustomer(name: string, site: Site): Customer {
  return {
    namespace: routerRole(name),
    far: "wan",
    near: linkName("s", name),
    addresses: [site.publicAddress],
  };
}

function router(name: string, site: Site, world: World): NamespaceState {
  return {
    role: routerRole(name),
    exclusive: true,
    sysctls: [...FORWARDING, ...NO_IPV6],
    bridges: [],
    addresses: [
      { device: "lan", cidr: `${site.gateway}/${prefixLengthAt(site, site.gateway)}` },
      { device: "wan", cidr: `${site.publicAddress}/32` },
    ],
    routes: [{ destination: ANYWHERE, table: MAIN_TABLE, type: "unicast", device: "wan" }],
    rules: [],
    nft: [
      ...chain("forward", [
        "type filter hook forward priority 0; policy drop;",
        "ct state vmap { established : accept, related : accept, invalid : drop }",
        `iifname "lan" oifname "wan" ip saddr ${site.network} accept`,
      ]),
      ...chain("router", ["type filter hook input priority 0; policy drop;"]),
      // DNS for the LAN, as a home router forwards it.
      ...chain("destination_nat", [
        "type nat hook prerouting priority dstnat;",
        ...["udp", "tcp"].map(
          (protocol) =>
            `iifname "lan" ip daddr ${site.gateway} ${protocol} dport 53 dnat to ${world.internet.resolver}`,
        ),
      ]),
      ...chain("source_nat", [
        "type nat hook postrouting priority srcnat;",
        `oifname "wan" snat to ${site.publicAddress}`,
      ]),
    ],
  };
}

function machine(name: string, site: Site, each: SiteMachine): NamespaceState {
  const gateway = gatewayOf(site, each);
  const device = deviceTowards(site, each, gateway);
  return {
    role: machineNamespace(name),
    exclusive: false,
    sysctls: NOT_FORWARDING,
    bridges: [],
    addresses: Object.entries(linksOf(each)).flatMap(([link, { address }]) =>
      address === undefined ? [] : [{ device: link, cidr: `${address}/${prefixLengthAt(site, address)}` }],
    ),
    routes:
      device === undefined
        ? []
        : [{ destination: ANYWHERE, table: MAIN_TABLE, type: "unicast", device, via: gateway }],
    rules: [],
    nft: [],
  };
}

export function siteNamespaces(name: string, site: Site, world: World): NamespaceState[] {
  return [
    {
      role: switchRole(name),
      exclusive: true,
      sysctls: [...NOT_FORWARDING, ...NO_IPV6],
      bridges: Object.keys(networksOf(site)).map((network) => bridgeOf(site, network)),
      addresses: [],
      routes: [],
      rules: [],
      nft: [],
    },
    router(name, site, world),
    ...Object.entries(site.machines).map(([each, found]) => machine(each, site, found)),
  ];
}

/** Where a cable ends. */
interface Socket {
  readonly namespace: string;
  readonly device: string;
  /** Name of the network; `undefined` for a cable that is plugged in nowhere. */
  readonly network: string | undefined;
  /** Bytes; the kernel's default where undefined. */
  readonly mtu?: number | undefined;
}

export function siteLinks(name: string, site: Site): Link[] {
  const cable = (port: string, { namespace, device, network, mtu }: Socket): Link => ({
    a: {
      namespace: switchRole(name),
      name: linkName("s", port),
      ...(network === undefined ? {} : { bridge: bridgeOf(site, network) }),
    },
    b: { namespace, name: device },
    kind: "ethernet",
    ...(mtu === undefined ? {} : { mtu }),
  });
  const router = { namespace: routerRole(name), device: "lan", network: networkWith(site, site.gateway) };
  const operator = {
    namespace: OPERATOR,
    device: linkName("lan", name),
    network: networkWith(site, site.operatorAddress),
  };
  return [
    cable("router", router),
    cable("operator", operator),
    ...Object.entries(site.machines).flatMap(([each, found]) =>
      Object.entries(linksOf(found)).map(([device, { network, mtu }]) =>
        cable(found.links === undefined ? each : `${each}-${device}`, {
          namespace: machineNamespace(each),
          device,
          network,
          mtu: mtu ?? (network === undefined ? undefined : networksOf(site)[network]?.mtu),
        }),
      ),
    ),
  ];
}

/**
 * The vocabulary of a host's generation: its complete configuration, which `reef-agent` brings it to as a whole or
 * not at all. `edge/internal/generation` has the document that it becomes, with the bounds of every field.
 */
import type { PlanSymbol, PortRange, Template } from "./model.ts";

/** One file of a host. */
export interface HostFile {
  /** Absolute path. */
  readonly path: string;
  /** Four octal digits: `0644`. */
  readonly mode: string;
  /** `user:group`, by name. */
  readonly owner: string;
  readonly content: Template;
  /** Whether the content is shown nowhere: not in previews, differences or logs, and in state encrypted only. */
  readonly secret?: true;
}

/** A systemd unit that is to be enabled and running. */
export interface ServicePlan {
  /** With its ending: `nginx.service`. */
  readonly unit: string;
  /**
   * What the unit takes up by a reload, and what only by a restart: paths, or folders with a trailing slash. Its own
   * file and drop-ins restart it without being named here.
   */
  readonly reload: readonly string[];
  readonly restart: readonly string[];
}

/** An account that a role needs and no package makes. */
export interface UserPlan {
  readonly name: string;
  readonly system: boolean;
  readonly groups: readonly string[];
}

/** A chain of the host's own nftables table; rules are nft's, one per item, in order. */
export interface ChainPlan {
  readonly name: string;
  /** Where the chain is hooked in; `undefined` for one that others jump to. */
  readonly hook:
    | {
        readonly type: "filter" | "nat" | "route";
        readonly at: "prerouting" | "input" | "forward" | "output" | "postrouting";
        /** `filter`, `srcnat`, `mangle` or a number. */
        readonly priority: string;
        readonly policy: "accept" | "drop";
      }
    | undefined;
  readonly rules: readonly string[];
}

/** A set of the table, as its declaration in nft's words: `type ipv4_addr; flags dynamic; timeout 60s`. */
export interface SetPlan {
  readonly name: string;
  readonly declaration: string;
}

/** Something on the host that takes connections or datagrams, and from where: the host's firewall compiles from it. */
export interface ListenPlan {
  readonly protocol: "tcp" | "udp";
  readonly ports: PortRange;
  /** Networks that may come in; an empty list is everybody. */
  readonly from: readonly string[];
  /** What it is, in one phrase. */
  readonly reason: string;
}

/** Something that the host opens connections to, or sends datagrams to. Answers need none. */
export interface SendPlan {
  readonly protocol: "tcp" | "udp";
  /** `undefined` for every port. */
  readonly ports: PortRange | undefined;
  /** Networks or addresses; an empty list is everybody. */
  readonly to: readonly string[];
  /** What it is, in one phrase. */
  readonly reason: string;
}

export interface TunnelPeerPlan {
  /** Host key: `edge-home/lucidia`. */
  readonly name: string;
  readonly publicKey: PlanSymbol;
  /** Name and port: `vpn.blackroad.io:51820`; `undefined` where the peer calls. */
  readonly endpoint: string | undefined;
  readonly allowedIps: readonly string[];
  /** Seconds; 0 sends none. */
  readonly keepaliveSeconds: number;
}

/** A WireGuard interface. Its private key is made on the host and stays there. */
export interface TunnelPlan {
  /** `wg0` */
  readonly interface: string;
  /** With the network's prefix length: `10.200.0.1/24`. */
  readonly address: string;
  /** UDP; `undefined` where nobody calls. */
  readonly listenPort: number | undefined;
  /** Bytes. */
  readonly mtu: number;
  readonly peers: readonly TunnelPeerPlan[];
}

/** A network interface with static addresses, written for whichever program configures interfaces on that system. */
export interface InterfacePlan {
  /** `eth0`, `vlan40` */
  readonly name: string;
  /** With prefix length. */
  readonly addresses: readonly string[];
  readonly gateway: string | undefined;
  readonly nameservers: readonly string[];
  /** Bytes; `undefined` leaves it as it is. */
  readonly mtu: number | undefined;
  /** 802.1Q: the interface beneath and the tag. */
  readonly vlan: { readonly link: string; readonly id: number } | undefined;
  readonly routes: readonly { readonly destination: string; readonly via: string }[];
}

/** A certificate of the host: the host makes key and request, the program's CA signs. */
export interface CertificatePlan {
  /** Unique on the host: `haproxy`. */
  readonly name: string;
  readonly keyPath: string;
  /** Who reads the key, and so its mode: `root:root` gives 0600, another group 0640. */
  readonly keyOwner: string;
  /** The certificate and its chain. */
  readonly certificatePath: string;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly usages: readonly ("server" | "client")[];
}

/** A route that the host must have; units or programs make it. */
export interface HostRoutePlan {
  readonly destination: string;
  readonly interface: string;
}

/** Answers from one of a host's addresses leave by the link that has it, whatever the host's other routes say. */
export interface AnswerPlan {
  readonly from: string;
  readonly interface: string;
  /** The network on the link. */
  readonly network: string;
  /** Next hop of everything else. */
  readonly gateway: string;
}

/** A host's complete configuration. Lists are sorted by what names their items, but for services. */
export interface GenerationPlan {
  /** Debian packages. */
  readonly packages: readonly string[];
  readonly users: readonly UserPlan[];
  readonly files: readonly HostFile[];
  /** Kernel settings. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Chains and sets of the table `inet blackroad`. */
  readonly chains: readonly ChainPlan[];
  readonly sets: readonly SetPlan[];
  readonly listens: readonly ListenPlan[];
  /** What a host whose firewall also looks at what goes out may open; hosts without such a firewall name nothing. */
  readonly sends: readonly SendPlan[];
  readonly tunnels: readonly TunnelPlan[];
  readonly interfaces: readonly InterfacePlan[];
  /** What a unit among the services makes of them; a host with one link has none. */
  readonly answers: readonly AnswerPlan[];
  /** In the order in which they start. */
  readonly services: readonly ServicePlan[];
  readonly certificates: readonly CertificatePlan[];
  readonly routes: readonly HostRoutePlan[];
  /** Whether the agent leaves what it finds where the node exporter reads it. */
  readonly metrics: boolean;
}

const nothing: GenerationPlan = {
  packages: [],
  users: [],
  files: [],
  sysctls: {},
  chains: [],
  sets: [],
  listens: [],
  sends: [],
  tunnels: [],
  interfaces: [],
  answers: [],
  services: [],
  certificates: [],
  routes: [],
  metrics: false,
};

/** What one part of a role puts on a host. */
export type GenerationPart = Partial<GenerationPlan>;

/**
 * One generation of all that the parts of a host's role put on it.
 * @throws Error naming what two parts claim differently: a file's path, a kernel setting, a unit, a chain's hook.
 */
export function combine(host: string, given: readonly GenerationPart[]): GenerationPlan {
  const parts = given.map((part): GenerationPlan => ({ ...nothing, ...part }));
  const all = <T>(pick: (part: GenerationPlan) => readonly T[]): T[] => parts.flatMap(pick);
  const sorted = <T>(what: string, items: readonly T[], name: (item: T) => string): T[] =>
    once(host, what, items, name).sort((a, b) => (name(a) < name(b) ? -1 : 1));
  return {
    packages: [...new Set(all(({ packages }) => packages))].sort(),
    users: sorted(
      "user",
      all(({ users }) => users),
      ({ name }) => name,
    ),
    files: sorted(
      "file",
      all(({ files }) => files),
      ({ path }) => path,
    ),
    sysctls: Object.fromEntries(
      sorted(
        "kernel setting",
        all(({ sysctls }) => Object.entries(sysctls)),
        ([key]) => key,
      ),
    ),
    chains: joinChains(
      host,
      all(({ chains }) => chains),
    ),
    sets: sorted(
      "set",
      all(({ sets }) => sets),
      ({ name }) => name,
    ),
    listens: all(({ listens }) => listens),
    sends: all(({ sends }) => sends),
    tunnels: sorted(
      "tunnel",
      all(({ tunnels }) => tunnels),
      (tunnel) => tunnel.interface,
    ),
    interfaces: sorted(
      "interface",
      all(({ interfaces }) => interfaces),
      ({ name }) => name,
    ),
    answers: sorted(
      "answers' way",
      all(({ answers }) => answers),
      ({ from }) => from,
    ),
    services: once(
      host,
      "service",
      all(({ services }) => services),
      ({ unit }) => unit,
    ),
    certificates: sorted(
      "certificate",
      all(({ certificates }) => certificates),
      ({ name }) => name,
    ),
    metrics: parts.some(({ metrics }) => metrics),
    routes: sorted(
      "route",
      all(({ routes }) => routes),
      ({ destination }) => destination,
    ),
  };
}

/** Without items that come again unchanged: several parts may ask for the same forwarding, say. */
function once<T>(host: string, what: string, items: readonly T[], name: (item: T) => string): T[] {
  const seen = new Map<string, T>();
  for (const item of items) {
    const earlier = seen.get(name(item));
    if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(item)) {
      throw new Error(`${host}: two parts want the ${what} ${name(item)} differently`);
    }
    seen.set(name(item), earlier ?? item);
  }
  return [...seen.values()];
}

/** Rules of chains of one name stand one after the other. */
function joinChains(host: string, chains: readonly ChainPlan[]): ChainPlan[] {
  const joined = new Map<string, ChainPlan>();
  for (const chain of chains) {
    const earlier = joined.get(chain.name);
    if (earlier !== undefined && JSON.stringify(earlier.hook) !== JSON.stringify(chain.hook)) {
      throw new Error(`${host}: two parts hook the chain ${chain.name} in differently`);
    }
    joined.set(chain.name, { ...chain, rules: [...(earlier?.rules ?? []), ...chain.rules] });
  }
  return [...joined.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

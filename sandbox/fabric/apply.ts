/**
 * Makes the kernel agree with a {@link FabricState}.
 *
 * The realiser remembers what it has made true and changes only what differs. What it does not know (at its start,
 * or after a command has failed) it audits: reads links and addresses, and sets the rest anew. Order within a change
 * keeps the gates ahead of the ways: gates are replaced before links, routes and rules come or go.
 */
import type { Family } from "./blocks.ts";
import {
  addLine,
  addressText,
  changeLines,
  IPV6_LINE,
  endKey,
  linkKey,
  nothing,
  PROTOCOL,
  setLine,
  without,
} from "./commands.ts";
import { flowArguments, isAllowed, parseFlow, removedLines } from "./flows.ts";
import { Kernel, type ShownLink } from "./kernel.ts";
import type { FabricState, Link, LinkEnd, NamespaceState } from "./state.ts";

/** As many namespaces are worked on at once. */
const CONCURRENCY = 4;

/** Where more connections than this lose their permission at once, all of the namespace are ended. */
const MOST_CUTS = 500;

/** The tables of a namespace's gates; IPv6's only where it has or had one, since a kernel may have no IPv6. */
function tablesOf(
  { nft, nft6 = [] }: NamespaceState,
  had: readonly string[] = [],
): Map<Family, readonly string[]> {
  const tables = new Map<Family, readonly string[]>([["ip", nft]]);
  return nft6.length > 0 || had.length > 0 ? tables.set("ip6", nft6) : tables;
}

/** Whether something is gone from the gates that was there. */
function hasNarrowed(before: NamespaceState, after: NamespaceState): boolean {
  const tables: [readonly string[], readonly string[]][] = [
    [before.nft, after.nft],
    [before.nft6 ?? [], after.nft6 ?? []],
  ];
  return tables.some(([had, has]) => removedLines(had, has).length > 0);
}

function hasSameGates(a: NamespaceState, b: NamespaceState): boolean {
  return JSON.stringify([a.nft, a.nft6 ?? []]) === JSON.stringify([b.nft, b.nft6 ?? []]);
}

function withGates(state: NamespaceState, { nft, nft6 = [] }: NamespaceState): NamespaceState {
  return { ...state, nft, nft6 };
}

export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, queue.length) }, worker));
}

export class Realiser {
  readonly #kernel: Kernel;
  /** What each namespace is known to be; a namespace that is missing here has to be audited. */
  #known = new Map<string, NamespaceState>();
  #links = new Map<string, Link>();
  #trusted = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Forgets what was made true, so that the next {@link apply} looks for itself. */
  distrust(): void {
    this.#trusted = false;
  }

  /**
   * @param keep roles of namespaces that stay although they are not wanted, because someone still lives in them;
   *   they lose their links
   * @throws if a command failed; the next call then audits everything
   */
  async apply(state: FabricState, keep: ReadonlySet<string>): Promise<void> {
    try {
      if (!this.#trusted) {
        this.#known.clear();
        this.#links.clear();
      }
      const audit = !this.#trusted;
      this.#trusted = false;
      await this.#makeNamespaces(state, keep, audit);
      if (audit) {
        await this.#auditLinks(state);
      }
      await this.#loadGates(state);
      await this.#makeLinks(state);
      await this.#makeWays(state);
      await this.#removeNamespaces(state, keep);
      this.#trusted = true;
    } finally {
      if (!this.#trusted) {
        this.#known.clear();
        this.#links.clear();
      }
    }
  }

  async #makeNamespaces(state: FabricState, keep: ReadonlySet<string>, audit: boolean): Promise<void> {
    const existing = new Set(this.#kernel.roles());
    for (const role of existing) {
      if (!this.#kernel.isWhole(role)) {
        await this.#kernel.deleteNamespace(role);
        existing.delete(role);
      }
    }
    await forEachBounded(state.namespaces, CONCURRENCY, async (wanted) => {
      if (existing.has(wanted.role)) {
        if (audit) {
          await this.#auditNamespace(wanted);
        }
        return;
      }
      await this.#kernel.addNamespace(wanted.role);
      await this.#prepare(wanted);
      this.#known.set(wanted.role, withGates(nothing(wanted), wanted));
      // Links of an earlier namespace of this name went with it.
      for (const [key, link] of this.#links) {
        if (link.a.namespace === wanted.role || link.b.namespace === wanted.role) {
          this.#links.delete(key);
          this.#forgetDevice(link.a);
          this.#forgetDevice(link.b);
        }
      }
    });
    for (const role of existing) {
      if (keep.has(role) && !this.#known.has(role)) {
        const dropped = await this.#kernel.links(role);
        await this.#kernel.tryBatch(
          role,
          dropped
            .filter((link) => link.linkinfo?.info_kind === "veth")
            .map((link) => `link del ${link.ifname}`),
        );
      }
    }
  }

  /** What has to be there before a namespace gets links: its gates, its settings (links inherit them), its bridges. */
  async #prepare(wanted: NamespaceState): Promise<void> {
    const { role } = wanted;
    if (wanted.exclusive && wanted.nft.length > 0) {
      await this.#kernel.loadTables(role, tablesOf(wanted));
    }
    await this.#kernel.writeSysctls(role, wanted.sysctls);
    await this.#kernel.tryBatch(
      role,
      wanted.bridges.map((bridge) => `link add ${bridge} type bridge forward_delay 0 mcast_snooping 0`),
    );
    await this.#kernel.batch(
      role,
      wanted.bridges.map((bridge) => `link set dev ${bridge} up`),
    );
    if (wanted.resolver !== undefined) {
      this.#kernel.setResolver(role, wanted.resolver);
    }
  }

  async #auditNamespace(wanted: NamespaceState): Promise<void> {
    const { role } = wanted;
    if (!wanted.exclusive) {
      this.#known.set(role, nothing(wanted));
      return;
    }
    await this.#prepare(wanted);
    await this.#cutFlows(wanted);
    const stale = (await this.#kernel.addresses(role)).filter(
      (shown) => !wanted.addresses.some((address) => addressText(address) === addressText(shown)),
    );
    await this.#kernel.tryBatch(role, [
      ...["static", "boot", PROTOCOL].flatMap((protocol) => [
        `route flush table all proto ${protocol}`,
        `${IPV6_LINE}route flush table all proto ${protocol}`,
      ]),
      `rule flush protocol ${PROTOCOL}`,
      `${IPV6_LINE}rule flush protocol ${PROTOCOL}`,
      // The kernel's own, should someone have removed them; IPv6 has no table called default.
      "rule add pref 32766 lookup main",
      "rule add pref 32767 lookup default",
      `${IPV6_LINE}rule add pref 32766 lookup main`,
      ...stale.map((address) => `address del ${addressText(address)}`),
    ]);
    this.#known.set(role, withGates(nothing(wanted), wanted));
  }

  /** Learns which of the wanted links are there and whole, and removes every other link that is in the way. */
  async #auditLinks(state: FabricState): Promise<void> {
    const exclusive = new Map(state.namespaces.map((each) => [each.role, each.exclusive]));
    const shown = new Map<string, { link: ShownLink; other: string }>();
    await forEachBounded([...exclusive.keys()], CONCURRENCY, async (role) => {
      const names = await this.#kernel.neighbours(role);
      for (const link of await this.#kernel.links(role)) {
        if (link.linkinfo?.info_kind === "veth") {
          const other = names.get(link.link_netnsid ?? -1) ?? "";
          shown.set(endKey({ namespace: role, name: link.ifname }), { link, other });
        }
      }
    });
    const whole = new Set<string>();
    for (const link of state.links) {
      const [a, b] = [shown.get(endKey(link.a)), shown.get(endKey(link.b))];
      const joined =
        a !== undefined &&
        b !== undefined &&
        a.other === this.#kernel.fullName(link.b.namespace) &&
        b.other === this.#kernel.fullName(link.a.namespace) &&
        a.link.link_index === b.link.ifindex;
      if (joined) {
        whole.add(endKey(link.a)).add(endKey(link.b));
        this.#links.set(linkKey(link), link);
      }
    }
    await this.#setUp([...this.#links.values()]);
    const wanted = new Set(state.links.flatMap(({ a, b }) => [endKey(a), endKey(b)]));
    const inTheWay = [...shown.keys()].filter((key) => {
      const [role = ""] = key.split(" ");
      return !whole.has(key) && (exclusive.get(role) === true || wanted.has(key));
    });
    await forEachBounded(inTheWay, CONCURRENCY, async (key) => {
      const [role = "", name = ""] = key.split(" ");
      await this.#kernel.tryBatch(role, [`link del ${name}`]);
    });
  }

  async #loadGates(state: FabricState): Promise<void> {
    await forEachBounded(state.namespaces, CONCURRENCY, async (wanted) => {
      const known = this.#known.get(wanted.role) ?? nothing(wanted);
      if (wanted.exclusive && !hasSameGates(known, wanted)) {
        await this.#kernel.loadTables(wanted.role, tablesOf(wanted, known.nft6));
        this.#known.set(wanted.role, withGates(known, wanted));
        if (hasNarrowed(known, wanted)) {
          await this.#cutFlows(wanted);
        }
      }
      // IPv6 comes to a namespace that is there, behind its gates; a machine's own settings are the machine's.
      if (wanted.exclusive && JSON.stringify(known.sysctls) !== JSON.stringify(wanted.sysctls)) {
        await this.#kernel.writeSysctls(wanted.role, wanted.sysctls);
      }
    });
  }

  /** Ends the connections through a namespace that its gates would not accept any more. */
  async #cutFlows(wanted: NamespaceState): Promise<void> {
    const { flows: policy, role } = wanted;
    if (policy === undefined) {
      return;
    }
    const families = wanted.nft6 === undefined ? ["ipv4"] : ["ipv4", "ipv6"];
    const dumps: string[] = [];
    for (const family of families) {
      const argv = ["conntrack", "--dump", "--family", family, "--output", "extended"];
      dumps.push(await this.#kernel.execute(role, argv));
    }
    const cut = dumps
      .flatMap((dump) => dump.split("\n"))
      .flatMap((line) => parseFlow(line) ?? [])
      .filter((flow) => !isAllowed(flow, wanted, policy));
    if (cut.length > MOST_CUTS) {
      await this.#kernel.execute(role, ["conntrack", "--flush"]);
      return;
    }
    await forEachBounded(cut, CONCURRENCY, async (flow) => {
      await this.#kernel.tryExecute(role, ["conntrack", "--delete", ...flowArguments(flow)]);
    });
  }

  #forgetDevice(end: LinkEnd): void {
    const known = this.#known.get(end.namespace);
    if (known !== undefined) {
      this.#known.set(end.namespace, without(known, end.name));
    }
  }

  async #makeLinks(state: FabricState): Promise<void> {
    const wanted = new Map(state.links.map((link) => [linkKey(link), link]));
    for (const [key, link] of this.#links) {
      if (!wanted.has(key)) {
        await this.#kernel.tryBatch(link.a.namespace, [`link del ${link.a.name}`]);
        this.#forgetDevice(link.a);
        this.#forgetDevice(link.b);
        this.#links.delete(key);
      }
    }
    const added = state.links.filter((link) => !this.#links.has(linkKey(link)));
    await this.#kernel.batch(
      undefined,
      added.map((link) => addLine(link, (role) => this.#kernel.fullName(role))),
    );
    await this.#setUp(added);
    for (const link of added) {
      this.#links.set(linkKey(link), link);
    }
  }

  /** Makes both ends of links ready, namespace by namespace. */
  async #setUp(links: readonly Link[]): Promise<void> {
    const ends = links.flatMap((link) => [link.a, link.b].map((end) => ({ link, end })));
    const roles = [...new Set(ends.map(({ end }) => end.namespace))];
    await forEachBounded(roles, CONCURRENCY, async (role) => {
      const own = ends.filter(({ end }) => end.namespace === role);
      await this.#kernel.batch(
        role,
        own.map(({ link, end }) => setLine(link, end)),
      );
      await this.#kernel.writeSysctls(
        role,
        own
          .filter(({ end }) => end.proxyArp === true)
          .flatMap(({ end }) => [
            { path: `net/ipv4/conf/${end.name}/proxy_arp`, value: "1" },
            // The kernel's default waits up to 0.8 s, to let the true owner of an address answer first.
            { path: `net/ipv4/neigh/${end.name}/proxy_delay`, value: "0" },
          ]),
      );
    });
  }

  async #makeWays(state: FabricState): Promise<void> {
    await forEachBounded(state.namespaces, CONCURRENCY, async (after) => {
      const before = this.#known.get(after.role) ?? nothing(after);
      const { add, remove } = changeLines({ before, after });
      await this.#kernel.batch(after.role, add);
      await this.#kernel.tryBatch(after.role, remove);
      this.#known.set(after.role, after);
    });
  }

  async #removeNamespaces(state: FabricState, keep: ReadonlySet<string>): Promise<void> {
    const wanted = new Set(state.namespaces.map((each) => each.role));
    for (const role of this.#kernel.roles()) {
      if (!wanted.has(role) && !keep.has(role)) {
        await this.#kernel.deleteNamespace(role);
        this.#known.delete(role);
      }
    }
  }
}

/** The part of a packet's way that leads through VPCs and the internet between them. */
import { isV6Point, neverPublic } from "../sets/addresses.ts";
import { has, type Point } from "../sets/intervals.ts";
import { instanceLink, type Eni, type RegionNode, type SubnetNode, type World } from "./model.ts";
import type { Way } from "./way.ts";

/** Where the ways of this part lead out of it. */
export interface Doors {
  readonly enterHost: (way: Way, host: string, link: string) => void;
  readonly enterSite: (way: Way, site: string) => void;
}

function isOwn({ address, ipv6 }: Eni, point: Point): boolean {
  return point === address || point === ipv6;
}

export class CloudWalker {
  readonly #world: World;
  readonly #doors: Doors;

  constructor(world: World, doors: Doors) {
    this.#world = world;
    this.#doors = doors;
  }

  #region(key: string): RegionNode {
    const found = this.#world.regions.get(key);
    if (found === undefined) throw new Error(`the network has no region ${key}`);
    return found;
  }

  #pathOf(host: string): string {
    return this.#world.hosts.get(host)?.path ?? "";
  }

  /** The gate around a subnet, where it has one. */
  #throughAcl(way: Way, subnet: SubnetNode, direction: "ingress" | "egress"): boolean {
    const gate = subnet.acl[direction];
    if (gate === undefined) return true;
    return way.through(
      gate,
      () => subnet.key,
      subnet.path,
      () => ({ kind: "network-acl", subnet: subnet.key, direction }),
    );
  }

  /** An instance sends. */
  leaveEni(way: Way, eni: Eni): void {
    const place = `network interface of ${eni.host}`;
    if (eni.checks && !isOwn(eni, way.from)) {
      way.end(() => ({
        place,
        reason: "source/destination check: the sender is somebody else",
        path: this.#pathOf(eni.host),
        obstacle: { kind: "address-check", host: eni.host },
      }));
      return;
    }
    if (!this.#throughGroups(way, eni, "egress", place)) return;
    this.#fromSubnet(way, this.#region(eni.region), eni.subnet, eni);
  }

  /** Groups remember what they let through, and let its answers pass. */
  #throughGroups(way: Way, eni: Eni, direction: "ingress" | "egress", place: string): boolean {
    if (way.isReply && way.conversation.remembers(eni)) {
      if (way.explain !== undefined) way.note(place, "its security groups know the answer", "securityGroups");
      return true;
    }
    way.conversation.remember(eni);
    return way.through(
      eni[direction],
      () => place,
      "securityGroups",
      () => ({ kind: "security-group", host: eni.host, direction }),
    );
  }

  /** The VPC's router takes what comes from a subnet. */
  #fromSubnet(way: Way, region: RegionNode, subnetKey: string, eni: Eni | undefined): void {
    if (!way.hop(() => subnetKey)) return;
    const subnet = region.subnets.get(subnetKey);
    if (subnet === undefined) throw new Error(`the network has no subnet ${subnetKey}`);
    const target = region.enis.get(way.to);
    const isWithin = target?.subnet === subnetKey;
    if (!isWithin && !this.#throughAcl(way, subnet, "egress")) return;
    if (region.own.find(way.to) !== undefined) {
      this.#toAddress(way, region, subnetKey);
      return;
    }
    const found = subnet.routes.find(way.to);
    if (found === undefined || found === "undecided") {
      const end = found === undefined ? way.end.bind(way) : way.endUndecided.bind(way);
      end(() => ({
        place: `route table of ${subnetKey}`,
        reason: "has no route there",
        path: subnet.path,
        obstacle: { kind: "subnet-route", subnet: subnetKey },
      }));
      return;
    }
    const { network, value } = found;
    if (way.explain !== undefined) {
      way.note(
        `route table of ${subnetKey}`,
        `route ${network} to the ${value.kind.replace("-", " ")}`,
        subnet.path,
      );
    }
    switch (value.kind) {
      case "internet-gateway":
        this.#outOfVpc(way, region, eni);
        return;
      case "egress-only-gateway":
        this.#outwardsOnly(way, region, eni);
        return;
      case "nat-gateway":
        this.#throughNat(way, region, value.nat, subnetKey);
        return;
      case "peering":
        this.#overPeering(way, region, value.peering);
        return;
      case "instance": {
        const instance = region.interfaces.get(value.host);
        if (instance === undefined)
          throw new Error(`${value.host} has no network interface in ${region.key}`);
        this.#enterEni(way, instance, subnetKey);
      }
    }
  }

  #toAddress(way: Way, region: RegionNode, fromSubnet: string | undefined): void {
    const target = region.enis.get(way.to);
    if (target === undefined) {
      way.end(() => ({ place: `VPC ${region.key}`, reason: "nobody has the address", path: region.path }));
      return;
    }
    this.#enterEni(way, target, fromSubnet);
  }

  #enterEni(way: Way, eni: Eni, fromSubnet: string | undefined): void {
    const place = `network interface of ${eni.host}`;
    const subnet = this.#region(eni.region).subnets.get(eni.subnet);
    if (fromSubnet !== eni.subnet && subnet !== undefined && !this.#throughAcl(way, subnet, "ingress"))
      return;
    if (eni.checks && !isOwn(eni, way.to)) {
      way.end(() => ({
        place,
        reason: "source/destination check: it is for somebody else",
        path: this.#pathOf(eni.host),
        obstacle: { kind: "address-check", host: eni.host },
      }));
      return;
    }
    if (!this.#throughGroups(way, eni, "ingress", place)) return;
    this.#doors.enterHost(way, eni.host, instanceLink);
  }

  #outOfVpc(way: Way, region: RegionNode, eni: Eni | undefined): void {
    const place = `internet gateway of ${region.key}`;
    if (eni?.ipv6 !== undefined && way.from === eni.ipv6) {
      if (way.explain !== undefined) way.note(place, "lets IPv6 out as it is", region.path);
      this.internet(way);
      return;
    }
    if (eni?.publicAddress === undefined || way.from !== eni.address) {
      way.end(() => ({
        place,
        reason: "the sender has no public address",
        path: region.path,
        obstacle: eni === undefined ? undefined : { kind: "no-public-address", host: eni.host },
      }));
      return;
    }
    way.from = eni.publicAddress;
    if (way.explain !== undefined) way.note(place, "gives the sender its public address", region.path);
    this.internet(way);
  }

  #outwardsOnly(way: Way, region: RegionNode, eni: Eni | undefined): void {
    const place = `egress-only gateway of ${region.key}`;
    if (eni?.ipv6 === undefined || way.from !== eni.ipv6) {
      way.end(() => ({ place, reason: "the sender is no instance of the VPC", path: region.path }));
      return;
    }
    way.conversation.remember(region);
    if (way.explain !== undefined) way.note(place, "lets it out, and remembers it", region.path);
    this.internet(way);
  }

  /** From the internet to an instance's IPv6 address, by the gateway that its subnet has. */
  #enterByIpv6(way: Way, eni: Eni): void {
    const region = this.#region(eni.region);
    const subnet = region.subnets.get(eni.subnet);
    const found = subnet?.routes.find(way.from);
    const kind = found === undefined || found === "undecided" ? undefined : found.value.kind;
    if (kind === "internet-gateway") {
      this.#enterEni(way, eni, undefined);
    } else if (kind === "egress-only-gateway") {
      const place = `egress-only gateway of ${region.key}`;
      if (way.isReply && way.conversation.remembers(region)) this.#enterEni(way, eni, undefined);
      else
        way.end(() => ({
          place,
          reason: "lets nothing in that nobody inside asked for",
          path: region.path,
        }));
    } else {
      const place = `VPC ${region.key}`;
      way.end(() => ({
        place,
        reason: "the subnet has no gateway to the internet for IPv6",
        path: region.path,
      }));
    }
  }

  #throughNat(way: Way, region: RegionNode, key: string, fromSubnet: string): void {
    const nat = region.nats.get(key);
    if (nat === undefined) throw new Error(`the network has no NAT gateway ${key}`);
    const subnet = region.subnets.get(nat.subnet);
    const place = `NAT gateway ${key}`;
    if (way.isReply && !way.conversation.remembers(nat)) {
      way.end(() => ({
        place,
        reason: "the answer comes by another way than the question",
        path: region.path,
      }));
      return;
    }
    if (subnet !== undefined) {
      if (fromSubnet !== nat.subnet && !this.#throughAcl(way, subnet, "ingress")) return;
      if (!this.#throughAcl(way, subnet, "egress")) return;
    }
    const onwards = subnet?.routes.find(way.to);
    if (onwards === undefined || onwards === "undecided" || onwards.value.kind !== "internet-gateway") {
      way.end(() => ({ place, reason: "its own subnet has no way to the internet", path: region.path }));
      return;
    }
    way.conversation.hide(nat, way.from, nat.publicAddress);
    way.conversation.remember(nat);
    way.from = nat.publicAddress;
    if (way.explain !== undefined) way.note(place, "hides the sender behind its own address", region.path);
    this.internet(way);
  }

  /** One hop only: from the one VPC's own addresses to the other's. */
  #overPeering(way: Way, region: RegionNode, key: string): void {
    const other = this.#region(region.peerings.get(key) ?? "");
    if (region.own.find(way.from) === undefined || other.own.find(way.to) === undefined) {
      const reason = "peering is not transitive: both ends must be the VPCs' own addresses";
      way.end(() => ({ place: `peering ${key}`, reason, path: "peerings" }));
      return;
    }
    if (way.explain !== undefined) way.note(`peering ${key}`, `to ${other.key}`, "peerings");
    this.#toAddress(way, other, undefined);
  }

  /** The internet carries a packet to whoever has the address. */
  internet(way: Way): void {
    if (!way.hop(() => "internet")) return;
    if (isV6Point(way.from) !== isV6Point(way.to)) {
      way.end(() => ({ place: "internet", reason: "sender and receiver are of two families", path: "" }));
      return;
    }
    const owner = this.#world.publicOwners.get(way.to);
    if (owner === undefined) {
      if (has(neverPublic, way.to)) {
        way.end(() => ({
          place: "internet",
          reason: "private addresses are not routed",
          path: "",
          obstacle: { kind: "private-outside" },
        }));
      } else {
        way.arrival = { kind: "internet" };
        if (way.explain !== undefined) way.note("internet", "delivers it", "");
      }
      return;
    }
    switch (owner.kind) {
      case "eni":
        way.to = owner.eni.address;
        if (way.explain !== undefined) {
          way.note(`internet gateway of ${owner.eni.region}`, "gives it the private address", "");
        }
        this.#enterEni(way, owner.eni, undefined);
        return;
      case "eni-ipv6":
        this.#enterByIpv6(way, owner.eni);
        return;
      case "site":
        this.#doors.enterSite(way, owner.site);
        return;
      case "nat":
        this.#enterNat(way, this.#region(owner.region), owner.nat);
    }
  }

  #enterNat(way: Way, region: RegionNode, key: string): void {
    const nat = region.nats.get(key);
    const inside = nat === undefined ? undefined : way.conversation.behind(nat, way.to);
    const place = `NAT gateway ${key}`;
    if (nat === undefined || !way.isReply || inside === undefined) {
      way.end(() => ({ place, reason: "lets nothing in that nobody inside asked for", path: region.path }));
      return;
    }
    way.to = inside;
    const subnet = region.subnets.get(nat.subnet);
    if (subnet !== undefined && !this.#throughAcl(way, subnet, "ingress")) return;
    if (way.explain !== undefined) way.note(place, "knows whose answer it is", region.path);
    this.#fromSubnet(way, region, nat.subnet, undefined);
  }
}

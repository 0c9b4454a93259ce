/** The part of a packet's way that leads through VPCs and the internet between them. */
import { isV6Point, linkLocal, translatedV6 } from "../sets/addresses.ts";
import { has } from "../sets/intervals.ts";
import { natGatewayPorts } from "../sets/traffic.ts";
import { entryOf, isOwn, ownerOf, receiverOf, routeOf, sealOf } from "./vpc.ts";
import type { Eni, NatNode, RegionNode, SubnetNode, VpcTarget, World } from "./model.ts";
import type { GatePlace, Way } from "./way.ts";

/** Where the ways of this part lead out of it. */
export interface Doors {
  readonly enterHost: (way: Way, host: string, link: string) => void;
  readonly enterSite: (way: Way, site: string) => void;
}

type Direction = "ingress" | "egress";

function aclOf({ key, path }: SubnetNode, direction: Direction): GatePlace {
  return { place: key, path, obstacle: { kind: "network-acl", subnet: key, direction } };
}

function groupsOf(eni: Eni, direction: Direction): GatePlace {
  const obstacle = { kind: "security-group", host: eni.host, direction } as const;
  return { place: placeOf(eni), path: "securityGroups", obstacle };
}

const placeOf = ({ host }: Eni): string => `network interface of ${host}`;

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
  #throughAcl(way: Way, subnet: SubnetNode, direction: Direction): boolean {
    const gate = subnet.acl[direction];
    if (gate === undefined) return true;
    return way.through(gate, aclOf, subnet, direction);
  }

  /** An instance sends. */
  leaveEni(way: Way, eni: Eni): void {
    if (eni.checks && !isOwn(eni, way.from)) {
      way.end(() => ({
        place: placeOf(eni),
        reason: "source/destination check: the sender is somebody else",
        path: this.#pathOf(eni.host),
        obstacle: { kind: "address-check", host: eni.host },
      }));
      return;
    }
    const region = this.#region(eni.region);
    if (this.#isAmazons(way, region)) return;
    if (!this.#throughGroups(way, eni, "egress")) return;
    this.#fromSubnet(way, region, eni.subnet, eni);
  }

  /**
   * What Amazon itself answers within a VPC: its resolver, its instances' metadata, the router. Neither groups nor ACLs
   * look at such packets (vpc/latest/userguide/vpc-security-groups.html, vpc-network-acls.html).
   */
  #isAmazons(way: Way, region: RegionNode): boolean {
    if (!has(linkLocal, way.to) && !has(region.reserved ?? [], way.to)) return false;
    const reason = "what AWS itself answers there is beyond the proof";
    way.endUndecided(() => ({ place: `VPC ${region.key}`, reason, path: region.path }));
    return true;
  }

  /** Groups remember what they let through, and let its answers pass. */
  #throughGroups(way: Way, eni: Eni, direction: Direction): boolean {
    if (way.isReply && way.conversation.remembers(eni)) {
      if (way.explain !== undefined)
        way.note(placeOf(eni), "its security groups know the answer", "securityGroups");
      return true;
    }
    way.conversation.remember(eni);
    return way.through(eni[direction], groupsOf, eni, direction);
  }

  /** The VPC's router takes what comes from a subnet. */
  #fromSubnet(way: Way, region: RegionNode, subnetKey: string, eni: Eni | undefined): void {
    if (!way.hop(subnetKey)) return;
    const subnet = region.subnets.get(subnetKey);
    if (subnet === undefined) throw new Error(`the network has no subnet ${subnetKey}`);
    if (this.#isAmazons(way, region)) return;
    const isWithin = ownerOf(region, way.to)?.subnet === subnetKey;
    if (!isWithin && !this.#throughAcl(way, subnet, "egress")) return;
    const found = routeOf(way, region, subnet);
    if (found !== undefined) this.#follow(way, region, found.value, { subnet: subnetKey, eni });
  }

  #follow(
    way: Way,
    region: RegionNode,
    value: VpcTarget,
    { subnet, eni }: { readonly subnet: string | undefined; readonly eni: Eni | undefined },
  ): void {
    switch (value.kind) {
      case "local":
        this.#toAddress(way, region, subnet);
        return;
      case "internet-gateway":
        this.#outOfVpc(way, region, eni);
        return;
      case "egress-only-gateway":
        this.#outwardsOnly(way, region, eni);
        return;
      case "nat-gateway":
        this.#throughNat(way, region, value.nat, subnet);
        return;
      case "peering":
        if (eni?.nat === undefined) this.#overPeering(way, region, value.peering);
        else {
          // vpc/latest/userguide/vpc-nat-gateway.html names transit and VPN gateways as other ways, and no peering.
          const reason = "AWS does not say whether a NAT gateway's packets pass a peering";
          way.endUndecided(() => ({ place: `peering ${value.peering}`, reason, path: region.path }));
        }
        return;
      case "instance": {
        const instance = region.interfaces.get(value.host);
        if (instance === undefined)
          throw new Error(`${value.host} has no network interface in ${region.key}`);
        this.#enterEni(way, instance, subnet);
        return;
      }
      case "gateway-endpoint":
        way.arrival = { kind: "service", region: region.key, endpoint: value.endpoint };
        if (way.explain !== undefined) {
          way.note(value.endpoint, "hands it to AWS's service, as far as its policy lets it", region.path);
        }
        return;
      case "blackhole":
        way.end(() => ({
          place: `route table of ${subnet ?? region.key}`,
          reason: value.reason,
          path: region.path,
        }));
        return;
      case "unknown":
        way.endUndecided(() => ({
          place: `route table of ${subnet ?? region.key}`,
          reason: value.reason,
          path: region.path,
        }));
    }
  }

  #toAddress(way: Way, region: RegionNode, fromSubnet: string | undefined): void {
    const target = ownerOf(region, way.to);
    if (target !== undefined) {
      this.#enterEni(way, target, fromSubnet);
      return;
    }
    const place = `VPC ${region.key}`;
    if (region.incomplete !== undefined) {
      const reason = region.incomplete;
      way.endUndecided(() => ({ place, reason, path: region.path }));
    } else {
      way.end(() => ({ place, reason: "nobody has the address", path: region.path }));
    }
  }

  /** What a gateway endpoint brings back: it comes from within the VPC, by no route table. */
  fromEndpoint(way: Way, region: string): void {
    this.#toAddress(way, this.#region(region), undefined);
  }

  #enterEni(way: Way, eni: Eni, fromSubnet: string | undefined): void {
    const subnet = this.#region(eni.region).subnets.get(eni.subnet);
    if (fromSubnet !== eni.subnet && subnet !== undefined && !this.#throughAcl(way, subnet, "ingress"))
      return;
    if (eni.nat !== undefined) {
      this.#answerNat(way, this.#region(eni.region), eni.nat);
      return;
    }
    if (eni.checks && !isOwn(eni, way.to)) {
      way.end(() => ({
        place: placeOf(eni),
        reason: "source/destination check: it is for somebody else",
        path: this.#pathOf(eni.host),
        obstacle: { kind: "address-check", host: eni.host },
      }));
      return;
    }
    if (!this.#throughGroups(way, eni, "ingress")) return;
    this.#doors.enterHost(way, eni.host, eni.link);
  }

  #outOfVpc(way: Way, region: RegionNode, eni: Eni | undefined): void {
    const place = `internet gateway of ${region.key}`;
    const sealed = eni === undefined ? undefined : sealOf(region, eni, "out");
    if (sealed !== undefined) {
      way.end(() => ({ place, reason: sealed, path: region.path }));
      return;
    }
    if (eni !== undefined && isV6Point(way.from) && isOwn(eni, way.from)) {
      if (way.explain !== undefined) way.note(place, "lets IPv6 out as it is", region.path);
      this.internet(way);
      return;
    }
    const publicAddress = eni?.publicAddresses.get(way.from);
    if (publicAddress === undefined) {
      way.end(() => ({
        place,
        reason: "the sender has no public address",
        path: region.path,
        obstacle: eni === undefined ? undefined : { kind: "no-public-address", host: eni.host },
      }));
      return;
    }
    way.from = publicAddress;
    if (way.explain !== undefined) way.note(place, "gives the sender its public address", region.path);
    this.internet(way);
  }

  #outwardsOnly(way: Way, region: RegionNode, eni: Eni | undefined): void {
    const place = `egress-only gateway of ${region.key}`;
    const sealed = eni === undefined ? undefined : sealOf(region, eni, "egress-only");
    if (sealed !== undefined) {
      way.end(() => ({ place, reason: sealed, path: region.path }));
      return;
    }
    if (eni === undefined || !isV6Point(way.from) || !isOwn(eni, way.from)) {
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
    if (found === "undecided" || kind === "unknown") {
      const reason = "nobody can tell which gateway the subnet has";
      way.endUndecided(() => ({ place: `VPC ${region.key}`, reason, path: region.path }));
    } else if (kind === "internet-gateway") {
      this.#enterFromInternet(way, region, eni);
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

  #throughNat(way: Way, region: RegionNode, key: string, fromSubnet: string | undefined): void {
    const nat = region.nats.get(key);
    const place = `NAT gateway ${key}`;
    if (nat === undefined) {
      // Its routes stay behind, and lead nowhere (EC2 API DeleteNatGateway).
      way.end(() => ({ place, reason: "is not there any more", path: region.path }));
      return;
    }
    const subnet = region.subnets.get(nat.subnet);
    if (way.isReply && !way.conversation.remembers(nat)) {
      way.end(() => ({
        place,
        reason: "the answer comes by another way than the question",
        path: region.path,
      }));
      return;
    }
    if (subnet !== undefined && fromSubnet !== nat.subnet) {
      if (!this.#throughAcl(way, subnet, "ingress")) return;
    }
    this.#translate(way, region, nat);
  }

  /** Behind its interface's address it goes on by the routes of the gateway's subnet, wherever they lead. */
  #translate(way: Way, region: RegionNode, nat: NatNode): void {
    const place = `NAT gateway ${nat.key}`;
    if (isV6Point(way.to)) {
      if (has(translatedV6, way.to)) {
        way.endUndecided(() => ({ place, reason: "NAT64 is beyond the proof", path: region.path }));
      } else {
        way.end(() => ({ place, reason: "translates no IPv6", path: region.path }));
      }
      return;
    }
    const { eni } = nat;
    if (!way.isReply) {
      const ports = this.#world.clients?.natGateways ?? natGatewayPorts;
      way.conversation.hide(nat, way.from, eni.address, ports);
      way.conversation.remember(nat);
    }
    way.from = eni.address;
    if (way.explain !== undefined) way.note(place, "hides the sender behind its own address", region.path);
    this.#fromSubnet(way, region, nat.subnet, eni);
  }

  /** One hop only: from the one VPC's own addresses to the other's. */
  #overPeering(way: Way, region: RegionNode, key: string): void {
    const peer = region.peerings.get(key);
    if (peer === undefined) {
      // AWS calls such a route a black hole: it counts, and leads nowhere.
      way.end(() => ({ place: `peering ${key}`, reason: "is not there any more", path: "peerings" }));
      return;
    }
    const other = this.#region(peer);
    const isReserved = has(other.reserved ?? [], way.to);
    if (isReserved || region.own.find(way.from) === undefined || other.own.find(way.to) === undefined) {
      const reason = "peering is not transitive: both ends must be the VPCs' own addresses";
      way.end(() => ({ place: `peering ${key}`, reason, path: "peerings" }));
      return;
    }
    if (way.explain !== undefined) way.note(`peering ${key}`, `to ${other.key}`, "peerings");
    this.#toAddress(way, other, undefined);
  }

  /** The internet carries a packet to whoever has the address. */
  internet(way: Way): void {
    if (!way.hop("internet")) return;
    const owner = receiverOf(way);
    switch (owner?.kind) {
      case undefined:
        return;
      case "eni":
        way.to = owner.inside;
        if (way.explain !== undefined) {
          way.note(`internet gateway of ${owner.eni.region}`, "gives it the private address", "");
        }
        this.#enterFromInternet(way, this.#region(owner.eni.region), owner.eni);
        return;
      case "eni-ipv6":
        this.#enterByIpv6(way, owner.eni);
        return;
      case "site":
        this.#doors.enterSite(way, owner.site);
        return;
    }
  }

  /** Through the VPC's internet gateway, whose own route table may lead elsewhere than to the receiver. */
  #enterFromInternet(way: Way, region: RegionNode, eni: Eni): void {
    const target = entryOf(way, region, eni);
    if (target?.kind === "local") this.#enterEni(way, eni, undefined);
    else if (target !== undefined) this.#follow(way, region, target, { subnet: undefined, eni: undefined });
  }

  /** Only answers are let in; they go on to whoever asked. */
  #answerNat(way: Way, region: RegionNode, key: string): void {
    const nat = region.nats.get(key);
    const place = `NAT gateway ${key}`;
    const inside = nat !== undefined && way.isReply ? way.conversation.behind(nat, way.to) : undefined;
    if (nat === undefined || inside === undefined) {
      way.end(() => ({ place, reason: "lets nothing in that nobody inside asked for", path: region.path }));
      return;
    }
    way.to = inside;
    way.conversation.reveal(nat);
    if (way.explain !== undefined) way.note(place, "knows whose answer it is", region.path);
    this.#fromSubnet(way, region, nat.subnet, undefined);
  }
}

/** What is drawn of places with machines that nobody makes: the router, LANs and VLANs, and who stands in them. */
import { formatAddress } from "../../components/proof/sets/addresses.ts";
import type { HostNode, Segment, SiteNode } from "../../components/proof/world/model.ts";
import { box, inOrder, type Drawn } from "./box.ts";
import { portsOf } from "./drawing-regions.ts";
import type { Box } from "./model.ts";

/** The network in which a host is drawn as itself: that of the address by which its site knows it. */
function isHome({ members }: Segment, { plan }: HostNode): boolean {
  const [own] = [...members].filter(([, { host }]) => host === plan?.key);
  return own !== undefined && formatAddress(own[0]) === plan?.address;
}

function memberBox(drawn: Drawn, segment: Segment, host: HostNode, address: string, link: string): Box {
  const { key, plan } = host;
  const label = plan?.name ?? key;
  if (!isHome(segment, host)) {
    const about = `${link} of ${key}`;
    return box("interface", `${key} ${segment.key}`, label, { detail: address, about, ask: address });
  }
  const vpn = plan?.tunnelAddress === undefined ? "" : `, in the VPN as ${plan.tunnelAddress}`;
  return box("host", key, label, {
    detail: address,
    about: `${plan?.role ?? "machine"}${vpn}`,
    role: plan?.role ?? "",
    ask: key,
    ports: portsOf(drawn.world, key),
  });
}

/** `VLAN api` where all who stand in it call it so. */
function nameOf({ members }: Segment): string {
  const links = new Set([...members.values()].map(({ link }) => link));
  const [link, ...more] = links;
  return link !== undefined && more.length === 0 && /^vlan/i.test(link) ? `, ${link}` : "";
}

function segmentBox(drawn: Drawn, segment: Segment): Box {
  const members = inOrder(segment.members, ([point]) => formatAddress(point)).flatMap(
    ([point, { host, link }]) => {
      const node = drawn.world.hosts.get(host);
      return node === undefined ? [] : [memberBox(drawn, segment, node, formatAddress(point), link)];
    },
  );
  const device = box("device", segment.key, "a device", {
    detail: formatAddress(segment.free),
    about: `whatever nobody manages in ${segment.key}`,
    ask: segment.key,
  });
  return box("segment", segment.key, segment.network, {
    about: `network of ${segment.site}${nameOf(segment)}`,
    children: [...members, device],
  });
}

function siteBox(drawn: Drawn, site: SiteNode): Box {
  const router = site.segments.find(({ router: at }) => at !== undefined)?.router;
  const routers =
    router === undefined
      ? []
      : [
          box("router", site.key, "router", {
            detail: formatAddress(router),
            about: `of ${site.key}, not ours`,
          }),
        ];
  const segments = inOrder(site.segments, ({ network }) => network).map((each) => segmentBox(drawn, each));
  const network = drawn.plan?.sites.find(({ key }) => key === site.key)?.network ?? "";
  return box("site", site.key, site.key, {
    detail: network,
    about: "site",
    children: [...routers, ...segments],
  });
}

export function sitesOf(drawn: Drawn): readonly Box[] {
  return inOrder(drawn.world.sites.values(), ({ key }) => key).map((site) => siteBox(drawn, site));
}

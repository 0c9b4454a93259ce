/** What is drawn of the world outside: the internet, the operator, and Cloudflare's edge with names and tunnels. */
import { publicNames } from "../../components/proof/edge/public-dns.ts";
import type { Balancer, EdgeModel, Endpoint, PublicZone } from "../../components/proof/edge/model.ts";
import type { World } from "../../components/proof/world/model.ts";
import { box, inOrder, type Drawn } from "./box.ts";
import type { Box } from "./model.ts";

const web = ["443/tcp", "80/tcp"];

function whereTo({ target }: Endpoint, world: World): string {
  switch (target?.kind) {
    case "address": {
      const owner = world.publicOwners.get(target.address);
      return owner?.kind === "eni" ? owner.eni.host : world.space.textOf(target.address);
    }
    case "name":
      return target.name;
    case "tunnel":
      return target.tunnel;
    case undefined:
      return "nobody";
  }
}

function balancerBox({ name, pools, steering, proxied }: Balancer, world: World): Box {
  const about = `load balancer${proxied ? "" : ", not proxied"}, steering ${steering}`;
  const children = pools.map(({ key, name: pool, endpoints }) => {
    const to = endpoints.map((endpoint) => whereTo(endpoint, world));
    return box("pool", `${name}/${key}`, pool, { detail: to.join(", "), about: `pool of ${name}` });
  });
  return box("balancer", name, name, { detail: "load balancer", about, ask: name, ports: web, children });
}

function nameBox(name: string, zone: PublicZone, edge: EdgeModel): Box {
  const records = zone.records.get(name) ?? [];
  const proxied = records.some((record) => record.proxied);
  const access = edge.access.get(name);
  const types = [...new Set(records.map(({ type }) => type))].join(", ");
  const about = [
    proxied ? `behind Cloudflare, ${types}` : `DNS alone, ${types}`,
    ...(access === undefined ? [] : [`Access lets in ${access}`]),
  ];
  const detail = proxied ? (access === undefined ? "proxied" : "proxied, Access") : "DNS alone";
  return box("name", name, name, { detail, about: about.join("; "), ask: name, ports: proxied ? web : [] });
}

/** Names whose zone no other one of the plan is nearer to. */
function zoneBox(zone: PublicZone, names: readonly string[], { world, edge }: Scene): Box {
  const children = names.map((name) => {
    const balancer = zone.balancers.get(name);
    return balancer === undefined ? nameBox(name, zone, edge) : balancerBox(balancer, world);
  });
  return box("zone", zone.name, zone.name, { detail: "zone", children });
}

interface Scene {
  readonly world: World;
  readonly edge: EdgeModel;
}

function edgeBox(scene: Scene): Box {
  const { edge } = scene;
  const names = inOrder(publicNames(edge), (name) => name);
  const zones = inOrder(edge.zones.values(), ({ name }) => name);
  const nearest = (name: string): string | undefined =>
    zones
      .filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
      .sort((a, b) => b.name.length - a.name.length)[0]?.name;
  const tunnels = inOrder(edge.tunnels.values(), ({ name }) => name).map(({ name, host }) =>
    box("tunnel", name, name, { detail: `to ${host}`, about: "tunnel" }),
  );
  const children = [
    ...zones.map((zone) =>
      zoneBox(
        zone,
        names.filter((name) => nearest(name) === zone.name),
        scene,
      ),
    ),
    ...tunnels,
  ];
  return box("edge", "", "Cloudflare's edge", {
    about: "proxied names, load balancers and tunnels",
    children,
  });
}

/** The internet with everybody there whom the network knows. */
export function outsideOf({ world, isOperatorKnown }: Drawn): readonly Box[] {
  const { edge, operator } = world;
  const anybody = box("internet", "", "internet", { detail: "anybody", ask: "internet" });
  const operators =
    operator.length === 0
      ? []
      : [
          box("operator", "", "operator", {
            detail: isOperatorKnown ? operator.join(", ") : "nobody has said where",
            ask: "operator",
          }),
        ];
  const hasEdge = edge !== undefined && (edge.zones.size > 0 || edge.tunnels.size > 0);
  const children = [anybody, ...operators, ...(hasEdge ? [edgeBox({ world, edge })] : [])];
  return [box("outside", "", "Internet", { children })];
}

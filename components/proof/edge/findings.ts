/** What is wrong with names, tunnels and load balancers, whoever asks for them. */
import type { Prover } from "../prover.ts";
import { parseAddress } from "../sets/addresses.ts";
import { portTraffic } from "../sets/traffic.ts";
import { askName } from "./ask.ts";
import { probeStop } from "./balancer.ts";
import type { Balancer, CloudflareTunnel, EdgeModel, Pool, Target } from "./model.ts";
import type { Scene } from "./origin.ts";
import { lookUpPublic, publicNames, type NameStop } from "./public-dns.ts";
import { resolve } from "./resolve.ts";
import { dialled, ruleFor, serviceStop } from "./tunnel.ts";

/** A rule that is broken. */
export interface EdgeFinding {
  /** `edge/endpoint-down`; once published it keeps its meaning. */
  readonly rule: keyof typeof edgeRules;
  /** Where the rule comes from. */
  readonly source: string;
  readonly path: string;
  readonly message: string;
}

const cloudflare = "https://developers.cloudflare.com";

/** The rules by id, with the page on which each is stated. */
export const edgeRules = {
  "edge/unread": "https://nlnetlabs.nl/documentation/unbound/unbound.conf",
  "edge/name-leads-nowhere": "https://www.rfc-editor.org/rfc/rfc1034#section-3.6.2",
  "edge/private-name-leads-nowhere":
    "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html",
  "edge/origin-stops": `${cloudflare}/dns/proxy-status`,
  "edge/endpoint-down": `${cloudflare}/load-balancing/understand-basics/health-details`,
  "edge/tunnel-down": `${cloudflare}/cloudflare-one/connections/connect-networks/configure-tunnels/tunnel-with-firewall`,
  "edge/tunnel-half": `${cloudflare}/cloudflare-one/connections/connect-networks/configure-tunnels/tunnel-with-firewall`,
  "edge/ingress-stops": `${cloudflare}/cloudflare-one/connections/connect-networks/do-more-with-tunnels/local-management/configuration-file`,
  "edge/ingress-unused": `${cloudflare}/cloudflare-one/connections/connect-networks/routing-to-tunnel/dns`,
} as const;

function finding(rule: keyof typeof edgeRules, path: string, message: string): EdgeFinding {
  return { rule, source: edgeRules[rule], path, message };
}

function words({ place, reason }: NameStop): string {
  return `${place}: ${reason}`;
}

/** Aliases that lead in circles or to names that are not there. */
function* namesLead(model: EdgeModel): Iterable<EdgeFinding> {
  for (const name of publicNames(model)) {
    const records = [...model.zones.values()].flatMap((zone) => zone.records.get(name) ?? []);
    // A name may well have nothing but mail or text.
    if (records.length > 0 && records.every(({ target }) => target === undefined)) continue;
    const { found } = lookUpPublic(model, name);
    if (found.kind !== "none") continue;
    yield finding("edge/name-leads-nowhere", found.stop.path, `${name} leads nowhere: ${words(found.stop)}`);
  }
}

/**
 * Every name of a private zone is answered somewhere, and wherever a VPC's resolver forwards questions. A region whose
 * resolver forwards nothing has been left without what others know, such as the mesh's names, when it was described.
 */
function* privateNamesLead({ prover, model }: Scene): Iterable<EdgeFinding> {
  const found = new Map<string, { readonly forwards: boolean; readonly stop: EdgeFinding | undefined }[]>();
  for (const { region, zones, rules } of model.resolvers.values()) {
    const host = [...prover.world.hosts.keys()].find((key) => key.startsWith(`${region}/`));
    if (host === undefined) continue;
    for (const name of new Set(zones.flatMap(({ records }) => [...records.keys()]))) {
      if (name.startsWith("*.")) continue;
      const { found: led } = resolve(prover, { kind: "host", host }, name);
      const message = `${name} leads nowhere for the hosts of ${region}`;
      const stop =
        led.kind === "none"
          ? finding("edge/private-name-leads-nowhere", led.stop.path, `${message}: ${words(led.stop)}`)
          : undefined;
      found.set(name, [...(found.get(name) ?? []), { forwards: rules.length > 0, stop }]);
    }
  }
  for (const regions of found.values()) {
    const isNowhere = regions.every(({ stop }) => stop !== undefined);
    for (const { forwards, stop } of regions) if (stop !== undefined && (forwards || isNowhere)) yield stop;
  }
}

/** The Elastic IPs and tunnels of the plan answer the edge, where no load balancer tries one after the other. */
function* originsAnswer({ prover, model }: Scene): Iterable<EdgeFinding> {
  const [https = 0] = portTraffic("tcp", 443);
  // Of the internet nobody in particular asks: what counts is what the edge finds (192.0.2.0/24, RFC 5737).
  const anybody = { kind: "internet", address: parseAddress("192.0.2.1") } as const;
  for (const name of publicNames(model)) {
    const { found } = lookUpPublic(model, name);
    if (found.kind !== "edge" || found.route.to.kind === "balancer") continue;
    const { verdict, stop } = askName(prover, anybody, name, https);
    if (verdict !== "blocked" || stop === undefined) continue;
    yield finding("edge/origin-stops", stop.path, `nobody answers for ${name}: ${words(stop)}`);
  }
}

function* poolAnswers(scene: Scene, balancer: Balancer, pool: Pool): Iterable<EdgeFinding> {
  const down = pool.endpoints.flatMap((endpoint) => {
    const stop = probeStop(scene, balancer, endpoint);
    return stop === undefined ? [] : [{ endpoint, stop }];
  });
  const all = down.length === pool.endpoints.length ? `, and all of pool ${pool.name} is` : "";
  for (const { endpoint, stop } of down) {
    const message = `the monitor of ${balancer.name} finds ${endpoint.name} down${all}: ${words(stop)}`;
    yield finding("edge/endpoint-down", pool.path, message);
  }
}

/** Monitors reach every endpoint. */
function* endpointsAreUp(scene: Scene): Iterable<EdgeFinding> {
  for (const zone of scene.model.zones.values()) {
    for (const balancer of zone.balancers.values()) {
      for (const pool of balancer.pools) yield* poolAnswers(scene, balancer, pool);
    }
  }
}

/** Connectors reach Cloudflare, by both protocols and in both places. */
function* connectorsDial(scene: Scene): Iterable<EdgeFinding> {
  for (const tunnel of scene.model.tunnels.values()) {
    const stopped = dialled(scene, tunnel).flatMap(({ region, protocol, stop }) =>
      stop === undefined ? [] : [{ shown: `${region} by ${protocol}`, stop }],
    );
    const [first] = stopped;
    if (first === undefined) continue;
    const ways = stopped.map(({ shown }) => shown).join(", ");
    const message = `the connector of ${tunnel.name} does not reach ${ways}: ${words(first.stop)}`;
    const rule = stopped.length < 4 ? "edge/tunnel-half" : "edge/tunnel-down";
    yield finding(rule, first.stop.path, message);
  }
}

function leadsInto(target: Target | undefined, tunnel: CloudflareTunnel): boolean {
  return target?.kind === "tunnel" && target.tunnel === tunnel.name;
}

/** Whether requests for the name come to the tunnel, from records or from a load balancer's pool. */
function isLed(model: EdgeModel, name: string, tunnel: CloudflareTunnel): boolean {
  const { found } = lookUpPublic(model, name);
  if (found.kind !== "edge") return false;
  const { to } = found.route;
  if (to.kind === "targets") return to.targets.some((target) => leadsInto(target, tunnel));
  return to.balancer.pools.some(({ endpoints }) => endpoints.some(({ target }) => leadsInto(target, tunnel)));
}

/** Whether rules before it take every request for the name; what a rule with a path takes hangs on the request. */
function isHidden(tunnel: CloudflareTunnel, index: number): boolean {
  const { hostname, path } = tunnel.ingress[index] ?? {};
  if (hostname === undefined || path !== undefined) return false;
  return ruleFor(tunnel, { host: hostname, path: "/" })?.index !== index;
}

/** Rules name what is led into the tunnel, and services that answer. */
function* rulesServe(scene: Scene): Iterable<EdgeFinding> {
  for (const tunnel of scene.model.tunnels.values()) {
    for (const [index, { hostname, service }] of tunnel.ingress.entries()) {
      const at = `${tunnel.path}.ingress[${index}]`;
      const isOneName = hostname !== undefined && !hostname.startsWith("*");
      if (isOneName && !isLed(scene.model, hostname, tunnel)) {
        yield finding("edge/ingress-unused", at, `nothing leads ${hostname} into ${tunnel.name}`);
      }
      const stop = isHidden(tunnel, index) ? undefined : serviceStop(scene, tunnel, index);
      if (stop === undefined) continue;
      const message = `${hostname ?? "everything else"} is not served by ${service}: ${words(stop)}`;
      yield finding("edge/ingress-stops", at, message);
    }
  }
}

/** Everything that is wrong, whoever asks. */
export function edgeFindings(prover: Prover): EdgeFinding[] {
  const { edge: model } = prover.world;
  if (model === undefined) return [];
  const scene: Scene = { prover, model };
  return [
    ...model.unread.map((message) => finding("edge/unread", "hosts", message)),
    ...namesLead(model),
    ...privateNamesLead(scene),
    ...originsAnswer(scene),
    ...endpointsAreUp(scene),
    ...connectorsDial(scene),
    ...rulesServe(scene),
  ];
}

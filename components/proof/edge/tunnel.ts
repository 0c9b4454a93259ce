/**
 * Through a Cloudflare Tunnel: the connection that the connector has dialled, the first rule that fits, and the service
 * that the rule names.
 *
 * Sources: cloudflare-one/connections/connect-networks/configure-tunnels/tunnel-with-firewall (7844, by UDP or TCP, to
 * either of two regions), cloudflare/cloudflared, ingress/rule.go (hosts and paths in order, `*.` for all below).
 */
import { connectorPort, connectorRegions } from "../../config/cloudflare-networks.ts";
import { formatAddress, isAddress, networks, parseAddress } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import { oneKind } from "../sets/traffic.ts";
import type { HostNode } from "../world/model.ts";
import { tableOf } from "../world/walk.ts";
import { Way } from "../world/way.ts";
import type { CloudflareTunnel } from "./model.ts";
import { ended, portPoint, type OriginRequest, type Reached, type Scene } from "./origin.ts";
import { follow, toAny, type Followed, type Leg } from "./legs.ts";
import type { Decision, NameStop } from "./public-dns.ts";
import { resolve } from "./resolve.ts";

/** One of the ways by which a connector may dial. */
export interface Dialled extends Followed {
  readonly region: string;
  readonly protocol: "tcp" | "udp";
}

/** Every way by which the tunnel's connector may dial Cloudflare. */
export function dialled({ prover }: Scene, { host }: CloudflareTunnel): Dialled[] {
  return connectorRegions.flatMap(({ name, addresses }) =>
    // QUIC comes first, HTTP/2 over TCP where that fails.
    (["udp", "tcp"] as const).map((protocol): Dialled => {
      const ends = { from: `connector on ${host}`, to: name };
      const traffic = portPoint(protocol, connectorPort);
      const way = toAny(prover, { kind: "host", host }, networks(addresses), traffic, ends);
      return { ...way, region: name, protocol };
    }),
  );
}

/** The connection that carries the tunnel, or why there is none. */
function connection(
  scene: Scene,
  tunnel: CloudflareTunnel,
): { readonly legs: Leg[]; readonly stop: NameStop | undefined } {
  const { prover, model } = scene;
  const { host, name, path } = tunnel;
  if (model.services.get(host)?.hasConnector !== true) {
    return { legs: [], stop: { place: `tunnel ${name}`, reason: `no connector runs on ${host}`, path } };
  }
  const [region] = connectorRegions;
  const { found } = resolve(prover, { kind: "host", host }, region?.name ?? "");
  if (found.kind === "none") return { legs: [], stop: found.stop };
  const ways = dialled(scene, tunnel);
  const open = ways.find(({ stop }) => stop === undefined);
  const shown = open ?? ways[0];
  return { legs: shown === undefined ? [] : [shown.leg], stop: open === undefined ? shown?.stop : undefined };
}

function hostFits(wanted: string | undefined, host: string): boolean {
  if (wanted === undefined || wanted === "*" || wanted === host) return true;
  return wanted.startsWith("*.") && host.endsWith(wanted.slice(1));
}

function pathFits(wanted: string | undefined, path: string): boolean {
  return wanted === undefined || new RegExp(wanted).test(path);
}

/** The first rule that takes the request; the last takes everything, and stands in where none does. */
export function ruleFor(
  { ingress }: CloudflareTunnel,
  { host, path }: Pick<OriginRequest, "host" | "path">,
): { readonly index: number; readonly rule: CloudflareTunnel["ingress"][number] } | undefined {
  const fitting = ingress.findIndex((rule) => hostFits(rule.hostname, host) && pathFits(rule.path, path));
  const index = fitting < 0 ? ingress.length - 1 : fitting;
  const rule = ingress[index];
  return rule === undefined ? undefined : { index, rule };
}

const usualPorts: Readonly<Record<string, number>> = { http: 80, https: 443, ssh: 22, rdp: 3389, smb: 445 };

/** Host and port of a service that is reached over the network; `undefined` for any other. */
export function serviceAddress(
  service: string,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^([a-z]+):\/\/(\[[^\]]+\]|[^/:]+)(?::(\d{1,5}))?(?:\/.*)?$/.exec(service);
  const [, scheme = "", host = "", port] = match ?? [];
  const number = port === undefined ? usualPorts[scheme] : Number(port);
  if (match === null || number === undefined) return undefined;
  return { host: host.replaceAll(/^\[|\]$/g, ""), port: number };
}

const loopback = parseAddress("127.0.0.1");

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** A connection that never leaves the host: its own rules look at it, and somebody must listen. */
function onHost(
  { prover, model }: Scene,
  node: HostNode,
  port: number,
  path: string,
): { readonly leg: Decision; readonly stop: NameStop | undefined } {
  const listens = model.services.get(node.key)?.listens ?? [];
  const isThere = listens.some(
    ({ protocol, ports }) => protocol === "tcp" && ports.from <= port && port <= ports.to,
  );
  const leg: Decision = { kind: "decision", place: node.key, what: `asks its own port ${port}/tcp`, path };
  const { world } = prover;
  const traffic = world.table.id(oneKind(portPoint("tcp", port)));
  const way = new Way(world, loopback, loopback, { traffic });
  const hooks = [
    ["output", { iif: undefined, oif: "lo", state: "new" }],
    ["input", { iif: "lo", oif: undefined, state: "new" }],
  ] as const;
  for (const [hook, context] of hooks) {
    if (node.gates(hook, context).every((gate) => way.through(gate, tableOf, node, hook))) continue;
    const { place = node.key, reason = "", path: at = path } = way.stop ?? {};
    return { leg, stop: { place, reason, path: at } };
  }
  const stop = { place: node.key, reason: `nothing of the plan listens on ${port}/tcp there`, path };
  return { leg, stop: isThere ? undefined : stop };
}

/** From the connector's host to the address and port that a rule names. */
function toService(
  scene: Scene,
  tunnel: CloudflareTunnel,
  service: { readonly host: string; readonly port: number },
  path: string,
): Reached {
  const { prover } = scene;
  const { host } = tunnel;
  const node = prover.world.hosts.get(host);
  const by = `${service.host}:${service.port} from ${host}`;
  if (node === undefined) return ended(by, [], { place: host, reason: "is no host of the plan", path });
  const source = { kind: "host", host } as const;
  const local = (): Reached => {
    const { leg, stop } = onHost(scene, node, service.port, path);
    return ended(`${host}, port ${service.port}`, [leg], stop);
  };
  if (isLoopback(service.host)) return local();
  const legs: Leg[] = [];
  let addresses: readonly Point[] = [];
  if (isAddress(service.host)) addresses = [parseAddress(service.host)];
  else {
    const { found, decisions } = resolve(prover, source, service.host);
    legs.push(...decisions);
    if (found.kind === "none") return ended(by, legs, found.stop);
    if (found.kind !== "addresses") {
      const stop = { place: host, reason: `${service.host} is nobody of this network`, path };
      return { ...ended(by, legs, stop), verdict: "unknown" };
    }
    ({ addresses } = found);
  }
  for (const address of addresses) {
    if (node.addresses.has(address)) return local();
    const ends = { from: host, to: formatAddress(address) };
    const { leg, stop } = follow(prover, source, address, portPoint("tcp", service.port), ends);
    legs.push(leg);
    if (stop !== undefined) return ended(by, legs, stop);
  }
  return ended(by, legs, undefined);
}

/** What a rule does with requests. */
function serveBy(scene: Scene, tunnel: CloudflareTunnel, index: number, service: string): Reached {
  const place = `tunnel ${tunnel.name}`;
  const path = `${tunnel.path}.ingress[${index}]`;
  if (service === "hello_world") return ended(`connector on ${tunnel.host}`, [], undefined);
  if (service.startsWith("unix")) {
    const condition = `somebody listens on ${service} of ${tunnel.host}`;
    return ended(`${service} of ${tunnel.host}`, [], undefined, [condition]);
  }
  const address = serviceAddress(service);
  if (address === undefined) {
    const stop = { place, reason: `where ${service} leads is said by whoever asks`, path };
    return { ...ended(place, [], stop), verdict: "unknown" };
  }
  return toService(scene, tunnel, address, path);
}

const status = /^http_status:(\d{3})$/;

/** Why a rule's service answers nobody, whatever the request; what says a status answers for itself. */
export function serviceStop(scene: Scene, tunnel: CloudflareTunnel, index: number): NameStop | undefined {
  const { service } = tunnel.ingress[index] ?? {};
  if (service === undefined || status.test(service)) return undefined;
  const { verdict, stop } = serveBy(scene, tunnel, index, service);
  return verdict === "blocked" ? stop : undefined;
}

/** The rule that fits, and what it does with the request. */
function serve(scene: Scene, tunnel: CloudflareTunnel, request: OriginRequest): Reached {
  const place = `tunnel ${tunnel.name}`;
  const chosen = ruleFor(tunnel, request);
  const path = `${tunnel.path}.ingress[${chosen?.index ?? 0}]`;
  if (chosen === undefined) return ended(place, [], { place, reason: "has no rule", path });
  const { hostname, service } = chosen.rule;
  const named = `rule ${chosen.index + 1} (${hostname ?? "everything"})`;
  const what = `${named} takes ${request.host} to ${service}`;
  const decision: Decision = { kind: "decision", place, what, path };
  const said = status.exec(service)?.[1];
  if (said !== undefined) {
    const reason = `${named} answers ${request.host} with ${said}`;
    return ended(place, [decision], Number(said) < 400 ? undefined : { place, reason, path });
  }
  const reached = serveBy(scene, tunnel, chosen.index, service);
  return { ...reached, legs: [decision, ...reached.legs] };
}

/** A request on its way through a tunnel. */
export function throughTunnel(scene: Scene, name: string, request: OriginRequest): Reached {
  const tunnel = scene.model.tunnels.get(name);
  if (tunnel === undefined) {
    const stop = { place: `tunnel ${name}`, reason: "is no tunnel of the plan", path: "cloudflare.tunnels" };
    return ended(name, [], stop);
  }
  const { legs, stop } = connection(scene, tunnel);
  if (stop !== undefined) {
    const reason = `the tunnel's connector has no connection: ${stop.place}: ${stop.reason}`;
    return ended(`tunnel ${name}`, legs, { place: `tunnel ${name}`, reason, path: stop.path });
  }
  const served = serve(scene, tunnel, request);
  return { ...served, legs: [...legs, ...served.legs] };
}

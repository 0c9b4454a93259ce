/**
 * Reads unbound's configuration as the plan writes it. The grammar is a part of unbound's; whatever else it says about
 * who is answered what is an error, because a server that is not understood must not be taken to answer.
 */
import { PrefixMap, type PrefixEntry } from "../rules/prefixes.ts";
import { isAddress, parseAddress, type SymbolSpace } from "../sets/addresses.ts";
import type { Forward, NameServer, ServerAddress } from "./model.ts";

const dnsPort = 53;

interface ForwardDraft {
  name: string;
  readonly servers: ServerAddress[];
  first: boolean;
}

interface Draft {
  readonly listens: ServerAddress[];
  readonly clients: PrefixEntry<boolean>[];
  readonly local: Map<string, Map<string, string[]> | undefined>;
  readonly forwards: ForwardDraft[];
}

/** `10.0.10.11@8600` */
function serverAddress(text: string): ServerAddress {
  const [address = "", port = String(dnsPort)] = text.split("@");
  if (!isAddress(address) || !/^\d{1,5}$/.test(port)) throw new Error(`${text} is no server's address`);
  return { address: parseAddress(address), port: Number(port) };
}

/** `"consul."` → `consul`; the root is the empty name. */
function domain(text: string): string {
  return text.replaceAll(/^"|"$/g, "").replace(/\.$/, "").toLowerCase();
}

/** What says nothing about who is answered what. */
const harmless: readonly string[] = [
  "directory",
  "username",
  "do-ip6",
  "ip-freebind",
  "module-config",
  "hide-identity",
  "hide-version",
  "prefetch",
  "control-enable",
];

function localZone(draft: Draft, value: string): void {
  const [zone = "", kind] = value.split(/\s+/);
  if (kind !== "static" && kind !== "refuse") throw new Error(`local-zone ${value} is of another kind`);
  draft.local.set(domain(zone), kind === "static" ? new Map<string, string[]>() : undefined);
}

function localData(draft: Draft, value: string): void {
  const match = /^'(\S+)\s+\d+\s+IN\s+(\S+)\s+(.*)'$/.exec(value);
  if (match === null) throw new Error(`local-data ${value} is no record`);
  const [, name = "", type, content = ""] = match;
  if (type !== "A") return;
  const full = domain(name);
  const zone = longest([...draft.local.keys()], full);
  const known = zone === undefined ? undefined : draft.local.get(zone);
  if (known === undefined) throw new Error(`local-data ${value} is in no static zone`);
  known.set(full, [...(known.get(full) ?? []), content]);
}

function setting(draft: Draft, section: string, key: string, value: string): void {
  const forward = draft.forwards.at(-1);
  if (section === "forward-zone" && forward !== undefined) {
    if (key === "name") forward.name = domain(value);
    else if (key === "forward-addr") forward.servers.push(serverAddress(value));
    else if (key === "forward-first") forward.first = value === "yes";
    else throw new Error(`${key} of a forward-zone is not understood`);
    return;
  }
  if (key === "interface") draft.listens.push(serverAddress(value));
  else if (key === "access-control") {
    const [network = "", action] = value.split(/\s+/);
    draft.clients.push({ network, value: action === "allow" });
  } else if (key === "local-zone") localZone(draft, value);
  else if (key === "local-data") localData(draft, value);
  else if (!harmless.includes(key)) throw new Error(`${key} is not understood`);
}

/** The longest of the domains that the name is in. */
export function longest(domains: readonly string[], name: string): string | undefined {
  return domains
    .filter((each) => each === "" || name === each || name.endsWith(`.${each}`))
    .sort((a, b) => b.length - a.length)[0];
}

/** @throws Error where a line is not understood */
export function readUnbound(host: string, text: string, space: SymbolSpace): NameServer {
  const draft: Draft = { listens: [], clients: [], local: new Map(), forwards: [] };
  let section = "";
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([a-z0-9-]+):\s*(.*)$/.exec(line);
    const [, key = "", value = ""] = match ?? [];
    if (match === null) throw new Error(`unbound on ${host}: "${line}" is not understood`);
    if (value === "") {
      section = key;
      if (key === "forward-zone") draft.forwards.push({ name: "", servers: [], first: false });
      continue;
    }
    try {
      setting(draft, section, key, value);
    } catch (error) {
      throw new Error(`unbound on ${host}: ${(error as Error).message}`, { cause: error });
    }
  }
  return {
    host,
    listens: draft.listens,
    clients: new PrefixMap(draft.clients, space),
    local: draft.local,
    forwards: new Map(
      draft.forwards.map(({ name, servers, first }): [string, Forward] => [name, { servers, first }]),
    ),
  };
}

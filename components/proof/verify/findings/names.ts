/** Names inside the network: each must end at somebody who is there, or who is asked. */
import type { NetworkPlan } from "../../../plan/model.ts";
import { isAddress, parseAddress } from "../../sets/addresses.ts";
import type { World } from "../../world/model.ts";
import type { PlanRule } from "./rule.ts";

function isSomebody(address: string, world: World): boolean {
  const point = parseAddress(address);
  return [...world.hosts.values()].some(({ addresses }) => addresses.has(point));
}

/** Whether an address is of a network that the plan describes, so that it knows everybody there. */
function isOurs(address: string, { regions, vpn }: NetworkPlan, world: World): boolean {
  const point = parseAddress(address);
  const known = [...regions.map(({ cidr }) => cidr), vpn.network];
  return known.some((cidr) => {
    const [first = 0, end = 0] = world.space.network(cidr).filter((each) => each >= 0);
    return first <= point && point < end;
  });
}

export const namesLeadToHosts: PlanRule = {
  id: "names/nobody",
  source: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-private.html",
  *find({ plan, prover: { world } }) {
    const records = plan.privateZones.flatMap(({ name: zone, recordSets }) =>
      recordSets.flatMap(({ name, type, values }) =>
        type !== "A"
          ? []
          : values.map((address) => ({ name, address, path: `dns.private.zones["${zone}"]` })),
      ),
    );
    const targets = plan.regions.flatMap(({ outboundEndpoint }) =>
      (outboundEndpoint?.rules ?? []).flatMap(({ domain, targets: servers }) =>
        servers.map(({ address }) => ({
          name: `the name server of ${domain}`,
          address,
          path: `dns.private.forwardingRules.${domain}`,
        })),
      ),
    );
    const told = new Set<string>();
    for (const { name, address, path } of [...records, ...targets]) {
      const key = `${name} ${address}`;
      if (told.has(key) || !isAddress(address) || !isOurs(address, plan, world)) continue;
      told.add(key);
      if (isSomebody(address, world)) continue;
      yield { path, message: `leads to nobody: ${name} is ${address}, which no host has.` };
    }
  },
};

/**
 * Last labels that no name server of the internet knows: those that networks use inside (RFC 6762, appendix G), those
 * that are set apart (RFC 6761, RFC 6762), and Consul's.
 */
const insideOnly: ReadonlySet<string> = new Set([
  ...["intranet", "internal", "private", "corp", "home", "lan", "local"],
  ...["localhost", "test", "invalid", "consul"],
]);

/** Aliases of names that only somebody inside could know, and about which nobody inside is asked. */
export const aliasesAreAnswered: PlanRule = {
  id: "names/nobody-asked",
  source: "https://www.rfc-editor.org/rfc/rfc6762#appendix-G",
  *find({ plan: { privateZones, regions } }) {
    const known = [
      ...privateZones.map(({ name }) => name),
      ...regions.flatMap(({ outboundEndpoint }) =>
        (outboundEndpoint?.rules ?? []).map(({ domain }) => domain),
      ),
    ];
    for (const { name: zone, recordSets } of privateZones) {
      for (const { name, type, values } of recordSets) {
        const [target = ""] = values;
        if (type !== "CNAME" || !insideOnly.has(target.split(".").at(-1) ?? "")) continue;
        if (known.some((domain) => target === domain || target.endsWith(`.${domain}`))) continue;
        const path = `dns.private.zones["${zone}"]`;
        const message = `has an alias that nobody answers: ${name} leads to ${target}, which no name server of the internet knows, and dns.private.forwardingRules names nobody who does.`;
        yield { path, message };
      }
    }
  },
};

/** The hosts of the benchmark: what is to be on each of them, put together from the parts of the program's own roles. */
import { generationDocument } from "../../components/plan/document.ts";
import { combine, type GenerationPart, type GenerationPlan } from "../../components/plan/generation.ts";
import { exporter } from "../../components/plan/host/exporter.ts";
import { firewall } from "../../components/plan/host/firewall.ts";
import { forwarding } from "../../components/plan/host/forwarding.ts";
import { identity } from "../../components/plan/host/identity.ts";
import { resolver } from "../../components/plan/host/resolver.ts";
import { sshd } from "../../components/plan/host/sshd.ts";
import { time, timeServers } from "../../components/plan/host/time.ts";
import type { HostPlan, ManagementPath, NetworkPlan } from "../../components/plan/model.ts";

/** The Ethernet on which operator and hosts stand, without a way out. */
export const network = "192.168.88.0/24";
export const prefixLength = 24;
export const operatorAddress = "192.168.88.1";
export const user = "admin";

/** Already on every host before anything is measured. */
export const packages = ["chrony", "prometheus-node-exporter", "unbound"];

export interface FleetHost {
  /** `h01` */
  readonly name: string;
  readonly hostname: string;
  readonly address: string;
  /** OpenSSH public key of the operator, who alone may log in. */
  readonly operatorKey: string;
}

/** Hosts 1 to so many; at most 150. */
export function fleetHosts(count: number, operatorKey: string): FleetHost[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `h${String(index + 1).padStart(2, "0")}`;
    return { name, hostname: `${name}.fleet.test`, address: `192.168.88.${100 + index + 1}`, operatorKey };
  });
}

const kernelSettings = {
  "net.ipv4.conf.all.rp_filter": "2",
  "net.ipv4.conf.all.send_redirects": "0",
};

/**
 * A machine that forwards, keeps time, answers DNS and is measured: twelve files, three kernel settings, five services and
 * the firewall's table, which is two files and a sixth service.
 *
 * Neither side looks after packages, which are there, and the agent's own metrics are left out, since the other side has
 * none.
 */
export function generationOf({ name, hostname, address, operatorKey }: FleetHost): GenerationPlan {
  const parts: GenerationPart[] = [
    identity(name, hostname),
    sshd({ isInstance: false, login: { user, authorizedKeys: [operatorKey] } }),
    time({ interface: "eth0" }),
    exporter({ address, inTunnel: false }),
    resolver({
      address,
      clients: network,
      forwardTo: [operatorAddress],
      forwardFirst: true,
      outsideTunnel: [timeServers],
      inside: [],
    }),
    forwarding({ mtu: 1420, masqueradeTo: [] }),
    { sysctls: kernelSettings },
  ];
  const listens = parts.flatMap((part) => part.listens ?? []);
  const table = firewall({ listens, management: [`${operatorAddress}/32`], flows: [] });
  return { ...combine(name, [...parts, table]), packages: [], metrics: false };
}

function planHost(host: FleetHost, hostKey: string): HostPlan {
  const { name, hostname, address } = host;
  const path: ManagementPath = {
    ...{ name: "direct", user, address, localAddress: address },
    ...{ via: undefined, through: undefined },
  };
  return {
    ...{ key: `fleet/${name}`, name, hostname, address, role: "lan-member", site: "fleet" },
    ...{ tunnelAddress: undefined, instance: undefined, firstGeneration: undefined },
    firstContact: { kind: "lan", path, hostKey },
    management: path,
    otherPaths: [],
    // Two cores are shared by the operator and all hosts.
    confirmSeconds: 600,
    aptProxy: undefined,
    generation: generationOf(host),
  };
}

/** A plan of nothing but such hosts, all of which may be changed at the same time. */
export function planFleet(
  hosts: readonly (FleetHost & { readonly hostKey: string })[],
): Pick<NetworkPlan, "hosts" | "rollout"> {
  const plans = hosts.map((host) => planHost(host, host.hostKey));
  const batches = [plans.map(({ key }) => key)];
  return { hosts: plans, rollout: { batches, canary: undefined, soakSeconds: 0 } };
}

/** The firewall's table as nft reads it, without what removes an earlier one. */
export function tableOf(host: FleetHost): { readonly name: string; readonly text: string } {
  const plan = planHost(host, "");
  const { nftables } = generationDocument({
    ...{ host: plan, generation: plan.generation, paths: [] },
    agent: { sha256: "", source: "" },
    resolve: () => "",
  }) as { readonly nftables?: { readonly family: string; readonly table: string; readonly rules: string } };
  if (nftables === undefined) throw new Error("the plan has no table");
  const name = `${nftables.family} ${nftables.table}`;
  return { name, text: `table ${name} {\n${nftables.rules.trimEnd()}\n}\n` };
}

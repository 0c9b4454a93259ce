/** What programs on a host say that they open: measurements, a cluster's members, storage, a tower's outbound table. */
import type { Endpoint } from "../../config/flows.ts";
import type { SendPlan } from "../generation.ts";
import type { FlowPlan, HostPlan } from "../model.ts";
import { addressEnds, hostEnd, hostPath, meant } from "./flow.ts";

const internet: Endpoint = { kind: "internet" };

/** Answers that may be broadcasts stay on the cable or the access point of the tower itself. */
const dhcpAnswer = 68;

function trafficOf({ protocol, ports }: SendPlan): string {
  const { from, to } = ports ?? { from: 1, to: 65535 };
  return `${from === to ? from : `${from}-${to}`}/${protocol}`;
}

export function programFlows(hosts: readonly HostPlan[]): FlowPlan[] {
  return hosts.flatMap((host) =>
    host.generation.sends
      .filter(({ ports }) => ports?.from !== dhcpAnswer)
      .flatMap((send): FlowPlan[] => {
        // What a host asks of itself passes no gate of the network.
        const others = send.to.filter((address) => !isOwn(host, address));
        if (others.length === 0 && send.to.length > 0) return [];
        const to = send.to.length === 0 ? [internet] : addressEnds(others);
        return [
          meant([hostEnd(host.key)], to, [trafficOf(send)], {
            reason: send.reason,
            path: hostPath(host.key),
          }),
        ];
      }),
  );
}

function isOwn({ address, tunnelAddress, generation }: HostPlan, target: string): boolean {
  const own = generation.interfaces.flatMap(({ addresses }) => addresses.map((each) => each.split("/")[0]));
  return [address, tunnelAddress, ...own].includes(target);
}

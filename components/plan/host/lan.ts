/** A machine's static address on its LAN. */
import type { GenerationPart } from "../generation.ts";
import { publicResolvers } from "./networks.ts";

export interface Lan {
  /** `eth0` */
  readonly interface: string;
  readonly address: string;
  /** The LAN, whose prefix length the address gets. */
  readonly network: string;
  readonly gateway: string;
}

/** As in the network guide's dhcpcd.conf; the agent writes it for whichever program the machine uses. */
export function lan({ interface: name, address, network, gateway }: Lan): GenerationPart {
  const prefixLength = network.split("/")[1] ?? "";
  return {
    interfaces: [
      {
        name,
        addresses: [`${address}/${prefixLength}`],
        gateway,
        nameservers: publicResolvers,
        mtu: undefined,
        vlan: undefined,
        routes: [],
      },
    ],
  };
}

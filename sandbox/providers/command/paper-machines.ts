/** Which machine stands at an address, as the sandbox's AWS knows it: on paper nothing else tells a new one. */
import { askService } from "../../ask.ts";
import { findService } from "../../service.ts";

/** Names the machine at an address; `undefined` where nobody knows of one, so that it is the same machine always. */
export type MachineAt = (address: string) => Promise<string | undefined>;

interface Instance {
  readonly InstanceId: string;
  readonly State: { readonly Name: string };
  readonly PrivateIpAddress?: string;
  readonly PublicIpAddress?: string;
}

interface Description {
  readonly regions: Readonly<
    Record<
      string,
      {
        readonly instances: { readonly Reservations: readonly { readonly Instances: readonly Instance[] }[] };
      }
    >
  >;
}

/** The id of the running instance that has an address, private or public. */
export const instanceAt: MachineAt = async (address) => {
  if (findService("aws") === undefined) return undefined;
  const { regions } = (await askService("aws", "GET", "/describe")) as Description;
  return Object.values(regions)
    .flatMap(({ instances }) => instances.Reservations)
    .flatMap(({ Instances }) => Instances)
    .filter(({ State }) => State.Name === "running")
    .find((instance) => [instance.PrivateIpAddress, instance.PublicIpAddress].includes(address))?.InstanceId;
};

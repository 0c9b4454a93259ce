/** What people call the machines of a sandbox: instances have ids for names, and their titles in the tag `Name`. */
import { runningMachines } from "./hosts/machine.ts";
import { sandboxPaths, serviceSocket, type SandboxPaths } from "./paths.ts";
import { findService } from "./service.ts";
import { AwsClient } from "./services/aws/client.ts";

export interface RunningMachine {
  /** `lucidia`, or an instance's id. */
  readonly name: string;
  /** `us-west/api-1`; the name itself where there is no other. */
  readonly title: string;
  readonly address: string;
}

/** Titles of the instances by id; none where the simulated AWS does not run. */
async function instanceTitles(paths: SandboxPaths): Promise<ReadonlyMap<string, string>> {
  if (findService("aws", paths) === undefined) {
    return new Map();
  }
  const { regions } = await new AwsClient(serviceSocket(paths, "aws")).describe();
  const instances = Object.values(regions).flatMap((region) =>
    region.instances.Reservations.flatMap((reservation) => reservation.Instances),
  );
  return new Map(
    instances.flatMap(({ InstanceId, Tags }) => {
      const title = Tags.find(({ Key }) => Key === "Name")?.Value;
      return title === undefined ? [] : [[InstanceId, title]];
    }),
  );
}

/** The machines that run now, by title. */
export async function titledMachines(paths: SandboxPaths = sandboxPaths()): Promise<RunningMachine[]> {
  const machines = runningMachines(paths);
  const titles = machines.length === 0 ? new Map<string, string>() : await instanceTitles(paths);
  return machines
    .map(({ name, address }) => ({ name, address, title: titles.get(name) ?? name }))
    .sort((a, b) => a.title.localeCompare(b.title));
}

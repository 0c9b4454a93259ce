/** Changes of the network in `network.ts`. */
import { eniOf, type Json, type Network } from "./network.ts";

/** The thing of that kind that has the id. */
export function one(of: Network, kind: string, id: string): Json {
  const things = kind === "Instances" ? (of.Reservations?.[0]?.Instances as Json[]) : of[kind];
  const found = things?.find((thing) => Object.values(thing).includes(id));
  if (found === undefined) throw new Error(`the network has no ${kind} ${id}`);
  return found;
}

export type Change = (of: Network) => void;

/** The route table's routes without those to the network, and with others. */
export const routes =
  (table: string, without: string | undefined, ...more: Json[]): Change =>
  (of) => {
    const found = one(of, "RouteTables", table);
    const isOther = (route: Json): boolean =>
      without === undefined ||
      (route.DestinationCidrBlock !== without && route.DestinationIpv6CidrBlock !== without);
    const kept = (found.Routes as Json[]).filter(isOther);
    found.Routes = [...kept, ...more];
  };

/** Other entries of the ACL of `vpc-0a`, before its own. */
export const entries =
  (...more: Json[]): Change =>
  (of) => {
    const acl = one(of, "NetworkAcls", "acl-0a");
    acl.Entries = [...more, ...(acl.Entries as Json[])];
  };

/** An interface that is of no instance: what had it is not there. */
export const bare =
  (machine: string, set: Json): Change =>
  (of) => {
    const [reservation] = of.Reservations ?? [];
    if (reservation === undefined) throw new Error("the network has no instances");
    const instances = reservation.Instances as Json[];
    reservation.Instances = instances.filter(({ InstanceId }) => InstanceId !== machine);
    Object.assign(one(of, "NetworkInterfaces", eniOf(machine)), { Attachment: undefined, ...set });
  };

/** Fields of a thing. */
export const fields =
  (kind: string, id: string, set: Json): Change =>
  (of) => {
    Object.assign(one(of, kind, id), set);
  };

export const add =
  (kind: string, ...things: Json[]): Change =>
  (of) => {
    of[kind] = [...(of[kind] ?? []), ...things];
  };

/** Permissions of a group in place of its own. */
export const ingress = (id: string, ...permissions: Json[]): Change =>
  fields("SecurityGroups", id, { IpPermissions: permissions });

/** An export that does not have this kind of thing. */
export const without =
  (kind: string): Change =>
  (of) => {
    Reflect.deleteProperty(of, kind);
  };

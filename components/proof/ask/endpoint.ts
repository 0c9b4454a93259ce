/** What is asked about: who packets come from and go to, and by which of their addresses. */
import { isV6Point, parseAddress } from "../sets/addresses.ts";
import type { Point } from "../sets/intervals.ts";
import type { Eni, HostNode, Segment } from "../world/model.ts";

/** The question itself is wrong: it names what there is not, or says nothing that packets could do. */
export class QuestionError extends Error {}

/** Which of a host's addresses is meant. */
export type AddressKind = "public" | "vpn" | "ipv6";

/** What a name means. */
export type Endpoint = { readonly name: string } & (
  | {
      readonly kind: "host";
      readonly host: HostNode;
      /** `undefined` for the one that fits the question. */
      readonly address: Point | undefined;
      /** By which the internet knows it, where one of its interfaces is meant. */
      readonly outside?: Point | undefined;
    }
  | { readonly kind: "device"; readonly segment: Segment; readonly address: Point | undefined }
  /** Anybody on the internet, or whoever has the address there. */
  | { readonly kind: "internet"; readonly address: Point | undefined }
  /** Networks of the operator, each by one address. */
  | { readonly kind: "operator"; readonly addresses: readonly Point[] }
  /** An address that can be sent to, and that no host has, or not one alone. */
  | {
      readonly kind: "nobody";
      readonly address: Point;
      readonly outside?: Point | undefined;
      /** What has it that opens no connections, such as a NAT gateway. */
      readonly owner?: string;
    }
  /** Something that the proof does not follow. */
  | { readonly kind: "unseen"; readonly why: string }
);

/** The address by which its own place knows a host. */
export function primaryAddress(host: HostNode): Point {
  if (host.plan !== undefined) return parseAddress(host.plan.address);
  const [first] = host.addresses.keys();
  if (first === undefined) throw new QuestionError(`${host.key} has no address`);
  return first;
}

/** The public address of an interface: its first address's, or else of another one. */
export function outsideOf({ publicAddress, publicAddresses }: Eni): Point | undefined {
  return publicAddress ?? [...publicAddresses.values()][0];
}

export function publicAddressOf(host: HostNode): Point | undefined {
  for (const { attachment } of host.links.values()) {
    const found = attachment.kind === "eni" ? outsideOf(attachment.eni) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether it has addresses of IPv6 alone. */
export function isV6Only({ addresses }: HostNode): boolean {
  return addresses.size > 0 && [...addresses.keys()].every(isV6Point);
}

export function addressOf(host: HostNode, kind: AddressKind): Point | undefined {
  if (kind === "public") return publicAddressOf(host);
  for (const { attachment } of host.links.values()) {
    if (kind === "ipv6" && attachment.kind === "eni" && attachment.eni.ipv6 !== undefined)
      return attachment.eni.ipv6;
    if (kind === "vpn" && attachment.kind === "tunnel") return attachment.tunnel.address;
  }
  return undefined;
}

/** The host, with the VPC that it is in where no plan has named it by its place. */
export function placeOf({ key, plan, links }: HostNode): string {
  const [first] = links.values();
  return plan === undefined && first?.attachment.kind === "eni"
    ? `${key} in ${first.attachment.eni.region}`
    : key;
}

export function isOutside({ kind }: Endpoint): boolean {
  return kind === "internet" || kind === "operator";
}

/** What another name means: a host, one of its interfaces, or something that has an address and is no host. */
export interface Alias {
  readonly host: string;
  /** The interface's first address. */
  readonly address?: Point;
  /** By which the internet knows the interface. */
  readonly outside?: Point | undefined;
}

/** Other names of hosts; what several have says nothing by itself. */
export type Aliases = ReadonlyMap<string, readonly Alias[]>;

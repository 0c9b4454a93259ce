/** What flows that follow from the description are made of. */
import type { Endpoint } from "../../config/flows.ts";
import type { FlowPlan } from "../model.ts";

export const hostEnd = (host: string): Endpoint => ({ kind: "host", host });

/** Whoever has one of the addresses, by that address. */
export const addressEnds = (addresses: readonly string[]): Endpoint[] =>
  addresses.map((network) => ({ kind: "network", network }));

/** The place of a host's options in the stack's file. */
export function hostPath(key: string): string {
  return `hosts.${key.replace("/", ".")}`;
}

/** @param traffic as the stack's file writes it: `443/tcp` */
export function meant(
  from: readonly Endpoint[],
  to: readonly Endpoint[],
  traffic: readonly string[],
  because: { readonly reason: string; readonly path: string },
): FlowPlan {
  return { kind: "intended", from, to, traffic, ...because, isWritten: false };
}

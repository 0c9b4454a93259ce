/** Who packets come from, and from where they begin. */
import type { Point } from "../sets/intervals.ts";

/** Where packets begin. */
export type Source =
  /** A host, from the address that its routes choose, or from the one given. */
  | { readonly kind: "host"; readonly host: string; readonly address?: Point }
  /** A device that nobody manages, on a LAN or VLAN. */
  | { readonly kind: "device"; readonly segment: string; readonly address?: Point }
  | { readonly kind: "internet"; readonly address: Point }
  /** A service of AWS's that answers through a VPC's gateway endpoint. */
  | { readonly kind: "service"; readonly region: string; readonly address: Point };

/** What the map of a network is made of: nested boxes, lines between them, and what the page asks its proof about. */

import type { LineTree } from "../lines.ts";

/** What a box stands for. */
export type BoxKind =
  /** Everything that is not the network's: the internet, the operator, Cloudflare. */
  | "outside"
  | "internet"
  | "operator"
  | "edge"
  | "zone"
  | "name"
  | "balancer"
  | "pool"
  | "tunnel"
  | "region"
  | "gateway"
  | "tier"
  | "subnet"
  | "nat"
  | "host"
  /** A further network interface of a host that is drawn elsewhere. */
  | "interface"
  | "vpn"
  | "site"
  | "router"
  | "segment"
  /** Whatever nobody manages on a site's network. */
  | "device";

/** Something that is drawn, with what is inside. */
export interface Box {
  /** Unique in the drawing: the kind and the key of what it stands for. */
  readonly id: string;
  readonly kind: BoxKind;
  readonly label: string;
  /** A second line: an address, a network. */
  readonly detail: string;
  /** What it is, in a few words, where label and detail do not say. */
  readonly about: string;
  /** Of a host: `load-balancer`, `vpn-peer`. */
  readonly role: string;
  /** What a question calls it; empty where nobody can be asked about. */
  readonly ask: string;
  /** What listens there, as questions have it: `443/tcp`. */
  readonly ports: readonly string[];
  readonly children: readonly Box[];
}

/** What joins two boxes however packets go. */
export interface Line {
  readonly kind: "peering" | "vpn" | "tunnel";
  readonly from: string;
  readonly to: string;
}

export interface Drawing {
  /** From top to bottom; what stands in one row has it to itself or shares it. */
  readonly rows: readonly (readonly Box[])[];
  readonly lines: readonly Line[];
}

/** Something that `roadnet verify` found. */
export interface Mark {
  /** Boxes that it is about, most to the point first; empty where it is about none in particular. */
  readonly boxes: readonly string[];
  /** As a heading: what is wrong. */
  readonly title: string;
  /** The rule, the packet that shows it, what decides. */
  readonly lines: readonly string[];
  /** Where the stack's file says it. */
  readonly where: string;
}

/** A network that a stack's file describes. */
export interface StackSource {
  readonly kind: "stack";
  readonly stack: string;
  /** The value of `blackroad-network:network`, without what decides about no packet. */
  readonly network: unknown;
  readonly lines: LineTree;
  /** Stands for the operator's address where nobody has said which it is. */
  readonly unknownOperator: string | undefined;
}

/** A network that AWS described. */
export interface ExportSource {
  readonly kind: "export";
  readonly kinds: readonly string[];
  readonly tables: Readonly<Record<string, readonly unknown[]>>;
  readonly clients: { readonly from: number; readonly to: number } | undefined;
}

/** All that the page knows. */
export interface MapData {
  /** `stack prod` */
  readonly title: string;
  /** What a command line must say for the same network: `--stack prod`. */
  readonly options: string;
  /** Why `roadnet verify` found nothing, or that it found something, in one sentence. */
  readonly verified: string;
  readonly drawing: Drawing;
  readonly marks: readonly Mark[];
  readonly source: StackSource | ExportSource;
}

/** Every box of a drawing, those around others first. */
export function* boxesOf(boxes: readonly Box[]): Iterable<Box> {
  for (const box of boxes) {
    yield box;
    yield* boxesOf(box.children);
  }
}

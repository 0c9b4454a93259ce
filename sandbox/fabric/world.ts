/** The part of the world that no cloud describes: the internet's addresses and the LANs. Hand-written, in YAML. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { parseIpv6 } from "./blocks.ts";
import { parseAddress, parseBlock } from "./ipv4.ts";
import { siteFaults } from "./world-faults.ts";

function valid(check: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      check(text);
      return true;
    } catch {
      return false;
    }
  };
}

const address = z.string().refine(valid(parseAddress), "is not an IPv4 address");
const ipv6Address = z.string().refine(valid(parseIpv6), "is not an IPv6 address");
const block = z.string().refine(valid(parseBlock), "is not an IPv4 block");
/** Becomes part of names of namespaces and interfaces. */
const name = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);

/** What the kernel takes as an interface's name. */
const device = z.string().regex(/^[a-z][a-z0-9-]{0,14}$/);
/** Bytes. */
const mtu = z.int().min(1280).max(9000);

const link = z.strictObject({
  /** The network that the cable leads to; without it the cable is plugged in nowhere. */
  network: name.optional(),
  /** The machine's address there. */
  address: address.optional(),
  mtu: mtu.optional(),
});

const machine = z.strictObject({
  /** Where the machine is found: its address, or with several links the one that the operator knows. */
  address,
  /** `pi` boots a machine of its own; `bare` is a namespace in which tests run what they like. */
  kind: z.enum(["pi", "bare"]),
  /** Who can log in to a machine as it was imaged; `pi` unless said otherwise. */
  user: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/)
    .optional(),
  /** Its links by interface, where it has more than `eth0` on the LAN. */
  links: z.record(device, link).optional(),
  /** Where it sends what it has no link to; the site's router unless said otherwise. */
  gateway: address.optional(),
  /** Folders that are disks of their own, apart from the system's. */
  disks: z.array(z.string().regex(/^(?:\/[a-z0-9-]+)+$/)).optional(),
  /** What its owner runs on it, by TCP port; something of ours stands in for that. */
  serves: z.record(name, z.int().min(1).max(65535)).optional(),
});

const network = z.strictObject({
  network: block,
  mtu: mtu.optional(),
});

const site = z.strictObject({
  network: block,
  /** Where the site is divided: networks that share no cable, such as VLANs, by name. */
  networks: z.record(name, network).optional(),
  /** The router's address on the LAN; it answers DNS there. */
  gateway: address,
  /** The router's address on the internet, behind which the LAN is hidden. */
  publicAddress: address,
  /** The operator's leg on the LAN. */
  operatorAddress: address,
  machines: z.record(name, machine),
});

const world = z
  .strictObject({
    internet: z.strictObject({
      /** Where resolvers of VPCs and LANs forward to. */
      resolver: address,
      /** Addresses on which the internet's own services listen. */
      services: z.array(address),
      /** Cloudflare's edge, whose addresses are not among the services' again. */
      edge: z.strictObject({
        /** What proxied names answer. */
        proxy: z.array(address).min(1),
        /** What connectors of tunnels dial. */
        connectors: z.array(address).min(1),
      }),
      /** Machines that stand on the internet with one address and no more. */
      hosts: z.record(name, address),
      /** What of the internet has an address of IPv6 as well, as soon as some VPC has IPv6. */
      ipv6: z
        .strictObject({
          services: z.array(ipv6Address).default([]),
          /** Of machines among `hosts`. */
          hosts: z.record(name, ipv6Address).default({}),
        })
        .default({ services: [], hosts: {} }),
    }),
    operator: address,
    sites: z.record(name, site),
  })
  .superRefine((value, context) => {
    for (const [key, each] of Object.entries(value.sites)) {
      for (const { path, message } of siteFaults(each)) {
        context.addIssue({ code: "custom", path: ["sites", key, ...path], message });
      }
    }
  });

export type World = z.infer<typeof world>;
export type Site = z.infer<typeof site>;
export type SiteMachine = z.infer<typeof machine>;
export type SiteLink = z.infer<typeof link>;
export type SiteNetwork = z.infer<typeof network>;

export const WORLD_FILE = join(import.meta.dirname, "..", "world.yaml");

/** @throws if the text is not YAML, or with the path of everything that is wrong in it. */
export function parseWorld(text: string): World {
  const result = world.safeParse(parse(text));
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The world cannot be read:\n  ${faults.join("\n  ")}`);
  }
  return result.data;
}

export function loadWorld(file: string = WORLD_FILE): World {
  return parseWorld(readFileSync(file, "utf8"));
}

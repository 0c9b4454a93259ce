/** Zones and an account of the tests' own, so that no stack's records matter. */
import type { RuleId } from "../../../components/config/sources.ts";
import type { Case, Change } from "./subject.ts";

export const zone = "dns zones example.test";
export const at = (rest: string): string => `dns.zones["example.test"].${rest}`;

/** A zone of the test's own, so that no stack's records matter. */
export const records = (...list: readonly object[]): Change => [zone, { managed: true, records: list }];
export const account = (value: object): Change => ["cloudflare", value];
export const balancers = 'cloudflare.loadBalancers["api.example.test"]';

export const catchAll = { service: "http_status:404" };
export const tunnel = (ingress: readonly object[], host = "edge-home/lucidia") => ({
  tunnels: { way: { host, ingress } },
});

export const pools = [
  { name: "near", hosts: ["us-west/lb-1"] },
  { name: "far", hosts: ["eu-west/lb-1"] },
];
export const balanced = (change: object = {}, more: object = {}): Change[] => [
  records(),
  account({ loadBalancers: { "api.example.test": { pools, fallback: "far", ...change } }, ...more }),
];

export interface Demand extends Case {
  readonly demands: RuleId;
}

export const a = { name: "www", type: "A", content: "198.51.100.7" };
export const proxied = { ...a, proxied: true };

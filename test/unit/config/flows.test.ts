/** Ends of flows, as they are read and written. */
import { describe, expect, it } from "vitest";
import { formatEndpoint, readEndpoint, type Endpoint } from "../../../components/config/flows.ts";

const forms: readonly (readonly [text: string, endpoint: Endpoint])[] = [
  ["internet", { kind: "internet" }],
  ["operator", { kind: "operator" }],
  ["cloudflare", { kind: "cloudflare" }],
  ["inside", { kind: "inside" }],
  ["us-west/api-1", { kind: "host", host: "us-west/api-1" }],
  ["us-west", { kind: "place", place: "us-west" }],
  ["hosts", { kind: "hosts", place: undefined }],
  ["hosts of us-west", { kind: "hosts", place: "us-west" }],
  ["devices of edge-home", { kind: "devices", place: "edge-home", network: undefined }],
  ["devices of 10.64.20.0/24", { kind: "devices", place: undefined, network: "10.64.20.0/24" }],
  ["role-load-balancer", { kind: "role", role: "load-balancer", place: undefined }],
  ["role-api of us-west", { kind: "role", role: "api", place: "us-west" }],
  ["sg-ssh-from-hub of us-west", { kind: "group", group: "ssh-from-hub", place: "us-west" }],
  ["tier-database of eu-west", { kind: "tier", tier: "database", place: "eu-west" }],
  ["10.64.20.0/24", { kind: "network", network: "10.64.20.0/24" }],
  ["10.64.40.5", { kind: "network", network: "10.64.40.5" }],
  ["2001:db8::/32", { kind: "network", network: "2001:db8::/32" }],
];

describe("an end of a flow", () => {
  it.each(forms)("%s is read, and written as it was", (text, endpoint) => {
    expect(readEndpoint(text)).toEqual(endpoint);
    expect(formatEndpoint(endpoint)).toBe(text);
  });

  it.each([
    "",
    "the hosts",
    "hosts of",
    "hosts  of us-west",
    "internet of us-west",
    "us-west/api-1 of us-west",
    "role-",
    "10.64.20.1/24",
    "devices of 10.64.20.1/24",
    "10.64.20.0/33",
    "300.1.1.1",
    "US-WEST",
  ])("is not %j", (text) => {
    expect(readEndpoint(text)).toBeUndefined();
  });
});

/** Origins that take requests from Cloudflare alone: what follows on load balancers, at Cloudflare and in AWS. */
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cloudflareNetworks } from "../../../components/config/cloudflare-networks.ts";
import { rangeOf } from "../../../components/config/ip.ts";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { cloudflareAuthority } from "../../../components/plan/host/origin-pulls.ts";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { renderTemplate } from "../../../components/plan/render.ts";
import { filledNetwork } from "../config/stack.ts";
import { changed, type Change } from "../config/subject.ts";
import { hostOf, namedSymbol, planOf } from "./subject.ts";

const authority = "/etc/ssl/cloudflare-origin-pull.pem";

/** Prod with the option on, and load balancers that only Cloudflare asks in a group of their own. */
function pulled(...changes: readonly Change[]): NetworkPlan {
  const whole = filledNetwork("prod") as {
    dns: { zones: Record<string, { tls: object }> };
    cloudflare: object;
  };
  const zone = whole.dns.zones["blackroad.io"];
  const fromCloudflare = ["edge", "ssh-from-hub", "monitoring"];
  const web = (port: number) => ({ port, protocol: "tcp", source: "cloudflare", description: "The edge" });
  const network = changed(
    [
      "dns zones",
      { ...whole.dns.zones, "blackroad.io": { ...zone, tls: { ...zone?.tls, originPulls: true } } },
    ],
    ["cloudflare", whole.cloudflare],
    [
      "securityGroups edge",
      { ingress: [web(443), web(80)], egress: [{ port: "all", protocol: "all", destination: "0.0.0.0/0" }] },
    ],
    ["hosts us-west lb-2 securityGroups", fromCloudflare],
    ["hosts eu-west lb-1 securityGroups", fromCloudflare],
    ...changes,
  );
  return planNetwork(parseNetworkConfig(network), "prod");
}

const plan = pulled();

function textOf(of: NetworkPlan, host: string, path: string): string {
  const file = hostOf(of, host).generation.files.find((each) => each.path === path);
  if (file === undefined) throw new Error(`${host} has no ${path}`);
  return renderTemplate(file.content, namedSymbol);
}

/** The blocks of nginx's servers on 443, by the names that they answer for. */
function nginxServers(text: string): Record<string, string> {
  const blocks = text.split(/^ {4}server \{$/m).filter((block) => block.includes("listen 443"));
  return Object.fromEntries(blocks.map((block) => [/server_name (.*);/.exec(block)?.[1] ?? "", block]));
}

describe("nginx", () => {
  const servers = nginxServers(textOf(plan, "us-west/lb-1", "/etc/nginx/nginx.conf"));

  it("demands Cloudflare's certificate for proxied names, and of whoever names none of its own", () => {
    expect(Object.keys(servers)).toEqual(["api.blackroad.io", "ws.blackroad.io"]);
    const api = servers["api.blackroad.io"] ?? "";
    expect(api).toContain("listen 443 ssl http2 default_server;");
    expect(api).toContain(`ssl_client_certificate ${authority};`);
    expect(api).toContain("ssl_verify_client on;");
    expect(api).toContain("location /api/ {");
  });

  it("serves WebSockets alone by the names that lead past Cloudflare", () => {
    const ws = servers["ws.blackroad.io"] ?? "";
    expect(ws).toContain("listen 443 ssl http2;");
    expect(ws).not.toContain("ssl_verify_client");
    expect([...ws.matchAll(/location (.*) \{/g)].map(([, path]) => path)).toEqual(["/ws/", "/"]);
  });

  it("reads the authority anew where it changes", () => {
    const [service] = hostOf(plan, "us-west/lb-1").generation.services.filter(
      ({ unit }) => unit === "nginx.service",
    );
    expect(service?.reload).toContain(authority);
    expect(textOf(plan, "us-west/lb-1", authority)).toBe(cloudflareAuthority);
  });
});

describe("HAProxy", () => {
  it("refuses who is not Cloudflare, but for WebSockets by names that lead past it", () => {
    const text = textOf(plan, "us-west/lb-2", "/etc/haproxy/haproxy.cfg");
    expect(text).toContain(
      `bind *:443 ssl crt /etc/ssl/blackroad.pem alpn h2,http/1.1 ca-file ${authority} verify optional\n`,
    );
    expect(text).toContain("acl is_direct req.hdr(host),field(1,:) -i ws.blackroad.io\n");
    expect(text).toContain(
      "http-request deny deny_status 403 unless from_cloudflare or is_direct is_upgrade\n",
    );
    expect(textOf(plan, "us-west/lb-2", authority)).toBe(cloudflareAuthority);
  });

  it("ends the handshake of everybody else where no name leads past Cloudflare", () => {
    const alone = pulled(["hosts eu-west lb-1 balancer", "haproxy"]);
    const text = textOf(alone, "eu-west/lb-1", "/etc/haproxy/haproxy.cfg");
    expect(text).toContain(`ca-file ${authority} verify required\n`);
    expect(text).not.toContain("deny");
  });
});

describe("at Cloudflare", () => {
  it("the zone shows the certificate, and monitors show it as the zone", () => {
    const settingOf = (of: NetworkPlan) =>
      of.zones.flatMap(({ settings }) => settings).find(({ id }) => id === "tls_client_auth")?.value;
    expect(settingOf(plan)).toBe("on");
    expect(settingOf(planOf("prod"))).toBe("off");
    expect(plan.cloudflare.loadBalancers.map(({ monitor }) => monitor.asZone)).toEqual(["blackroad.io"]);
    expect(planOf("prod").cloudflare.loadBalancers.map(({ monitor }) => monitor.asZone)).toEqual([undefined]);
  });
});

describe("in AWS", () => {
  it("the group opens to each of Cloudflare's networks, and the ACL, which has no room, to the internet", () => {
    const region = plan.regions.find(({ key }) => key === "eu-west");
    const group = region?.securityGroups.find(({ name }) => name === "edge");
    const https = group?.rules.filter(({ ports }) => ports?.from === 443).map(({ peer }) => peer);
    expect(https).toEqual(cloudflareNetworks.map((cidr) => ({ kind: "cidr", cidr })));
    const acl = region?.networkAcls.find(({ tier }) => tier === "public");
    const opened = acl?.rules.filter(
      ({ direction, ports }) => direction === "ingress" && ports?.from === 443,
    );
    expect(opened?.map(({ cidr }) => cidr)).toEqual(["0.0.0.0/0"]);
    expect(cloudflareNetworks.map((cidr) => rangeOf(cidr).prefix)).not.toContain(0);
  });
});

describe("Cloudflare's authority", () => {
  it("is one that has signed itself, and not the stack's own where the stack says another", () => {
    const certificate = new X509Certificate(cloudflareAuthority);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toContain("CN=origin-pull.cloudflare.net");
    // Whoever sees this fail has a year to put in the next one.
    expect(Date.parse(certificate.validTo) - Date.now()).toBeGreaterThan(365 * 86_400_000);
  });
});

describe("without the option", () => {
  it("nobody is asked for a certificate", () => {
    for (const host of ["us-west/lb-1", "us-west/lb-2"]) {
      const { files } = hostOf(planOf("prod"), host).generation;
      expect(files.map(({ path }) => path)).not.toContain(authority);
    }
    expect(textOf(planOf("prod"), "us-west/lb-2", "/etc/haproxy/haproxy.cfg")).not.toMatch(/verify|deny/);
  });
});

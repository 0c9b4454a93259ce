/** The stand-in plugin under the real engine, against the simulated Cloudflare. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestService } from "../unit/cloudflare/service.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { sdkVersion } from "../../sandbox/providers/shared/version.ts";

const service = new TestService();
let engine: TestEngine;

const limitMilliseconds = 120_000;

function program(accountId: string, content: string, extra = ""): string {
  return `
    const cloudflare = require("@pulumi/cloudflare");
    const pulumi = require("@pulumi/pulumi");
    const zone = new cloudflare.Zone("zone", { name: "blackroad.io", account: { id: "${accountId}" } });
    const vpn = new cloudflare.DnsRecord("vpn", {
      zoneId: zone.id, name: "vpn.blackroad.io", type: "A", content: "${content}", ttl: 300,
      proxied: false, comment: "the hub",
    });
    const www = new cloudflare.DnsRecord("www", {
      zoneId: zone.id, name: "www", type: "CNAME", content: "vpn.blackroad.io", ttl: 1, proxied: true,
    });
    const mail = new cloudflare.DnsRecord("mail", {
      zoneId: zone.id, name: "blackroad.io", type: "MX", content: "mx.example.net", priority: 10, ttl: 3600,
    });
    const caa = new cloudflare.DnsRecord("caa", {
      zoneId: zone.id, name: "blackroad.io", type: "CAA", ttl: 1,
      data: { flags: 0, tag: "issue", value: "letsencrypt.org" },
    });
    exports.zoneId = zone.id;
    exports.status = zone.status;
    exports.nameServers = zone.nameServers;
    exports.vpn = vpn.name;
    exports.caa = caa.content;
    exports.found = cloudflare.getZoneOutput({ zoneId: zone.id }).name;
    exports.records = pulumi.all([vpn.id, www.id, mail.id, caa.id])
      .apply(() => zone.id).apply((zoneId) => cloudflare.getDnsRecords({ zoneId }))
      .results.length;
    ${extra}
  `;
}

async function counts(): Promise<Record<string, number>> {
  const calls = await service.control.calls();
  const names = calls.map(({ method }) => method);
  return Object.fromEntries(
    [...new Set(names)].map((name) => [name, names.filter((n) => n === name).length]),
  );
}

async function accountId(): Promise<string> {
  const { results } = await service.call("GET", "/accounts");
  return String(results[0]?.id);
}

beforeAll(async () => {
  await service.start();
  engine = await startEngine(
    { cloudflare: sdkVersion("cloudflare") },
    { CLOUDFLARE_BASE_URL: service.baseUrl, CLOUDFLARE_API_TOKEN: service.token },
  );
}, limitMilliseconds);

afterAll(async () => {
  await engine.remove();
  await service.remove();
}, limitMilliseconds);

test("create, no change, drift, refresh, repair, destroy", { timeout: limitMilliseconds * 2 }, async () => {
  await engine.program(program(await accountId(), "198.18.1.5"));
  const preview = await engine.succeed("preview");
  expect(preview).toContain("6 to create");
  await engine.succeed("up", "--yes", "--skip-preview");
  const outputs = JSON.parse(await engine.succeed("stack", "output", "--json")) as Record<string, unknown>;
  expect(outputs).toMatchObject({
    status: "pending",
    vpn: "vpn.blackroad.io",
    caa: '0 issue "letsencrypt.org"',
    found: "blackroad.io",
    records: 4,
  });
  expect(outputs.nameServers).toHaveLength(2);
  expect(await counts()).toMatchObject({ POST: 5 });

  // Nothing to do: not for the preview, and not after a refresh has put the API's own words into the state.
  expect(await engine.succeed("preview", "--expect-no-changes")).toContain("unchanged");
  await engine.succeed("refresh", "--yes", "--skip-preview");
  expect(await engine.succeed("preview", "--expect-no-changes")).toContain("unchanged");

  // One record changed, one gone: a refresh shows just that.
  await service.control.drift({
    action: "modify",
    kind: "record",
    zone: "blackroad.io",
    name: "vpn.blackroad.io",
    type: "A",
    set: { content: "198.18.1.66" },
  });
  await service.control.drift({
    action: "delete",
    kind: "record",
    zone: "blackroad.io",
    name: "blackroad.io",
    type: "MX",
  });
  const refreshed = await engine.succeed("refresh", "--yes", "--skip-preview");
  expect(refreshed).toMatch(/DnsRecord\s+vpn\s+updated/);
  expect(refreshed).toMatch(/DnsRecord\s+mail\s+deleted/);
  expect(refreshed).toMatch(/~ 1 updated\s+- 1 deleted\s+2 changes\. 4 unchanged/);

  // The next update puts both right again.
  const repaired = await engine.succeed("up", "--yes", "--skip-preview");
  expect(repaired).toMatch(/\+ 1 created\s+~ 1 updated\s+2 changes\. 4 unchanged/);
  const [zone] = await service.control.describe();
  const contents = zone?.dns_records.map((record) => `${String(record.name)} ${String(record.content)}`);
  expect(contents?.sort()).toEqual([
    'blackroad.io 0 issue "letsencrypt.org"',
    "blackroad.io mx.example.net",
    "vpn.blackroad.io 198.18.1.5",
    "www.blackroad.io vpn.blackroad.io",
  ]);

  await engine.succeed("destroy", "--yes", "--skip-preview");
  expect(await service.control.describe()).toEqual([]);
});

test("explicit provider, import, refusals", { timeout: limitMilliseconds }, async () => {
  const zoneId = await service.zone("example.net");
  const made = await service.call("POST", `/zones/${zoneId}/dns_records`, {
    name: "old",
    type: "A",
    content: "198.18.1.7",
    ttl: 120,
  });
  const source = (line: string) => `
    const cloudflare = require("@pulumi/cloudflare");
    const provider = new cloudflare.Provider("p", {
      apiToken: ${JSON.stringify(service.token)}, baseUrl: ${JSON.stringify(service.baseUrl)},
    });
    ${line}
  `;
  const record = (extra: string, options = "") =>
    `new cloudflare.DnsRecord("old", { zoneId: "${zoneId}", name: "old.example.net", type: "A", ttl: 120, ${extra} },
      { provider, ${options} });`;
  const importing = `import: "${zoneId}/${String(made.result.id)}"`;
  await engine.program(source(record('content: "198.18.1.7"', importing)));
  expect(await engine.succeed("up", "--yes", "--skip-preview")).toContain("1 imported");
  const { dns_records: records } = (await service.control.describe())[0] ?? { dns_records: [] };
  expect(records).toHaveLength(1);

  await engine.program(source(record('content: "not an address"')));
  const refused = await engine.pulumi("up", "--yes", "--skip-preview");
  expect(refused.code).not.toBe(0);
  expect(refused.output).toContain("Content for A record must be a valid IPv4 address.");

  await engine.program(
    source('new cloudflare.List("l", { accountId: "x", kind: "ip", name: "l" }, { provider });'),
  );
  const unknown = await engine.pulumi("preview");
  expect(unknown.output).toContain("has no table for the type cloudflare:index/list:List");

  // The token is a secret in the state, and nowhere printed.
  expect(refused.output + unknown.output).not.toContain(service.token);
  expect(await engine.succeed("stack", "export")).not.toContain(service.token);
  await engine.succeed("destroy", "--yes", "--skip-preview");
});

/** The configuration as a whole: the stacks' files are right, and what is wrong is told all at once. */
import { describe, expect, it } from "vitest";
import { parseCloudflareAccountId, parseNetworkConfig } from "../../../components/config/parse.ts";
import { ConfigError } from "../../../components/config/problem.ts";
import { filledNetwork, writtenNetwork } from "./stack.ts";
import { absent, changed, problemsOf, told } from "./subject.ts";

describe("the stacks' files", () => {
  it.each(["dev", "prod", "sandbox"])("%s is right once its owner has filled it in", (stack) => {
    expect(problemsOf(filledNetwork(stack))).toEqual([]);
  });

  it("prod is refused as long as the owner's values are missing, and each is asked for", () => {
    const problems = problemsOf(writtenNetwork("prod"));
    expect(problems.map(({ path }) => path.split("network.")[1])).toEqual([
      "account.id",
      "account.role",
      "operator.cidrs[0]",
      "operator.authorizedKeys[0]",
      "regions.us-west.ami",
      "regions.eu-west.ami",
      "hosts.edge-home.lucidia.bootstrap.hostKey",
      "hosts.edge-home.blackroad-pi.bootstrap.hostKey",
      "hosts.edge-home.lucidia-alt.bootstrap.hostKey",
      "hosts.coral-reef.gateway.bootstrap.hostKey",
      "hosts.coral-reef.storage.bootstrap.hostKey",
      "hosts.coral-reef.node-1.bootstrap.hostKey",
      "hosts.coral-reef.node-2.bootstrap.hostKey",
      "hosts.coral-reef.node-3.bootstrap.hostKey",
    ]);
    for (const { message } of problems)
      expect(message).toMatch(/^still says REPLACE-ME: put in (?:an?|the) .+\.$/);
  });

  it("fills in what is not written", () => {
    const config = parseNetworkConfig(filledNetwork("prod"));
    expect(config.regions["eu-west"]?.subnets.database).toEqual(["10.1.20.0/24", "10.1.21.0/24"]);
    expect(config.regions["eu-west"]?.mapPublicIpOnLaunch).toBe(false);
    expect(config.operator.user).toBe("admin");
    expect(config.dns.zones["blackroad.io"]?.records[0]).toMatchObject({ proxied: false, ttl: 1 });
  });

  it("takes an empty network apart from what it cannot do without", () => {
    expect(problemsOf({}).map(({ path }) => path.split("network.")[1])).toEqual([
      "owner",
      "operator",
      "regions",
      "wireguard",
      "hosts",
    ]);
  });
});

describe("the Cloudflare account", () => {
  it("is 32 hexadecimal digits", () => {
    expect(parseCloudflareAccountId("0123456789abcdef0123456789abcdef")).toBe(
      "0123456789abcdef0123456789abcdef",
    );
  });

  it.each([
    [undefined, "is missing: it must be a Cloudflare account id of 32 hexadecimal digits."],
    ["REPLACE-ME", "still says REPLACE-ME: put in a Cloudflare account id of 32 hexadecimal digits."],
    ["0123", 'must be a Cloudflare account id of 32 hexadecimal digits, but is "0123".'],
  ])("refuses %s", (raw, message) => {
    expect(() => parseCloudflareAccountId(raw)).toThrow(
      `The network's configuration has 1 problem:\n  blackroad-network:cloudflareAccountId\n    ${message}`,
    );
  });
});

describe("a configuration with several faults", () => {
  const faults = changed(
    ["regions us-west vpc_cidr", "10.0.0.0/16"],
    ["regions us-west subnets public 1", "10.0.2.1/24"],
    ["regions eu-west subnets private 0", "10.0.10.0/24"],
    ["sites edge-home nodes lucidia", "192.168.4.64"],
    ["wireguard managementHub", "us-wst"],
    ["hosts us-west api-1 address", "10.0.10.1"],
    ["hosts us-west lb-1 role", "loadbalancer"],
    ["dns zones blackroad.io records 0 ttl", 300],
  );

  it("tells all of them in one error, those of values and those of references", () => {
    expect(problemsOf(faults).map(({ path }) => path.split("network.")[1])).toEqual([
      "regions.us-west.subnets.public[1]",
      "regions.us-west.vpc_cidr",
      "hosts.us-west.lb-1.role",
      "regions.eu-west.subnets.private[0]",
      "sites.edge-home.nodes.lucidia",
      "wireguard.managementHub",
      "hosts.eu-west.api-1.address",
      "hosts.us-west.api-1.address",
      'dns.zones["blackroad.io"].records[0].ttl',
    ]);
  });

  it("says in its message how many there are, where, and what would be right", () => {
    expect(() => parseNetworkConfig(faults)).toThrow(ConfigError);
    const [first, ...rest] = messageOf(faults).split("\n");
    expect(first).toBe("The network's configuration has 9 problems:");
    expect(rest).toContain("  blackroad-network:network.regions.us-west.subnets.public[1]");
    expect(rest).toContain(
      "    is not canonical: 10.0.2.1/24 has bits set behind its prefix. Write 10.0.2.0/24.",
    );
  });

  it("does not complain of references to what is there but malformed", () => {
    expect(told(["regions eu-west", "somewhere"])).toEqual([
      ["regions.eu-west", 'must be a map with a region\'s options, but is "somewhere".'],
    ]);
    expect(told(["hosts us-west hub-1", "somebody"])).toEqual([
      ["hosts.us-west.hub-1", 'must be a map with a host\'s options, but is "somebody".'],
    ]);
    expect(told(["securityGroups hub", []])).toEqual([
      ["securityGroups.hub", "must be a map with a security group's description and rules, but is a list."],
    ]);
    expect(told(["hosts eu-west lb-1 elasticIp", "yes"])).toEqual([
      ["hosts.eu-west.lb-1.elasticIp", 'must be true or false, but is "yes".'],
    ]);
  });

  it("counts a single one as one", () => {
    expect(messageOf(changed(["owner", absent]))).toBe(
      "The network's configuration has 1 problem:\n  blackroad-network:network.owner\n    is missing: it must be a name of at most 64 letters, digits, spaces and .@_-.",
    );
  });
});

function messageOf(raw: unknown): string {
  try {
    parseNetworkConfig(raw);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error("the configuration was accepted");
}

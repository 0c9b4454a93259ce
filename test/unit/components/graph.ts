/** What holds of every stack's resource graph. Each stack has a test file, because a process has one Pulumi program. */
import { beforeAll, describe, expect, it } from "vitest";

import type { NetworkOutputs } from "../../../components/outputs.ts";
import { acceptedGraph, graphOf, isSecret } from "./golden.ts";
import { describeOrder } from "./graph-order.ts";
import { describePlatform } from "./graph-platform.ts";
import { type ProgramOptions, type ProgramRun, runProgram } from "./program.ts";

/** What the steps of a host run. Nothing but scripts' names, hashes, numbers and tokens: it can be read by anybody. */
const commandLines: Readonly<Record<string, RegExp>> = {
  apply:
    /^sudo -n sh -s -- [0-9a-f]{64} \/home\/[a-z]+\/reef-agent\.upload apply --json --by [a-z-]+ --number \d+$/,
  bootstrap: /^sudo -n sh -s -- keep (?:tunnel|none) [0-9a-f]{16}$/,
  "certificate-request": /^sudo -n sh -s -- any \/home\/[a-z]+\/reef-agent\.upload csr$/,
  confirm: /^sudo -n reef-agent confirm \d+-[0-9a-f]{32} --path [a-z-]+$/,
  "first-apply":
    /^sudo -n sh -s -- [0-9a-f]{64} \/home\/[a-z]+\/reef-agent\.upload apply --json --by [a-z-]+ --number \d+$/,
  "first-confirm": /^sudo -n reef-agent confirm \d+-[0-9a-f]{32} --path [a-z-]+$/,
  keys: /^sudo -n sh -s -- keep (?:tunnel|none) [0-9a-f]{16}$/,
  meet: /^sudo -n sh -s -- own none none$/,
  reachable: /^sudo -n sh -s --$/,
  soak: /^sleep \d+ && sudo -n reef-agent status --exit-code$/,
};

export function describeGraph(stack: string, options: ProgramOptions = {}): () => ProgramRun {
  let run: ProgramRun;
  beforeAll(async () => {
    run = await runProgram(stack, options);
  }, 120_000);

  describe(`the resource graph of ${stack}`, () => {
    const aws = () => run.resources.filter(({ type }) => type.startsWith("aws:"));
    const outputs = () => run.outputs as unknown as NetworkOutputs;
    const onHosts = () => run.resources.filter(({ type }) => type.startsWith("command:remote:"));

    it("is the accepted one (ACCEPT_GOLDEN=1 accepts a change)", () => {
      const current = graphOf(run.resources);
      expect(current).toBe(acceptedGraph(stack, current));
    });

    it("names a region of the stack on every AWS resource", () => {
      expect(aws().length).toBeGreaterThan(50);
      const regions = Object.values(outputs().regions).map(({ awsRegion }) => awsRegion);
      for (const { name, type, inputs } of aws()) {
        // Neither IAM nor Route 53's zones have any.
        if (/^aws:(?:iam|route53)\/(?!resolver)/.test(type))
          expect(inputs.region, `${type} ${name}`).toBeUndefined();
        else expect(regions, `${type} ${name}`).toContain(inputs.region);
      }
    });

    it("gives every taggable resource the common tags, and each a hash of its own", () => {
      const untaggable =
        /:(?:Route|(?:VpcEndpoint)?RouteTableAssociation|NetworkAclAssociation|ResolverRuleAssociation|ZoneAssociation|Record|RolePolicy(?:Attachment)?|EipAssociation|PeeringConnectionOptions)$/;
      const tagged = aws().filter(({ type }) => !untaggable.test(type));
      const hashes = tagged.map(({ name, inputs }) => {
        const tags = inputs.tags as Record<string, string>;
        expect(tags).toMatchObject({ Name: name, owner: "BlackRoad OS", stack });
        expect(Object.keys(outputs().regions)).toContain(tags.site);
        expect(tags.urn).toMatch(/^[0-9a-f]{32}$/);
        return tags.urn;
      });
      expect(new Set(hashes).size).toBe(tagged.length);
      for (const { inputs } of aws().filter(({ type }) => untaggable.test(type)))
        expect(inputs.tags).toBeUndefined();
      // A root volume is no resource of its own, and is found by its instance's tags.
      const instances = aws().filter(({ type }) => type.endsWith(":Instance"));
      for (const { inputs } of instances)
        expect((inputs.rootBlockDevice as { tags?: unknown }).tags).toEqual(inputs.tags);
    });

    it("puts every AWS resource on the one explicit provider, below a component whose name begins its own", () => {
      const providers = run.resources.filter(({ type }) => type === "pulumi:providers:aws");
      expect(providers).toHaveLength(1);
      const [account] = JSON.parse(String(providers[0]?.inputs.allowedAccountIds)) as string[];
      expect(JSON.parse(String(providers[0]?.inputs.assumeRoles))).toEqual([
        {
          roleArn: expect.stringContaining(`:${account ?? ""}:role/`) as string,
          sessionName: `blackroad-network-${stack}`,
        },
      ]);
      for (const { name, parent } of aws()) {
        const [parentType = "", parentName = ""] = parent.split(" ");
        expect(parentType).toMatch(/^blackroad:/);
        expect(name.startsWith(parentName), `${name} below ${parentName}`).toBe(true);
      }
    });

    it("sends user data, and nothing else of a key, as secrets", () => {
      for (const { type, inputs } of run.resources) {
        const plain = JSON.stringify(inputs, (_, value: unknown) => (isSecret(value) ? "secret" : value));
        expect(plain, type).not.toContain("PRIVATE(");
      }
      const instances = aws().filter(({ type }) => type.endsWith(":Instance"));
      expect(instances.every(({ inputs }) => isSecret(inputs.userData))).toBe(true);
    });

    it("pins the host key of every connection and proxy, and carries no key and no agent's path", () => {
      for (const { name, inputs } of onHosts()) {
        const connection = (isSecret(inputs.connection) ? inputs.connection.value : {}) as Record<
          string,
          unknown
        >;
        expect(connection.hostKey, name).toMatch(/^(?:ssh-ed25519|ecdsa-sha2-nistp256) /);
        const proxy = connection.proxy as Record<string, unknown> | undefined;
        if (proxy !== undefined) expect(proxy.hostKey).toMatch(/^ssh-ed25519 /);
        expect(JSON.stringify(connection)).not.toMatch(/privateKey|agentSocketPath|password/);
      }
    });

    it("has nothing secret in command lines, and repeats none to a host", () => {
      const commands = onHosts().filter(({ type }) => type.endsWith(":Command"));
      for (const { name, inputs } of commands) {
        const step = name.split("/")[2] ?? "";
        expect(inputs.create, name).toMatch(commandLines[step] ?? /^no step has this name$/);
        // The provider would send what was printed last time in the environment.
        expect(inputs.addPreviousOutputInEnv, name).toBe(false);
        expect(["none", "stderr"], name).toContain(inputs.logging);
        expect(Object.keys(inputs), name).not.toEqual(
          expect.arrayContaining([expect.stringMatching(/^(?:update|delete|environment)$/)]),
        );
      }
    });

    describeOrder(stack, () => run, Number(options.config?.["blackroad-network:askSeconds"] ?? 5));
  });

  describePlatform(stack, () => run);

  return () => run;
}

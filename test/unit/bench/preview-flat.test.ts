/** From a stack's state to a flat program, and how two stacks are found to differ. */
import { describe, expect, it } from "vitest";

import { declaredIn, differences, type StateResource } from "../../../bench/preview/declared.ts";
import { flatProgram } from "../../../bench/preview/flat.ts";

const stack = "urn:pulumi:sandbox::blackroad-network";
const provider = `${stack}::pulumi:providers:aws::aws`;
const signature = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

function secret(value: unknown): Readonly<Record<string, string>> {
  return { ...signature, plaintext: JSON.stringify(value) };
}

/** A resource of a component, as the state has it. */
function resource(type: string, name: string, more: Partial<StateResource> = {}): StateResource {
  const urn = `${stack}::blackroad:aws:Vpc$${type}::${name}`;
  return { urn, type, custom: true, provider: `${provider}::1234`, ...more };
}

const urnOf = (type: string, name: string): string => resource(type, name).urn;
const [vpcType, subnetType, keyType, instanceType, eipType] = [
  "aws:ec2/vpc:Vpc",
  "aws:ec2/subnet:Subnet",
  "tls:index/privateKey:PrivateKey",
  "aws:ec2/instance:Instance",
  "aws:ec2/eip:Eip",
];

const privateKey = "-----BEGIN KEY-----\nabc\ndef\n-----END KEY-----\n";

/** The same network with other ids, addresses and keys. */
function stateOf(mark: string, keyText = privateKey.replace("abc", mark)): StateResource[] {
  const indented = keyText.trim().replaceAll("\n", "\n    ");
  return [
    { urn: `${stack}::pulumi:pulumi:Stack::sandbox`, type: "pulumi:pulumi:Stack" },
    {
      ...{ urn: provider, type: "pulumi:providers:aws", custom: true, id: "1234" },
      inputs: {
        region: "us-east-1",
        skipRegionValidation: "true",
        assumeRoles: '[{"roleArn":"arn:aws:iam::111122223333:role/x"}]',
        version: "7.48.0",
        __internal: {},
      },
    },
    {
      ...{ urn: `${stack}::pulumi:providers:tls::default_5_6_1`, type: "pulumi:providers:tls", custom: true },
      id: "5678",
    },
    resource(vpcType, "us-west", {
      id: `vpc-${mark}`,
      inputs: { __defaults: ["instanceTenancy"], instanceTenancy: "default", cidrBlock: "10.0.0.0/16" },
      propertyDependencies: { cidrBlock: [] },
    }),
    resource(eipType, "us-west/lb-1", { id: `eipalloc-${mark}`, outputs: { publicIp: "198.18.0.1" } }),
    resource(subnetType, "us-west/a", {
      id: `subnet-${mark}`,
      inputs: { vpcId: `vpc-${mark}`, tags: { Name: "us-west/a" }, note: "from 198.18.0.1, not 198.18.0.12" },
      dependencies: [urnOf(vpcType, "us-west"), urnOf(eipType, "us-west/lb-1")],
      propertyDependencies: { vpcId: [urnOf(vpcType, "us-west")], note: [urnOf(eipType, "us-west/lb-1")] },
      protect: true,
    }),
    resource(keyType, "key", {
      id: mark.repeat(10),
      provider: `${stack}::pulumi:providers:tls::default_5_6_1::5678`,
      inputs: { algorithm: "ECDSA" },
      outputs: { privateKeyOpenssh: secret(keyText) },
    }),
    resource(instanceType, "us-west/hub-1", {
      id: `i-${mark}`,
      inputs: { userData: secret(`#cloud-config\nkey: |\n    ${indented}\nrest: \`\${x}\``), hops: 1 },
      dependencies: [urnOf(keyType, "key"), urnOf(subnetType, "us-west/a")],
      propertyDependencies: { userData: [urnOf(keyType, "key")] },
    }),
  ];
}

const declared = (resources: readonly StateResource[]) => declaredIn({ deployment: { resources } });

describe("a flat program", () => {
  const program = flatProgram(declared(stateOf("0a1b")));

  it("declares every custom resource by hand, with references in place of ids", () => {
    expect(program.get("index.js")).toBe('import "./part-1.js";\n');
    expect(program.get("part-1.js")?.split("\n")).toEqual([
      `import * as pulumi from "@pulumi/pulumi";`,
      `import * as aws from "@pulumi/aws";`,
      `import * as tls from "@pulumi/tls";`,
      "",
      `export const provider_aws = new aws.Provider("aws", { region: "us-east-1", skipRegionValidation: true, assumeRoles: [{ roleArn: "arn:aws:iam::111122223333:role/x" }] });`,
      `export const vpc_us_west = new aws.ec2.Vpc("us-west", { cidrBlock: "10.0.0.0/16" }, { provider: provider_aws });`,
      `export const eip_us_west_lb_1 = new aws.ec2.Eip("us-west/lb-1", {}, { provider: provider_aws });`,
      `export const subnet_us_west_a = new aws.ec2.Subnet("us-west/a", { vpcId: vpc_us_west.id, tags: { Name: "us-west/a" }, note: pulumi.interpolate\`from \${eip_us_west_lb_1.publicIp}, not 198.18.0.12\` }, { provider: provider_aws, protect: true });`,
      `export const privateKey_key = new tls.PrivateKey("key", { algorithm: "ECDSA" });`,
      'export const instance_us_west_hub_1 = new aws.ec2.Instance("us-west/hub-1", { userData: pulumi.secret(pulumi.interpolate`#cloud-config',
      "key: |",
      '    ${privateKey_key.privateKeyOpenssh.apply((text) => text.trim().replaceAll("\\n", "\\n    "))}',
      "rest: \\`\\${x}\\``), hops: 1 }, { provider: provider_aws, dependsOn: [subnet_us_west_a] });",
      "",
    ]);
  });

  it("is in modules of a size that somebody would write, which get from each other what they need", () => {
    const vpcs = Array.from({ length: 101 }, (_, index) =>
      resource(vpcType, `vpc-${index}`, { id: `vpc-00${index}` }),
    );
    const subnet = resource(subnetType, "last", {
      inputs: { vpcId: "vpc-003" },
      propertyDependencies: { vpcId: [urnOf(vpcType, "vpc-3")] },
    });
    const provider1 = stateOf("0a1b").slice(1, 2);
    const modules = flatProgram(declared([...provider1, ...vpcs, subnet]));
    expect(modules.get("index.js")).toBe('import "./part-1.js";\nimport "./part-2.js";\n');
    expect(modules.get("part-2.js")?.split("\n")).toEqual([
      `import * as pulumi from "@pulumi/pulumi";`,
      `import * as aws from "@pulumi/aws";`,
      `import { provider_aws } from "./part-1.js";`,
      `import { vpc_vpc_3 } from "./part-1.js";`,
      "",
      `export const vpc_vpc_99 = new aws.ec2.Vpc("vpc-99", {}, { provider: provider_aws });`,
      `export const vpc_vpc_100 = new aws.ec2.Vpc("vpc-100", {}, { provider: provider_aws });`,
      `export const subnet_last = new aws.ec2.Subnet("last", { vpcId: vpc_vpc_3.id }, { provider: provider_aws });`,
      "",
    ]);
  });

  it("cannot be made where something that an input depends on is not in it", () => {
    const changed = stateOf("0a1b").map((one) =>
      one.type === subnetType ? { ...one, inputs: { ...one.inputs, vpcId: "vpc-of-somebody-else" } } : one,
    );
    expect(() => declared(changed)).toThrow("nothing of aws:ec2/vpc:Vpc us-west is in vpcId");
  });

  it("cannot be made of two resources of one type and name", () => {
    const state = stateOf("0a1b");
    const twin = { ...resource(vpcType, "us-west"), urn: `${stack}::other:Component$${vpcType}::us-west` };
    expect(() => declared([...state, twin])).toThrow("two resources have one type and name");
  });
});

describe("two stacks", () => {
  it("have declared the same, whatever ids and keys they were given", () => {
    const flat = stateOf("9f8e").map((one) => ({ ...one, urn: one.urn.replace("blackroad:aws:Vpc$", "") }));
    const strip = (urns: readonly string[] = []) => urns.map((urn) => urn.replace("blackroad:aws:Vpc$", ""));
    const others = flat.map(({ dependencies, propertyDependencies = {}, ...rest }) => ({
      ...rest,
      dependencies: strip(dependencies),
      propertyDependencies: Object.fromEntries(
        Object.entries(propertyDependencies).map(([name, urns]) => [name, strip(urns ?? [])]),
      ),
    }));
    expect(differences(declared(stateOf("0a1b")), declared(others))).toEqual([]);
  });

  it("differ by an input, a secret that is none, a dependence, a protection and a missing resource", () => {
    const ours = declared(stateOf("0a1b"));
    const changes: readonly (readonly [
      type: string,
      change: (one: StateResource) => StateResource | undefined,
    ])[] = [
      [vpcType, (one) => ({ ...one, inputs: { ...one.inputs, cidrBlock: "10.1.0.0/16" } })],
      [subnetType, (one) => ({ ...one, protect: false })],
      [instanceType, (one) => ({ ...one, dependencies: [urnOf(keyType, "key")] })],
      [
        instanceType,
        (one) => {
          const { plaintext = "" } = one.inputs?.userData as { readonly plaintext?: string };
          return { ...one, inputs: { ...one.inputs, userData: JSON.parse(plaintext) as string } };
        },
      ],
      [eipType, (one) => ({ ...one, protect: true })],
      [keyType, (one) => ({ ...one, inputs: { ...one.inputs, rsaBits: 2048 } })],
    ];
    for (const [type, change] of changes) {
      const others = stateOf("0a1b").flatMap((one) => (one.type === type ? (change(one) ?? []) : [one]));
      const found = differences(ours, declared(others));
      expect(found).toHaveLength(1);
      expect(found[0]).toContain(type);
    }
    expect(differences(ours, ours.slice(1))).toEqual([expect.stringContaining("flat has none") as string]);
  });
});

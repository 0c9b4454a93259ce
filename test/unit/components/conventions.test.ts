import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { applyConventions, registerAwsConventions } from "../../../components/aws/conventions.ts";
import * as regional from "../../../components/aws/regional.ts";
import { urnHash } from "../../../components/aws/tags.ts";

const conventions = { owner: "somebody", stack: "test" };
const urn = "urn:pulumi:test::blackroad-network::aws:ec2/vpc:Vpc::v";
const vpc = { type: "aws:ec2/vpc:Vpc", name: "v", urn };
const tags = { Name: "v", site: "s" };

describe("applyConventions", () => {
  it("adds owner, stack and the hash of the URN to the component's tags", async () => {
    const props = applyConventions(conventions, {
      ...vpc,
      props: { region: "eu-west-1", cidrBlock: "x", tags },
    });
    const resolved = await new Promise((resolve) => pulumi.output(props).apply(resolve));
    expect(resolved).toEqual({
      region: "eu-west-1",
      cidrBlock: "x",
      tags: { Name: "v", site: "s", owner: "somebody", stack: "test", urn: urnHash(urn) },
    });
  });

  it("tags an instance's root volume as the instance", async () => {
    const instance = { type: "aws:ec2/instance:Instance", name: "i", urn };
    const props = { region: "eu-west-1", tags, rootBlockDevice: { encrypted: true, tags } };
    const made = applyConventions(conventions, { ...instance, props });
    const resolved = await new Promise<Record<string, unknown>>((resolve) => {
      pulumi.output(made).apply(resolve);
    });
    expect(resolved.rootBlockDevice).toEqual({ encrypted: true, tags: resolved.tags });
    const bare = { ...props, rootBlockDevice: { encrypted: true } };
    expect(() => applyConventions(conventions, { ...instance, props: bare })).toThrow(
      "tags Name and site of its root volume are missing",
    );
  });

  it.each([
    ["no region", vpc, { tags }, "no region"],
    ["an empty region", vpc, { region: "", tags }, "no region"],
    ["a region that is known later", vpc, { region: pulumi.output("eu-west-1"), tags }, "no region"],
    ["no tags", vpc, { region: "eu-west-1" }, "tags Name and site are missing"],
    ["no site", vpc, { region: "eu-west-1", tags: { Name: "v" } }, "tags Name and site are missing"],
    [
      "an unknown type",
      { ...vpc, type: "aws:s3/bucket:Bucket" },
      { region: "eu-west-1", tags },
      "not a known AWS type",
    ],
  ])("refuses %s", (_, resource, props, message) => {
    expect(() => applyConventions(conventions, { ...resource, props })).toThrow(message);
  });

  it("adds no tags to what cannot be tagged", () => {
    const route = { type: "aws:ec2/route:Route", name: "r", urn };
    expect(applyConventions(conventions, { ...route, props: { region: "eu-west-1" } })).toEqual({
      region: "eu-west-1",
    });
  });

  it("knows every type that components may create", () => {
    for (const type of Object.values(regional)) {
      const token = (type as unknown as { __pulumiType: string }).__pulumiType;
      const props = { region: "eu-west-1", tags };
      expect(
        () => applyConventions(conventions, { type: token, name: "x", urn, props }),
        token,
      ).not.toThrow();
    }
  });
});

describe("urnHash", () => {
  it("is the beginning of SHA-256 over the URN, as sha256sum prints it", () => {
    // printf %s urn:pulumi:a::b::c::d | sha256sum | cut -c 1-32
    expect(urnHash("urn:pulumi:a::b::c::d")).toBe("022b3648ed5866d16ad2c9c0ec7f6032");
  });
});

describe("registerAwsConventions", () => {
  beforeAll(async () => {
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ name, inputs }) => ({ id: name, state: inputs as Record<string, unknown> }),
      call: ({ inputs }) => inputs as Record<string, unknown>,
    };
    await pulumi.runtime.setMocks(mocks, "blackroad-network", "test", false);
  });

  it("stops a resource without a region, and gives one below a component the hash of its own URN", async () => {
    let subnet: aws.ec2.Subnet | undefined;
    await pulumi.runtime.runInPulumiStack(async () => {
      registerAwsConventions(conventions);
      expect(() => new aws.ec2.Vpc("stray", { cidrBlock: "10.0.0.0/16" })).toThrow('Vpc "stray": no region');
      expect(() => new aws.s3.Bucket("stray")).toThrow("not a known AWS type");
      const parent = new pulumi.ComponentResource("test:index:Parent", "p");
      const args = { region: "eu-west-1", vpcId: "v", cidrBlock: "10.0.0.0/24", tags };
      subnet = new regional.Subnet("p/s", args, { parent });
      return Promise.resolve({});
    });
    const found = await new Promise<Record<string, string> | undefined>((resolve) => {
      pulumi.output(subnet?.tags).apply(resolve);
    });
    // The mock engine writes the stack into its children's URNs; the real one does not.
    const parentType = "pulumi:pulumi:Stack$test:index:Parent";
    expect(found?.urn).toBe(
      urnHash(`urn:pulumi:test::blackroad-network::${parentType}$aws:ec2/subnet:Subnet::p/s`),
    );
  });
});

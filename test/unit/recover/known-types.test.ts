/** Whatever the program makes in AWS, recovery knows how to look for. */
import { expect, test } from "vitest";
import { questionFor } from "../../../cli/recover/questions.ts";
import * as regional from "../../../components/aws/regional.ts";

/** Any property that a question may ask for: text, or a list of it. */
const inputs = new Proxy<Record<string, unknown>>(
  {},
  { get: (_, name) => (/^records$|Ids$/.test(String(name)) ? ["x"] : "x") },
);

const types = Object.values(regional).map(
  (type) => (type as unknown as { __pulumiType: string }).__pulumiType,
);

/** What a person must look for, since no function of the provider lists it. */
const unlisted = ["aws:route53/resolverRuleAssociation:ResolverRuleAssociation"];

test.each(types)("%s", (type) => {
  const { ask } = questionFor({ urn: `urn:pulumi:s::p::${type}::n`, type, custom: true, inputs });
  expect(ask).toMatch(/^(?:aws-|nothing$)/);
  expect(ask === "aws-unlisted").toBe(unlisted.includes(type));
});

/** What the rules say about a region's tiers, and what stands at their edges. */
import { describe, expect, it } from "vitest";
import { absent, told, type Case } from "./subject.ts";

const cases: readonly Case[] = [
  {
    rule: "a database tier in one zone, an endpoint twice",
    wrong: [
      ["regions us-west tiers", ["public", "private"]],
      ["regions eu-west gatewayEndpoints", ["s3", "dynamodb", "s3"]],
    ],
    says: [
      [
        "regions.us-west.subnets.database[0]",
        "is the only database subnet: AWS takes a group of database subnets with two zones or more. Name a second zone in availabilityZones, or leave the database tier out (tiers: [public, private]).",
      ],
      ["regions.eu-west.gatewayEndpoints[2]", "is named twice: s3 is in the list already."],
    ],
    right: [
      ["regions us-west tiers", ["public", "private"]],
      ["regions us-west subnets database", []],
      ["hosts us-west postgres-1", absent],
      ["regions eu-west gatewayEndpoints", []],
    ],
  },
];

describe("rules about tiers", () => {
  it.each(cases)("$rule", ({ wrong, says, right }) => {
    expect(told(...wrong)).toEqual(says);
    expect(told(...right)).toEqual([]);
  });
});

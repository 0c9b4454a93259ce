import { describe, expect, it } from "vitest";

import { homeRegion } from "../../../components/aws/provider.ts";

describe("the provider's own region", () => {
  it("is the same whatever regions a stack has, so that a further one replaces nothing", () => {
    const stacks = [["us-west-2"], ["eu-west-1", "us-west-2"], ["ap-south-1", "eu-west-1", "us-west-2"]];
    expect(new Set(stacks.map(homeRegion))).toEqual(new Set(["us-east-1"]));
  });

  it("lies in the account's partition", () => {
    expect(homeRegion(["cn-northwest-1"])).toBe("cn-north-1");
    expect(homeRegion(["us-gov-east-1"])).toBe("us-gov-west-1");
    expect(homeRegion([])).toBeUndefined();
  });
});

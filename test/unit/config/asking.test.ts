import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { loadHostAsking } from "../../../components/config/load.ts";

function loaded(config: Readonly<Record<string, string>>): ReturnType<typeof loadHostAsking> {
  pulumi.runtime.setAllConfig(
    Object.fromEntries(Object.entries(config).map(([key, value]) => [`blackroad-network:${key}`, value])),
  );
  return loadHostAsking();
}

describe("how hosts are asked", () => {
  it("is in previews too, with five seconds for each, unless the stack says otherwise", () => {
    expect(loaded({})).toEqual({ inPreviews: true, seconds: 5 });
    expect(loaded({ askHosts: "false", askSeconds: "300" })).toEqual({ inPreviews: false, seconds: 300 });
  });

  it.each(["0", "301", "-1", "2.5"])("is refused with %s seconds", (askSeconds) => {
    expect(() => loaded({ askSeconds })).toThrow(
      new pulumi.RunError(
        `blackroad-network:askSeconds is ${askSeconds}: hosts have 1 to 300 whole seconds to answer.`,
      ),
    );
  });
});

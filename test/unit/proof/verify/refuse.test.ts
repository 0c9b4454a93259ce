/** What a preview says to a network that does not do what is meant. */
import { describe, expect, it } from "vitest";
import { readable } from "../../../../components/config/load.ts";
import {
  ProofFailure,
  refuseUnlessVerified,
  VerificationError,
} from "../../../../components/proof/verify/refuse.ts";
import { planned, verified } from "./subject.ts";

const wide = { "securityGroups database ingress 0 source": "10.0.0.0/8" };

describe("a preview", () => {
  it("lets a network through that does what is meant", () => {
    const { plan } = planned("dev");
    expect(() => {
      refuseUnlessVerified(plan);
    }).not.toThrow();
  });

  it("is stopped by one that does not, with a list that Pulumi prints without the program's stack", () => {
    const { plan } = planned("prod", wide);
    const refuse = (): void => {
      refuseUnlessVerified(plan);
    };
    expect(refuse).toThrow(VerificationError);
    expect(() => {
      readable(refuse);
    }).toThrow(
      expect.objectContaining({
        __pulumiRunError: true,
        message: `What passes in the network is not what is meant to; it has 1 violation (docs/verify.md):
  blackroad-network:network.securityGroups.database.ingress[0]
    nobody intends it: 5432/tcp from us-west/hub-1, us-west/lb-1, us-west/lb-2 to us-west/postgres-1
    packet: 5432/tcp from 10.0.1.10 (us-west/hub-1) to 10.0.20.10 (us-west/postgres-1)
    decides: network interface of us-west/postgres-1, security group us-west/database: ingress tcp 5432 from 10.0.0.0/8
    to mend it: narrow it, or say in flows that this is intended, or accepted`,
      }),
    );
  });
});

describe("a proof that comes to no verdict", () => {
  const { plan } = planned("prod");

  it("stops a preview where it takes too long, and says what takes as long as it needs", () => {
    const refuse = (): void => {
      refuseUnlessVerified(plan, 0);
    };
    expect(refuse).toThrow(ProofFailure);
    expect(refuse).toThrow(
      `The proof of the network came to no verdict, so nothing has been touched: it has taken more than 0 s of processor time for ${plan.hosts.length} hosts and 153 flows. roadnet verify does the same`,
    );
  });

  it("stops a preview where it breaks down, and shows where", () => {
    const hosts = plan.hosts.map((host) =>
      host.instance === undefined ? host : { ...host, address: "nowhere" },
    );
    const broken = { ...plan, hosts };
    const refuse = (): void => {
      refuseUnlessVerified(broken);
    };
    expect(refuse).toThrow(ProofFailure);
    expect(refuse).toThrow(/fault of the program's .*\nError: nowhere is no address\n +at parseAddress/);
    expect(() => {
      readable(refuse);
    }).toThrow(expect.objectContaining({ __pulumiRunError: true }));
  });
});

describe("a stack that writes no flows", () => {
  it("is told what does not pass, and not what passes besides", () => {
    const { violations, isMeasured } = verified(planned("prod", { ...wide, flows: undefined }));
    expect([violations, isMeasured]).toEqual([[], false]);
    const less = verified(
      planned("prod", { flows: undefined, "securityGroups packages egress 0": undefined }),
    );
    expect(less.violations.map(({ kind, to }) => [kind, to])).toEqual([["stopped", ["us-west/hub-1"]]]);
  });
});

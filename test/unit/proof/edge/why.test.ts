/** `roadnet why` with names: the same answers, hop by hop and in words. */
import { describe, expect, it } from "vitest";
import { renderVerdict } from "../../../../cli/why/render.ts";
import { answer, type Subject, type Verdict } from "../../../../components/proof/ask/answer.ts";
import { QuestionError } from "../../../../components/proof/ask/endpoint.ts";
import type { Question } from "../../../../components/proof/ask/verdict.ts";
import type { Change } from "../../config/subject.ts";
import { named } from "./subject.ts";

const prod: Subject = { world: named().world };

function why(
  from: string,
  to: string,
  traffic: string,
  more: Partial<Question> = {},
  subject = prod,
): Verdict {
  return answer(subject, { from, to, traffic, direction: "both", ...more });
}

function words(verdict: Verdict): string[] {
  return renderVerdict(verdict, "stack prod", (_, text) => text);
}

describe("a name behind Cloudflare", () => {
  it("is told hop by hop through all connections, and back the other way round", () => {
    const verdict = why("internet", "api.blackroad.io", "443/tcp");
    expect([verdict.verdict, verdict.reason]).toEqual([
      "pass",
      "it is answered by us-west/lb-1, or us-west/lb-2",
    ]);
    const opened = verdict.forward.filter(({ action }) => action.startsWith("opens"));
    expect(opened.map(({ place }) => place)).toEqual(["internet", "Cloudflare's edge", "us-west/lb-1"]);
    expect(verdict.forward.at(-1)?.place).toBe("us-west/api-1");
    expect([verdict.return[0]?.place, verdict.return.at(-1)?.place]).toEqual(["us-west/api-1", "internet"]);
    expect(verdict.then.map(({ pool, by }) => [pool, by])).toEqual([
      ["eu-west", "eu-west/lb-1"],
      ["home", "edge-home/lucidia, port 8080"],
    ]);
    expect(words(verdict).slice(2, 6)).toEqual([
      "  served by pool us-west, us-west-lb-1: us-west/lb-1: it answers",
      "            pool us-west, us-west-lb-2: us-west/lb-2: it answers",
      "  then      pool eu-west, eu-west-lb-1: eu-west/lb-1: it answers",
      "            pool home, blackroad-tunnel: edge-home/lucidia, port 8080: it answers",
    ]);
    expect(why("internet", "api.blackroad.io", "443/tcp", { direction: "forward" }).return).toEqual([]);
  });

  it("is asked about without hosts", () => {
    const verdict = why("internet", "api.blackroad.io", "443/tcp", { without: ["us-west/lb-1"] });
    expect([verdict.verdict, verdict.reason]).toEqual(["pass", "it is answered by us-west/lb-2"]);
    expect(() => why("internet", "api.blackroad.io", "443/tcp", { without: ["nobody"] })).toThrow(
      QuestionError,
    );
  });

  it("says on which condition, and what stops it where", () => {
    const dashboard = why("internet", "dashboard.blackroad.io", "443/tcp");
    expect(words(dashboard)).toContain(
      "  provided that Access lets in anybody at blackroad.io alone, by a proof of that address",
    );
    const ssh = why("internet", "api.blackroad.io", "22/tcp");
    expect([ssh.verdict, ssh.forward.at(-1)?.stops, ssh.forward.at(-1)?.place]).toEqual([
      "blocked",
      true,
      "Cloudflare's edge",
    ]);
    expect(ssh.stopped).toMatchObject([{ traffic: "22/tcp", place: "Cloudflare's edge" }]);
  });

  it("is asked about one port at a time", () => {
    expect(() => why("internet", "api.blackroad.io", "all")).toThrow(QuestionError);
    expect(() => why("internet", "api.blackroad.io", "80-443/tcp")).toThrow("ask about one port");
  });
});

describe("a name with an address", () => {
  it("is looked up, and then asked about as the address is", () => {
    const verdict = why("us-west/api-1", "redis.blackroad.internal", "6379/tcp");
    expect(verdict).toMatchObject({ verdict: "pass", to: "redis.blackroad.internal", passes: "6379/tcp" });
    expect(verdict.forward[1]?.place).toBe("private zone blackroad.internal");
    expect(verdict.forward.at(-1)?.place).toBe("us-west/redis-1");
    expect(why("internet", "vpn.blackroad.io", "51820/udp")).toMatchObject({ verdict: "pass" });
    expect(why("internet", "vpn.blackroad.io", "22/tcp").verdict).toBe("blocked");
  });

  it("passes only if all of its addresses do", () => {
    const both = (host: string): Change[] => [
      ["dns zones blackroad.io records 8", { name: "both", type: "A", host: "us-west/lb-1" }],
      ["dns zones blackroad.io records 9", { name: "both", type: "A", host }],
    ];
    const ask = (host: string): string =>
      why("internet", "both.blackroad.io", "443/tcp", {}, { world: named(...both(host)).world }).verdict;
    expect([ask("us-west/lb-2"), ask("us-west/hub-1")]).toEqual(["pass", "blocked"]);
  });

  it("is blocked where whoever asks does not know it, and unknown where others keep it", () => {
    expect(why("internet", "redis.blackroad.internal", "6379/tcp")).toMatchObject({ verdict: "blocked" });
    expect(why("edge-home/lucidia", "redis.blackroad.internal", "6379/tcp").reason).toMatch(
      /known to the resolvers of VPCs alone/,
    );
    expect(why("edge-home/lucidia", "example.org", "443/tcp").verdict).toBe("unknown");
    expect(() => why("internet", "nowhere", "443/tcp")).toThrow(QuestionError);
  });
});

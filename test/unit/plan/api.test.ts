/** What the plan puts on an api host: the owner's package, and what it is told. */
import { describe, expect, it } from "vitest";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { GenerationPlan } from "../../../components/plan/generation.ts";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { renderTemplate } from "../../../components/plan/render.ts";
import { changed, type Change } from "../config/subject.ts";
import { hostOf, namedSymbol, planOf } from "./subject.ts";

const prod = planOf("prod");
const planWith = (change: Change): NetworkPlan => planNetwork(parseNetworkConfig(changed(change)), "prod");
const generationOf = (plan: NetworkPlan): GenerationPlan => hostOf(plan, "us-west/api-2").generation;
const packagesOf = (plan: NetworkPlan): readonly string[] => generationOf(plan).packages;
const unitsOf = (plan: NetworkPlan): string[] => generationOf(plan).services.map(({ unit }) => unit);

function fileText(plan: NetworkPlan, path: string): string {
  const file = generationOf(plan).files.find((candidate) => candidate.path === path);
  return file === undefined ? "" : renderTemplate(file.content, namedSymbol);
}

describe("api hosts", () => {
  it("run the owner's package, and tell it who they are and what it serves", () => {
    expect(JSON.parse(fileText(prod, "/etc/blackroad/services.json"))).toEqual({
      host: "api-2.us-west",
      site: "us-west",
      address: "10.0.10.12",
      services: [
        { name: "agent-service", listen: "10.0.10.12:8080" },
        { name: "memory-service", listen: "10.0.10.12:8081" },
      ],
      stores: [
        {
          name: "postgres",
          address: "10.0.20.10:5432",
          passwordFile: "/etc/blackroad/postgres.password",
        },
        { name: "redis", address: "10.0.10.50:6379", passwordFile: "/etc/blackroad/redis.password" },
      ],
    });
    expect(packagesOf(prod)).toContain("blackroad-api");
    expect(unitsOf(prod)).toContain("blackroad-api.service");
    expect(fileText(prod, "/etc/systemd/system/blackroad-api.service").split("\n")).toEqual(
      expect.arrayContaining([
        "User=blackroad-api",
        "ExecStart=/usr/bin/blackroad-api --config /etc/blackroad/services.json",
        "Restart=always",
      ]),
    );
  });

  it("run it by the name that the stack gives it", () => {
    const plan = planWith(["software", { api: "agents" }]);
    expect(packagesOf(plan)).toContain("agents");
    expect(packagesOf(plan)).not.toContain("blackroad-api");
    expect(unitsOf(plan)).toContain("agents.service");
    expect(fileText(plan, "/etc/systemd/system/agents.service")).toContain(
      "ExecStart=/usr/bin/agents --config",
    );
    for (const name of ["Agents", "a", "agents.service", "-agents", "a".repeat(33)]) {
      expect(() => planWith(["software", { api: name }])).toThrow("software.api");
    }
  });
});

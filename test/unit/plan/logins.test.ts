/** Who may log in: the operator's keys are part of every host's generation, and nobody else's. */
import { describe, expect, it } from "vitest";
import { parseNetworkConfig } from "../../../components/config/parse.ts";
import { sshd } from "../../../components/plan/host/sshd.ts";
import type { NetworkPlan } from "../../../components/plan/model.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { renderTemplate } from "../../../components/plan/render.ts";
import { changed, type Change } from "../config/subject.ts";
import { operatorKey } from "../config/stack.ts";
import { namedSymbol, planOf } from "./subject.ts";

const another = `${operatorKey.split(" ").slice(0, 2).join(" ").slice(0, -4)}AAAA second@test`;
const planWith = (...changes: readonly Change[]): NetworkPlan =>
  planNetwork(parseNetworkConfig(changed(...changes)), "prod");
/** By path, of all generations of all hosts. */
const generations = ({ hosts }: NetworkPlan) =>
  hosts.flatMap((host) =>
    [host.generation, host.firstGeneration].flatMap((generation) =>
      generation === undefined
        ? []
        : [
            {
              host,
              files: new Map(
                generation.files.map((file) => [
                  file.path,
                  { ...file, text: renderTemplate(file.content, namedSymbol) },
                ]),
              ),
            },
          ],
    ),
  );

describe("the keys that may log in", () => {
  it("are the operator's, for the user as whom the program comes, on every host from its first generation on", () => {
    const all = generations(planOf("prod"));
    expect(all.length).toBeGreaterThan(20);
    for (const { host, files } of all) {
      const users = new Set(
        [host.management, host.firstContact.path, ...host.otherPaths].map(({ user }) => user),
      );
      expect([...users], host.key).toHaveLength(1);
      const [user = ""] = users;
      const path = `/etc/ssh/authorized_keys.d/${user}`;
      const keys = files.get(path);
      // sshd reads it as the user, and trusts nothing that anybody but root could write.
      expect(keys, host.key).toMatchObject({ mode: "0644", owner: "root:root" });
      expect(keys?.text.split("\n").filter((line) => !line.startsWith("#"))).toEqual([operatorKey, ""]);
      expect(files.get("/etc/ssh/sshd_config.d/20-blackroad-logins.conf")?.text).toMatch(
        new RegExp(`^# .*\nMatch User ${user}\n\tAuthorizedKeysFile ${path}\n$`),
      );
    }
  });

  it("change in one file of each generation when an operator comes or goes", () => {
    const before = generations(planWith());
    const after = generations(planWith(["operator authorizedKeys", [operatorKey, another]]));
    before.forEach(({ files }, index) => {
      const other = after[index]?.files ?? new Map<string, { readonly text: string }>();
      const different = [...files].filter(([path, { text }]) => other.get(path)?.text !== text);
      expect(different.map(([path]) => path)).toEqual([expect.stringContaining("/authorized_keys.d/")]);
      expect(other.get(different[0]?.[0] ?? "")?.text).toContain(`${operatorKey}\n${another}\n`);
    });
  });

  it("are never none", () => {
    const login = { user: "admin", authorizedKeys: [] };
    expect(() => sshd({ isInstance: true, login })).toThrow("nobody could log in as admin");
  });
});

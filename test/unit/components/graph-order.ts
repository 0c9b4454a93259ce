/** In which order a stack's hosts are asked and changed, by what each step is told to wait for. */
import { describe, expect, it } from "vitest";

import { parseNetworkConfig } from "../../../components/config/parse.ts";
import type { HostPlan } from "../../../components/plan/model.ts";
import { planNetwork } from "../../../components/plan/plan.ts";
import { filledNetwork } from "../config/stack.ts";
import { documentOf } from "./golden.ts";
import type { ProgramRun } from "./program.ts";

/** Names of all commands and uploads that a command or an upload waits for, directly or not. */
export function awaitedBy(run: ProgramRun, name: string): ReadonlySet<string> {
  const steps = new Map(
    run.resources
      .filter(({ type }) => type.startsWith("command:remote:"))
      .map((resource) => [resource.name, resource.dependsOn]),
  );
  const found = new Set<string>();
  const visit = (step: string): void => {
    for (const label of steps.get(step) ?? []) {
      const awaited = label.slice(label.indexOf(" ") + 1);
      if (!label.startsWith("command:remote:") || found.has(awaited)) continue;
      found.add(awaited);
      visit(awaited);
    }
  };
  if (!steps.has(name)) throw new Error(`there is no ${name}`);
  visit(name);
  return found;
}

/** The host's steps that change it, in order. */
export function stepsOf(host: HostPlan): string[] {
  const { firstGeneration, firstContact, management, otherPaths, generation } = host;
  const first =
    firstGeneration === undefined
      ? []
      : ["first-agent", "first-apply", `first-confirm/${firstContact.path.name}`];
  const confirms = [management, ...otherPaths].map(({ name }) => `confirm/${name}`);
  const requests = generation.certificates.map(({ name }) => `certificate-request/${name}`);
  return [...first, "agent", ...requests, "apply", ...confirms].map((step) => `${host.key}/${step}`);
}

/** The last step of a host: its generation is committed. */
function committed(host: HostPlan): string {
  return stepsOf(host).at(-1) ?? "";
}

export function describeOrder(stack: string, run: () => ProgramRun, askSeconds: number): void {
  const plan = planNetwork(parseNetworkConfig(filledNetwork(stack)), stack);
  const hosts = new Map(plan.hosts.map((host) => [host.key, host]));
  const host = (key: string): HostPlan => {
    const found = hosts.get(key);
    if (found === undefined) throw new Error(`${stack} has no ${key}`);
    return found;
  };

  describe("the order", () => {
    it("is met, uploaded, applied, confirmed on each host, one step after the other", () => {
      for (const candidate of plan.hosts) {
        const steps = stepsOf(candidate);
        const meeting = candidate.firstContact.kind === "lan" ? "bootstrap" : "meet";
        steps.forEach((step, index) => {
          const awaited = awaitedBy(run(), step);
          expect(awaited, step).toContain(`${candidate.key}/${meeting}`);
          // Requests of certificates wait for the upload only; the document has what was signed in it.
          const before = steps.slice(0, index).filter((name) => !name.includes("/certificate-request/"));
          expect([...awaited], step).toEqual(expect.arrayContaining(before));
        });
      }
    });

    it("changes no host before the batch in front of its own is committed, and hosts of one batch at once", () => {
      plan.rollout.batches.forEach((batch, index) => {
        const before = (plan.rollout.batches[index - 1] ?? []).map((key) => committed(host(key)));
        for (const key of batch) {
          const [first = ""] = stepsOf(host(key));
          const awaited = [...awaitedBy(run(), first)];
          expect(awaited, first).toEqual(expect.arrayContaining(before));
          const others = batch.filter((other) => other !== key).flatMap((other) => stepsOf(host(other)));
          expect(
            awaited.filter((name) => others.includes(name)),
            first,
          ).toEqual([]);
        }
      });
    });

    it("watches the canary before anybody else is changed", () => {
      const { canary = "", batches, soakSeconds } = plan.rollout;
      const soaks = run().resources.filter(({ name }) => name.endsWith("/soak"));
      expect(soaks.map(({ name }) => name)).toEqual([`${canary}/soak`]);
      const [soak] = soaks;
      // A first generation has changed from nothing: there is no change to guard the others from.
      const [number] = String((soak?.inputs.triggers as string[])[0]).split("-");
      const seconds = number === "1" ? 0 : soakSeconds;
      expect(soak?.inputs.create).toBe(`sleep ${seconds} && sudo -n reef-agent status --exit-code`);
      expect(awaitedBy(run(), `${canary}/soak`)).toContain(committed(host(canary)));
      // Only another generation is a reason to watch again.
      const confirm = run().resources.find(({ name }) => name === committed(host(canary)));
      expect(confirm?.inputs.create).toContain(` confirm ${String((soak?.inputs.triggers as string[])[0])} `);
      const later = batches.slice(batches.findIndex((batch) => batch.includes(canary)) + 1).flat();
      expect(later.length).toBeGreaterThan(0);
      for (const key of later) {
        const [first = ""] = stepsOf(host(key));
        expect(awaitedBy(run(), first), key).toContain(`${canary}/soak`);
      }
    });

    it("asks each host, once its agent is there, about the very document that is applied", () => {
      const { asked, events, resources } = run();
      for (const { key, management, firstContact, firstGeneration } of plan.hosts) {
        const questions = asked.filter((question) => question.host === key);
        const sent = ["first-apply", "apply"].flatMap((step) => {
          const command = resources.find(({ name }) => name === `${key}/${step}`);
          return command === undefined ? [] : [documentOf(command.inputs.stdin)];
        });
        expect(questions.map(({ document }) => document)).toEqual(sent);
        expect(questions.map(({ request }) => request.routes.map(({ name }) => name))).toEqual([
          ...(firstGeneration === undefined ? [] : [[management.name, firstContact.path.name]]),
          [management.name],
        ]);
        for (const { request } of questions)
          expect(request).toMatchObject({ seconds: askSeconds, patienceSeconds: run().isPreview ? 0 : 30 });
        if (run().isPreview) continue;
        const uploaded = events.indexOf(`done command:remote:CopyToRemote ${key}/agent`);
        expect(uploaded).toBeGreaterThan(0);
        expect(events.lastIndexOf(`asked ${key}`)).toBeGreaterThan(uploaded);
      }
    });
  });
}

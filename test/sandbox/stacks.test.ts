/** Every stack of the checkout previews cleanly in the real engine, and registers what its accepted graph has. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { networkKey } from "../../components/config/problem.ts";
import { accountId } from "../../sandbox/services/aws/ec2/account.ts";
import { loadCredentials } from "../../sandbox/services/cloudflare/credentials.ts";
import { filledFile } from "../unit/config/stack.ts";
import { acceptedResources } from "./accepted.ts";
import { PaperSandbox } from "./paper-sandbox.ts";

let sandbox: PaperSandbox;

beforeAll(async () => {
  sandbox = await PaperSandbox.start("stacks");
  // dev puts its records into a zone that somebody has.
  await sandbox.cloudflare.drift({ action: "create", kind: "zone", set: { name: "blackroad.io" } });
});

afterAll(async () => {
  await sandbox.remove();
});

/** The stack's own file, with what only an owner knows filled in. */
function writeStackFile(stack: string): void {
  const file = parseDocument(filledFile(stack));
  const account = "blackroad-network:cloudflareAccountId";
  if (file.hasIn(["config", account]))
    file.setIn(["config", account], loadCredentials(sandbox.paths).accountId);
  const aws = ["config", networkKey, "account"];
  if (file.hasIn(aws)) {
    const role = `arn:aws:iam::${accountId}:role/OrganizationAccountAccessRole`;
    file.setIn(aws, file.createNode({ id: accountId, role }));
  }
  // None of its hosts is there yet, and none is to be asked.
  file.setIn(["config", "blackroad-network:askHosts"], false);
  writeFileSync(join(sandbox.paths.project, `Pulumi.${stack}.yaml`), file.toString());
}

test.for(["dev", "prod", "sandbox"])("%s previews cleanly, and has its accepted resources", async (stack) => {
  writeStackFile(stack);
  if (stack !== "sandbox") await sandbox.mustPulumi("stack", "init", stack, "--no-select");
  const steps: [op: string, resource: string][] = [];
  const diagnostics: string[] = [];
  const { exitCode, stdout, stderr } = await sandbox.pulumi(["preview", "--stack", stack], {
    onEvent: ({ resourcePreEvent, diagnosticEvent }) => {
      if (diagnosticEvent !== undefined)
        diagnostics.push(`${diagnosticEvent.severity} ${diagnosticEvent.message}`);
      if (resourcePreEvent === undefined) return;
      const { op, urn } = resourcePreEvent.metadata;
      const [, , types = "", name = ""] = urn.split("::");
      steps.push([op, `${types.split("$").at(-1) ?? ""} ${name}`]);
    },
  });
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
  expect(diagnostics).toEqual([]);
  expect(steps.filter(([op]) => op !== "create")).toEqual([]);
  // The engine's own: the stack, and providers that nobody has declared.
  const own = /^pulumi:(?:pulumi:Stack|providers:\S+ default)/;
  const found = steps.map(([, resource]) => resource).filter((resource) => !own.test(resource));
  expect(found.sort()).toEqual(acceptedResources(stack).sort());
});

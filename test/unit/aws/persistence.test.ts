/** A process that is killed in the middle of a change, at each of its writes, leaves the state as it was before. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Store } from "../../../sandbox/services/aws/store.ts";
import { TestCloud, types } from "./harness.ts";

const services = join(import.meta.dirname, "../../../sandbox/services/aws");

/** Makes a VPC, and kills itself at the n-th record that this writes. */
const suicidal = `
  const [folder, kill] = process.argv.slice(1);
  const { Store } = await import(${JSON.stringify(join(services, "store.ts"))});
  const { Provider } = await import(${JSON.stringify(join(services, "provider.ts"))});
  const { defaultQuotas } = await import(${JSON.stringify(join(services, "quotas.ts"))});
  let written = 0;
  new Store(folder).transaction((records) => {
    const put = (...record) => {
      records.put(...record);
      written++;
      if (written === Number(kill)) {
        process.kill(process.pid, "SIGKILL");
      }
    };
    const inputs = { cidrBlock: "10.1.0.0/16", enableDnsSupport: true, instanceTenancy: "default" };
    const call = { config: { region: "us-west-2" }, type: "aws:ec2/vpc:Vpc", name: "x" };
    new Provider({ ...records, put }, defaultQuotas).create({ ...call, inputs });
  });
  console.log(written);
`;

async function run(folder: string, kill: number): Promise<{ signal: string | null; output: string }> {
  const options = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", suicidal];
  const child = spawn(process.execPath, [...options, folder, String(kill)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  return { signal, output };
}

it("has nothing of a change that was cut off at any of its writes", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "aws-persistence-"));
  try {
    const cloud = new TestCloud({}, folder);
    await cloud.create(types.vpc, { cidrBlock: "10.0.0.0/16" });
    const before = cloud.service.describe();
    cloud.service.store.close();
    // The number of writes of a whole change, on a state of its own.
    const other = mkdtempSync(join(tmpdir(), "aws-persistence-"));
    const writes = Number((await run(other, 0)).output);
    rmSync(other, { recursive: true });
    expect(writes).toBeGreaterThan(5);
    for (let kill = 1; kill <= writes; kill++) {
      expect((await run(folder, kill)).signal).toBe("SIGKILL");
      const again = new TestCloud({}, folder);
      expect(again.service.describe()).toEqual(before);
      again.service.store.close();
    }
    await run(folder, 0);
    const store = new Store(folder);
    expect(store.revision).toBe(before.revision + 1);
    store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

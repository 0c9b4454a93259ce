/** A preview of prod, some of whose hosts are not as the last update left them. */
import { beforeAll, describe, expect, it, vi } from "vitest";

import type { AskAnswer } from "../../../components/hosts/ask-host.ts";
import { noAgent } from "../../../components/hosts/ask-host.ts";
import { planOf } from "../plan/subject.ts";
import { documentOf } from "./golden.ts";
import { reportOf, type Asked } from "./mocked-hosts.ts";
import { runProgram, type ProgramRun } from "./program.ts";

const said = (reachedBy: string, report: Parameters<typeof reportOf>[0]): AskAnswer => ({
  reachedBy,
  said: JSON.stringify(reportOf(report)),
});

function answer({ host, request }: Asked): AskAnswer {
  const by = request.routes[0]?.name ?? "";
  switch (host) {
    case "eu-west/hub-1":
      return { unreachable: { direct: "no answer within 5 s" } };
    case "eu-west/lb-1":
      return { reachedBy: by, said: noAgent };
    case "us-west/api-1":
      return said(by, {
        attempt: 4,
        drift: [{ part: "file", name: "/etc/hosts", how: "has another content" }],
      });
    case "us-west/lb-2":
      return said(by, { attempt: 2, refused: "an unknown part" });
    case "edge-home/blackroad-pi":
      // The tunnel is gone: only who stands on the LAN reaches it.
      return request.routes.length === 2
        ? said("on-site", { attempt: 9, inOrder: false, numbers: { "on-site": 1 } })
        : { unreachable: { tunnel: "no route to host" } };
    default:
      return said(by, { attempt: 7, inOrder: true, numbers: { "on-site": 3 } });
  }
}

const newName = "0123456789abcdef";

/** What hosts say of their keys; all others have them all. */
function answerKeys(host: string): AskAnswer | undefined {
  switch (host) {
    case "edge-home/lucidia-alt":
      return { reachedBy: "on-site", said: `lost ${newName}` };
    case "us-west/lb-1":
      return { reachedBy: "hub", said: `lost ${newName}` };
    case "coral-reef/node-1":
    case "edge-home/blackroad-pi":
      return { unreachable: { lan: "no answer within 5 s", tunnel: "no answer within 5 s" } };
    default:
      return undefined;
  }
}

let run: ProgramRun;
/** What the engine would show, with nobody who shows it. */
const shown = { info: [] as string[], warning: [] as string[] };
const keep = (lines: string[]) => (line: unknown) => {
  lines.push(String(line));
};

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(keep(shown.info));
  vi.spyOn(console, "warn").mockImplementation(keep(shown.warning));
  // The agent is to be uploaded anew, and no preview knows what comes of it.
  const isNew = (label: string): boolean => label.startsWith("command:remote:CopyToRemote us-west/");
  run = await runProgram("prod", { preview: true, answer, answerKeys, isNew });
  vi.restoreAllMocks();
}, 120_000);

const numberOf = (name: string): number => {
  const apply = run.resources.find((resource) => resource.name === name);
  return Number(/ --number (\d+)$/.exec(String(apply?.inputs.create))?.[1]);
};

describe("a preview", () => {
  it("numbers the applies by what the hosts say", () => {
    const hosts = run.resources.filter(({ name }) => name.endsWith("/apply"));
    const others: Readonly<Record<string, number>> = {
      "edge-home/blackroad-pi": 0,
      "eu-west/hub-1": 0,
      "eu-west/lb-1": 1,
      "us-west/api-1": 5,
      "us-west/lb-2": 3,
    };
    const keys = Object.keys(run.outputs.hosts as object);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(others)));
    expect(Object.fromEntries(hosts.map(({ name }) => [name, numberOf(name)]))).toEqual(
      Object.fromEntries(keys.map((key) => [`${key}/apply`, others[key] ?? 7])),
    );
    const first = run.resources.filter(({ name }) => name.endsWith("/first-apply"));
    expect(
      Object.fromEntries(first.map(({ name, inputs }) => [name, (inputs.triggers as unknown[]).at(-1)])),
    ).toEqual({
      "coral-reef/gateway/first-apply": 3,
      "coral-reef/node-1/first-apply": 3,
      "coral-reef/node-2/first-apply": 3,
      "coral-reef/node-3/first-apply": 3,
      "coral-reef/storage/first-apply": 3,
      "edge-home/blackroad-pi/first-apply": 10,
      "edge-home/lucidia-alt/first-apply": 3,
      "edge-home/lucidia/first-apply": 3,
    });
  });

  it("asks every host once on each way, without waiting for what is still to be done", () => {
    const count = (key: string) => run.asked.filter(({ host }) => host === key).length;
    const hosts = Object.keys(run.outputs.hosts as object);
    expect(Object.fromEntries(hosts.map((key) => [key, count(key)]))).toEqual(
      Object.fromEntries(hosts.map((key) => [key, /^(?:edge-home|coral-reef)\//.test(key) ? 2 : 1])),
    );
    for (const { request } of run.asked) expect(request).toMatchObject({ seconds: 5, patienceSeconds: 0 });
    // The uploads in us-west are new, and everything later waits for them; the numbers above are known nevertheless.
    const isWest = (key: string): boolean => key.startsWith("us-west/");
    expect(
      run.resources.filter(({ name }) => isWest(name) && name.endsWith("/agent")).map(({ name }) => name),
    ).toEqual(hosts.filter(isWest).map((key) => `${key}/agent`));
  });

  it("asks about the documents that an update would send", () => {
    for (const { name, inputs } of run.resources.filter((resource) => resource.name.endsWith("/apply"))) {
      const documents = run.asked
        .filter(({ host }) => `${host}/apply` === name)
        .map(({ document }) => document);
      expect(documents.at(-1), name).toEqual(documentOf(inputs.stdin));
    }
  });

  it("warns of hosts that cannot be reached, once each, and tells what the others say", () => {
    expect(shown.warning).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/eu-west\/hub-1 cannot be reached.*\(by direct: no answer within 5 s\)$/),
        expect.stringMatching(/edge-home\/blackroad-pi cannot be reached.*\(by tunnel: no route to host\)$/),
      ]),
    );
    expect(shown.warning).toHaveLength(2);
    expect(shown.info).toEqual(
      expect.arrayContaining([
        expect.stringContaining(
          "us-west/api-1, on generation 4:\ndrifted: file /etc/hosts has another content",
        ),
        expect.stringContaining("us-west/lb-2, on generation 2:\nits agent is older than this program"),
      ]),
    );
    expect(shown.info).toHaveLength(2);
  });

  it("asks all for their keys that have any or can be set up anew, on every way to them", () => {
    expect(run.askedKeys).toMatchObject({
      "coral-reef/gateway": ["tunnel", "on-site"],
      "edge-home/lucidia-alt": ["lan", "on-site"],
      "us-west/hub-1": ["direct"],
      "us-west/lb-1": ["hub"],
    });
    // Certificates and tunnels have keys, and machines that can be set up anew.
    const hosts = planOf("prod").hosts.filter(
      ({ generation: { certificates, tunnels }, firstContact }) =>
        certificates.length + tunnels.length > 0 || firstContact.kind === "lan",
    );
    expect(Object.keys(run.askedKeys).sort()).toEqual(hosts.map(({ key }) => key).sort());
  });

  it("plans other keys where some are lost, and leaves those of hosts that say nothing as they were", () => {
    const steps = run.resources.filter(({ name }) => /\/(?:bootstrap|keys)$/.test(name));
    const isKept = ({ options }: (typeof steps)[number]) =>
      (options.ignoreChanges as string[]).includes("triggers");
    expect(steps.filter(isKept).map(({ name }) => name)).toEqual([
      "coral-reef/node-1/bootstrap",
      "edge-home/blackroad-pi/bootstrap",
    ]);
    const lost = steps.filter(({ inputs }) => (inputs.triggers as unknown[]).at(-1) === newName);
    expect(lost.map(({ name }) => name)).toEqual(["edge-home/lucidia-alt/bootstrap", "us-west/lb-1/keys"]);
    const toHost = lost.map(({ inputs }) => JSON.stringify(inputs.connection));
    expect(toHost[0]).toContain('"host":"192.168.4.99"');
    expect(toHost[0]).not.toContain('"proxy"');
    expect(toHost[1]).toContain('"proxy"');
  });

  it("leaves the first configuration as it is wherever the management path leads", () => {
    const first = run.resources.filter(({ name }) => /\/first-(?:agent|apply|confirm\/.*)$/.test(name));
    expect(first).toHaveLength(3 * 8);
    for (const { name, options } of first) {
      const ignored = options.ignoreChanges as string[];
      expect(ignored.includes("triggers"), name).toBe(!name.startsWith("edge-home/blackroad-pi/"));
    }
  });

  it("lets a changed number through to the engine", () => {
    for (const { name, options } of run.resources.filter((resource) => resource.name.endsWith("/apply")))
      expect(options.ignoreChanges, name).toEqual([]);
  });
});

/** The page: it asks nobody, nothing of a network becomes markup, and nothing of the owner's is in it. */
import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { escapeText, scriptJson, scriptText } from "../../../../cli/map/escape.ts";
import { lineIn } from "../../../../cli/lines.ts";
import type { MapData, StackSource } from "../../../../cli/map/model.ts";
import { renderPage } from "../../../../cli/map/page.ts";
import { subjectOf } from "../../../../cli/proof/input.ts";
import { parseNetworkConfig } from "../../../../components/config/parse.ts";
import { planNetwork } from "../../../../components/plan/plan.ts";
import { worldOfExport } from "../../../../components/proof/describe/build.ts";
import { exportData, exportOf } from "../../../../components/proof/describe/data.ts";
import { answer, type Subject } from "../../../../components/proof/ask/answer.ts";
import { buildWorld } from "../../../../components/proof/world/build.ts";
import { hostKey, operatorKey } from "../../config/stack.ts";
import { dataOf, describedNetwork, prodWith } from "./subject.ts";

const opened = prodWith();
const data = dataOf(opened);
const parts = { script: "start();", style: "body { margin: 0; }" };
const page = renderPage({ data, ...parts });

function sourceOf({ source }: MapData): StackSource {
  if (source.kind !== "stack") throw new Error("the test's network is of a stack");
  return source;
}

/** As the page has it: by way of JSON. */
const source = sourceOf(JSON.parse(JSON.stringify(data)) as MapData);

describe("the page's policy", () => {
  it("lets nothing be loaded, and no program run but its own", () => {
    const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hash(parts.script)}`,
      `style-src ${hash(parts.style)}`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it("needs no exception: the page refers to nothing outside, and has no styles and handlers of elements", () => {
    const markup = page.replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, "");
    const references = [...markup.matchAll(/\s(?:src|href|action|poster|data|srcset)="([^"]*)"/g)].map(
      ([, to = ""]) => to,
    );
    expect(references.filter((to) => !/^#|^data:image\/svg\+xml,/.test(to))).toEqual([]);
    expect(markup).not.toMatch(/\s(?:style|on[a-z]+)=/);
  });
});

describe("names of a network", () => {
  const wild = `</script><img src=x onerror=alert(1)>"'&`;
  const [row = []] = data.drawing.rows;
  const [first, ...rest] = row;
  if (first === undefined) throw new Error("prod is drawn");
  const named = renderPage({
    ...parts,
    data: {
      ...data,
      title: wild,
      options: wild,
      verified: wild,
      drawing: {
        ...data.drawing,
        rows: [[{ ...first, id: wild, label: wild, detail: wild, about: wild }, ...rest]],
      },
      marks: [{ boxes: [wild], title: wild, lines: [wild], where: wild }],
    },
  });

  it("do not become markup", () => {
    expect(named).not.toContain("<img");
    expect(named.match(/<\/script>/g)).toHaveLength(2);
    const [, json = ""] = /<script type="application\/json" id="map-data">(.*?)<\/script>/s.exec(named) ?? [];
    expect((JSON.parse(json) as MapData).title).toBe(wild);
  });

  it("are shown as they are", () => {
    expect(escapeText(`<a b="c">&'\u0007`)).toBe("&lt;a b=&quot;c&quot;&gt;&amp;&#39;\uFFFD");
    expect(JSON.parse(scriptJson({ text: "<!--</script>" }))).toEqual({ text: "<!--</script>" });
    expect(scriptJson("<")).not.toContain("<");
  });

  it("do not end the program's element either", () => {
    const code = "const a = '</script>', b = /<!--/, c = `<script>`;";
    const text = scriptText(code);
    expect(text).not.toMatch(/<\/script|<!--|<script/);
    const run = (body: string): unknown =>
      runInNewContext(`(() => { ${body} return JSON.stringify([a, b.source, b.test("<!--"), c]); })()`);
    // The regular expression is spelt otherwise, and means the same.
    expect(String(run(text)).replaceAll("\\\\x3c", "<")).toBe(run(code));
  });
});

describe("what the page is given", () => {
  it("is the same for the same network", () => {
    expect(renderPage({ data: dataOf(prodWith()), ...parts })).toBe(page);
  });

  it("holds no key, no image and nothing of the account", () => {
    const secret = prodWith({ "account externalId": "only-the-owner-knows-this" });
    const text = renderPage({ data: dataOf(secret), ...parts });
    const withheld = [
      "only-the-owner-knows-this",
      "444455556666",
      operatorKey,
      hostKey,
      "ami-0123456789abcdef0",
    ];
    expect(JSON.stringify(secret.stack.network)).toContain("only-the-owner-knows-this");
    expect(withheld.filter((needle) => text.includes(needle))).toEqual([]);
  });

  it("is answered from as the command answers, with the same change and lines", () => {
    const whole: Subject = subjectOf(opened);
    const { network, stack, lines } = source;
    const given: Subject = {
      world: buildWorld(planNetwork(parseNetworkConfig(network), stack)),
      editable: { stack, network },
      lineOf: (path) => lineIn(lines, path),
    };
    const questions = [
      "us-west/api-1 us-west/redis-1 6379/tcp",
      "internet us-west/redis-1 6379/tcp",
      "edge-home/lucidia us-west/postgres-1 5432/tcp",
      "eu-west/api-1 internet 443/tcp",
      "operator us-west/hub-1 22/tcp",
      "internet api.blackroad.io 443/tcp",
    ];
    for (const line of questions) {
      const [from = "", to = "", traffic = ""] = line.split(" ");
      const question = { from, to, traffic, direction: "both" } as const;
      expect(answer(given, question), line).toEqual(answer(whole, question));
    }
  });

  it("has the lines of every path, known or not", () => {
    const { lineOf } = opened.stack;
    const paths = [
      "hosts.us-west.api-1",
      "securityGroups.public.ingress[0]",
      'wireguard.peers["edge-home/lucidia"]',
    ];
    const beyond = [
      "dns.zones.blackroad.io",
      "hosts.us-west.nobody.role",
      "nothing",
      "securityGroups.hub.ingress[99]",
      "",
    ];
    expect([...paths, ...beyond].map((path) => lineIn(source.lines, path))).toEqual(
      [...paths, ...beyond].map(lineOf),
    );
    expect(new Set(paths.map((path) => lineIn(source.lines, path))).size).toBe(3);
  });

  it("is of an export what the proof reads, and no more", () => {
    const described = describedNetwork((of) => {
      for (const each of of.Vpcs ?? []) each.Comment = "not for everybody";
    });
    const origin = described.described;
    if (origin === undefined) throw new Error("the test's network is an export");
    const text = JSON.stringify(exportData(origin.export));
    expect(text).not.toContain("not for everybody");
    const read = worldOfExport(exportOf(JSON.parse(text) as ReturnType<typeof exportData>));
    const hosts = [...described.world.hosts.keys(), "internet"];
    for (const from of hosts) {
      for (const to of hosts.filter((each) => each !== from)) {
        const question = { from, to, traffic: "all", direction: "both" } as const;
        expect(answer(read, question)).toEqual(answer(described, question));
      }
    }
  });
});

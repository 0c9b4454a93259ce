/** The map's page in a browser: by keyboard alone, on a phone, for who listens, and with nobody to ask. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Verdict } from "../../components/proof/ask/answer.ts";
import type { Hop } from "../../components/proof/ask/hops.ts";
import { openBrowser, patience, type OpenBrowser } from "../browser.ts";
import { roadnet } from "../unit/cli/roadnet.ts";
import { withEdits } from "../unit/config/stack-file.ts";
import { filledFile } from "../unit/config/stack.ts";
import { network } from "../unit/proof/describe/network.ts";

/** `npm test` says so where no Chromium can be had. */
const isWithoutBrowser = process.env.ROADNET_BROWSER === "none";

let folder: string;
let opened: OpenBrowser;
/** Of the page that a test looks at: what it asked for, and what went wrong in it. */
let requests: string[] = [];
let errors: string[] = [];

/** A name that somebody gave an instance. */
const wild = `</script><img src=x onerror="document.title='broken'">`;

function stackWith(name: string, edits: Parameters<typeof withEdits>[1]): void {
  writeFileSync(join(folder, `Pulumi.${name}.yaml`), withEdits(filledFile("prod"), edits));
}

async function make(name: string, ...args: readonly string[]): Promise<void> {
  const made = await roadnet(["map", ...args, "--out", join(folder, `${name}.html`)]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
}

beforeAll(async () => {
  if (isWithoutBrowser) return;
  folder = mkdtempSync(join(tmpdir(), "map-page-"));
  stackWith("prod", {});
  stackWith("wide", { "securityGroups database ingress 0 source": "10.0.0.0/8" });
  const of = network();
  const [reservation] = (of.Reservations ?? []) as { Instances: Record<string, unknown>[] }[];
  for (const instance of reservation?.Instances.slice(0, 1) ?? [])
    instance.Tags = [{ Key: "Name", Value: wild }];
  writeFileSync(join(folder, "account.json"), JSON.stringify(of));
  await make("prod", "--cwd", folder);
  await make("wide", "--stack", "wide", "--cwd", folder);
  await make("account", "--describe", join(folder, "account.json"));
  opened = await openBrowser();
});

afterAll(async () => {
  if (isWithoutBrowser) return;
  await opened.close();
  rmSync(folder, { recursive: true });
});

async function open(name: string, options: BrowserContextOptions = {}, hash = ""): Promise<Page> {
  const context = await opened.browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  [requests, errors] = [[], []];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(`${pathToFileURL(join(folder, `${name}.html`)).href}${hash}`);
  await page.waitForSelector("html[data-ready]");
  return page;
}

// Whatever a test does: no request, no error, no refusal by the page's own policy.
afterEach(() => {
  expect(requests.filter((url) => !url.startsWith(`file://${folder}/`) && !url.startsWith("data:"))).toEqual(
    [],
  );
  expect(errors).toEqual([]);
});

/** What the page tells of hops, as the command line has them. */
async function hopsIn(page: Page, way: "there" | "back"): Promise<string[]> {
  const items = await page.locator(`.hops.${way} li`).all();
  return Promise.all(
    items.map(async (item) => {
      const stops = (await item.getAttribute("class")) === "stops" ? " stops" : "";
      return `${(await item.locator(".place").textContent()) ?? ""}: ${(await item.locator(".action").textContent()) ?? ""}${stops}`;
    }),
  );
}

function hopsOf(hops: readonly Hop[]): string[] {
  return hops.map(({ place, action, gate, stops }) => {
    const what = gate === undefined ? action : `${gate.verdict} by ${gate.name}: ${gate.rule}`;
    return `${place}: ${what}${stops ? " stops" : ""}`;
  });
}

async function answered(page: Page): Promise<void> {
  await page.waitForSelector("html:not([data-busy]) #verdict:not([hidden])");
}

/** Types into what has the focus, in place of what is there. */
async function retype(page: Page, text: string): Promise<void> {
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
}

async function focused(page: Page): Promise<string> {
  return page.evaluate<string>("document.activeElement.id || document.activeElement.dataset.id || ''");
}

/** Tab by Tab, as somebody without a mouse does it. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === id) return;
  }
  throw new Error(`no Tab leads to ${id}`);
}

const heads = { pass: "Passes", blocked: "Blocked", unknown: "Cannot be told" };

const questions = [
  "us-west/api-1 us-west/redis-1 6379/tcp",
  "edge-home/lucidia us-west/postgres-1 5432/tcp",
  "internet us-west/hub-1 22/tcp",
  "us-west/api-1 internet 443/tcp",
  "internet api.blackroad.io 443/tcp",
  "us-west/api-1 redis.blackroad.internal all",
  "edge-home coral-reef/10.64.40.0/24 80/tcp",
];

describe.skipIf(isWithoutBrowser)("a question", () => {
  it.each(questions)("by keyboard alone: %s has the command's verdict, hops and change", async (line) => {
    const [from = "", to = "", traffic = ""] = line.split(" ");
    const page = await open("prod");
    await tabTo(page, "from");
    await retype(page, from);
    await page.keyboard.press("Escape");
    await tabTo(page, "to");
    await retype(page, to);
    await page.keyboard.press("Escape");
    await tabTo(page, "traffic");
    await retype(page, traffic);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await answered(page);
    const { stdout } = await roadnet(["why", from, to, traffic, "--json", "--cwd", folder]);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(await page.locator("#verdict-head").innerText()).toContain(heads[verdict.verdict]);
    expect((await page.locator(".reason").innerText()).toLowerCase()).toBe(
      `${verdict.reason}.`.toLowerCase(),
    );
    expect(await hopsIn(page, "there")).toEqual(hopsOf(verdict.forward));
    expect(await hopsIn(page, "back")).toEqual(hopsOf(verdict.return));
    const change = await page.locator(".change").innerText();
    for (const { path, value } of verdict.change?.edits ?? []) {
      expect(change).toContain(path);
      expect(change).toContain(value);
    }
    if (verdict.change === null) expect(change).toContain(verdict.noChange ?? "");
    // Who listens hears the verdict, and the drawing shows the way and where it ends.
    expect(await page.locator("#said[aria-live=polite]").innerText()).toContain(heads[verdict.verdict]);
    expect(await page.locator("#drawing .station").count()).toBeGreaterThan(0);
    expect((await page.locator("#drawing .cross").count()) > 0).toBe(verdict.verdict === "blocked");
    await page.context().close();
  });

  it("is chosen from lists by arrow keys, with what listens at the destination", async () => {
    const page = await open("prod");
    await tabTo(page, "from");
    await retype(page, "api-2");
    await page.keyboard.press("ArrowDown");
    expect(await page.locator("#from").getAttribute("aria-activedescendant")).toBe("from-list-0");
    await page.keyboard.press("Enter");
    expect(await page.locator("#from").inputValue()).toBe("us-west/api-2");
    await tabTo(page, "to");
    await retype(page, "vault");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await tabTo(page, "traffic");
    await page.keyboard.press("ArrowDown");
    expect(await page.locator("#traffic-list").innerText()).toMatch(/8200\/tcp\s+listens there/);
    await page.keyboard.press("Escape");
    expect(await page.locator("#traffic-list").isVisible()).toBe(false);
    await retype(page, "8200/tcp");
    await tabTo(page, "ask");
    await page.keyboard.press("Enter");
    await answered(page);
    expect(await page.locator("#verdict-head").innerText()).toContain("Passes");
    await page.context().close();
  });

  it("that is wrong is told why, and keeps no old answer", async () => {
    const page = await open("prod", {}, "#from=internet&to=us-west/lb-1&traffic=443/tcp");
    await answered(page);
    await page.locator("#to").fill("us-west/lb-9");
    await page.locator("#ask").press("Enter");
    await page.waitForSelector("#verdict[hidden]", { state: "attached" });
    const said = await page.locator("#said").innerText();
    expect(said).toBe("There is no us-west/lb-9: did you mean us-west/lb-1?");
    expect(await page.locator("#drawing .station").count()).toBe(0);
    await page.context().close();
  });

  it("about a network that AWS described is answered too, whatever its hosts are called", async () => {
    const page = await open("account");
    const hosts = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.is-host')].map((each) => each.dataset.id.slice(5))",
    );
    const [from = "", to = ""] = hosts;
    await page.evaluate(
      `location.hash = new URLSearchParams({ from: ${JSON.stringify(from)}, to: ${JSON.stringify(to)}, traffic: "443/tcp" })`,
    );
    await answered(page);
    const { stdout } = await roadnet([
      "why",
      from,
      to,
      "443/tcp",
      "--json",
      "--describe",
      join(folder, "account.json"),
    ]);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(await page.locator("#verdict-head").innerText()).toContain(heads[verdict.verdict]);
    expect(await hopsIn(page, "there")).toEqual(hopsOf(verdict.forward));
    expect(await page.title()).not.toBe("broken");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.locator("#drawing title", { hasText: "</script><img" }).count()).toBe(1);
    await page.context().close();
  });
});

describe.skipIf(isWithoutBrowser)("the drawing", () => {
  it("is a tree for the keyboard: arrows move, fold and unfold, and one box alone is in the order of Tab", async () => {
    const page = await open("prod");
    await page.locator("[data-id='region:us-west']").focus();
    await page.keyboard.press("ArrowDown");
    expect(await focused(page)).toBe("gateway:internet us-west");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await focused(page)).toBe("region:us-west");
    expect(await page.locator("[data-id='region:us-west']").getAttribute("aria-expanded")).toBe("false");
    expect(await page.locator("[data-id='host:us-west/api-1']").count()).toBe(0);
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("[data-id='host:us-west/api-1']").count()).toBe(1);
    expect(await page.locator("#drawing [tabindex='0']").count()).toBe(1);
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    expect(await focused(page)).toBe("outside:");
    await page.context().close();
  });

  it("takes boxes as ends of a question, tells about them, and gives the focus back", async () => {
    const page = await open("prod");
    await page.locator("[data-id='host:us-west/api-1']").focus();
    await page.keyboard.press("f");
    await page.locator("[data-id='host:us-west/redis-1']").focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("#details").innerText()).toContain("6379/tcp");
    await page.keyboard.press("Escape");
    expect(await page.locator("#details").isVisible()).toBe(false);
    expect(await focused(page)).toBe("host:us-west/redis-1");
    await page.keyboard.press("t");
    await answered(page);
    expect(await page.locator("p.asked").innerText()).toContain("us-west/api-1 → us-west/redis-1, 443/tcp");
    await page.context().close();
  });

  it("finds by words", async () => {
    const page = await open("prod");
    await page.locator("#search").fill("prometheus");
    expect(await page.locator("#found").innerText()).toBe("1 found");
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("host:us-west/prometheus-1");
    await page.context().close();
  });

  it("marks what verify found where it is, and tells it", async () => {
    const page = await open("wide");
    expect(await page.locator("[data-id='host:us-west/postgres-1'] .mark").count()).toBe(1);
    expect(await page.locator("[data-id='host:us-west/api-1'] .mark").count()).toBe(0);
    expect(await page.locator("#findings li").innerText()).toContain("nobody intends it: 5432/tcp");
    expect(await page.locator("#findings .where").innerText()).toMatch(
      /^Pulumi\.wide\.yaml:\d+: securityGroups\.database\.ingress\[0\]$/,
    );
    await page.locator("#findings .show").press("Enter");
    expect(await focused(page)).not.toBe("");
    await page.context().close();
  });
});

/**
 * It wants all that is written in an element in its name, in one piece. In the drawing that is cut where it is too long,
 * while the name has it whole; drawing.test.ts sees to that.
 */
const labelRule = "label-content-name-mismatch";

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** What axe finds, with the elements. */
async function violations(page: Page, args: string): Promise<string[]> {
  const found = await page.evaluate<AxeResults>(`axe.run(${args})`);
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}: ${failureSummary}`),
  );
}

const asked = "#from=edge-home/lucidia&to=us-west/postgres-1&traffic=5432/tcp";

describe.skipIf(isWithoutBrowser)("the page", () => {
  it.each([360, 768, 1280])(
    "is no wider than a window of %i pixels, with an answer and its details",
    async (width) => {
      const page = await open("prod", { viewport: { width, height: 740 } }, asked);
      await answered(page);
      await page.locator("#more summary").press("Enter");
      await page.locator(".command summary").press("Enter");
      await page.locator("#outline summary").press("Enter");
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      const beyond = await page.evaluate(
        `[...document.querySelectorAll("#drawing .box")].filter((box) => box.getBoundingClientRect().right > ${width}).length`,
      );
      expect(beyond).toBe(0);
      await page.context().close();
    },
  );

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["dark", 360],
  ] as const)("has no fault that axe finds: %s, %i pixels", async (colorScheme, width) => {
    const page = await open(
      "wide",
      { colorScheme, viewport: { width, height: 900 }, reducedMotion: "reduce" },
      asked,
    );
    await answered(page);
    // With a list open, too.
    await page.locator("#to").fill("");
    await page.locator("#to").press("ArrowDown");
    await page.evaluate(axe.source);
    expect(await violations(page, `document, { rules: { "${labelRule}": { enabled: false } } }`)).toEqual([]);
    expect(await violations(page, `{ exclude: "#drawing" }, { runOnly: "${labelRule}" }`)).toEqual([]);
    await page.context().close();
  });

  it("keeps still for who wants that, and prints without what can only be pressed", async () => {
    const page = await open("prod", { reducedMotion: "reduce" }, asked);
    await answered(page);
    const moving = "document.getAnimations().filter((each) => each.playState === 'running').length";
    expect(await page.evaluate(moving)).toBe(0);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    expect(await page.evaluate(moving)).toBe(1);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#question").isVisible()).toBe(false);
    expect(await page.locator("#verdict").isVisible()).toBe(true);
    expect(await page.locator("#drawing").isVisible()).toBe(true);
    await page.context().close();
  });

  it("could not ask anybody if it tried", async () => {
    const page = await open("prod");
    const tried = await page.evaluate<string>(
      "fetch('https://example.com/').then(() => 'fetched', () => 'refused')",
    );
    expect(tried).toBe("refused");
    // The policy says so aloud, which is what was wanted here.
    expect(errors.join(" ")).toContain("Content Security Policy");
    errors = [];
    await page.context().close();
  });

  it("skips to the question and to the drawing", async () => {
    const page = await open("prod");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("from");
    await page.context().close();
  });
});

/** What is no document of a preview, or of none that can be judged, and what is said of it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DocumentError, parsePreview } from "../../../cli/guard/document.ts";
import { ConfigError } from "../../../components/config/problem.ts";
import { approvalFor } from "./approval.ts";
import { previewText, withGuard } from "./previews.ts";

/** What a document is refused with. */
function refusalOf(text: string): Error {
  try {
    parsePreview(text);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was taken");
}

describe("a real preview", () => {
  it("tells its stack, its configuration, and what it does not show", () => {
    const preview = parsePreview(previewText("quiet"));
    expect(preview).toMatchObject({ stack: "sandbox", project: "blackroad-network", isCutShort: false });
    expect(preview.guard).toEqual({ protect: true, records: { percent: 30, atLeast: 10 }, approvals: [] });
    expect(preview.hidden).toBe(112);
  });

  it("hides nothing with --show-sames", () => {
    expect(parsePreview(previewText("subnet"))).toMatchObject({ hidden: 0, isCutShort: false });
  });

  it.each(["subnet-refused", "peering-refused"] as const)(
    "is cut short where protection ended it: %s",
    (name) => {
      expect(parsePreview(previewText(name)).isCutShort).toBe(true);
    },
  );

  it("that failed is no plan, and says why it failed", () => {
    const refusal = refusalOf(previewText("failed"));
    expect(refusal).toBeInstanceOf(DocumentError);
    expect(refusal.message).toMatch(
      /^The preview failed, so there is no plan:\nerror: The network's.*\n.*awsRegion\n.*eu-west-9x/,
    );
  });

  it("that failed after protection had refused something is no plan either", () => {
    const other = { severity: "error", message: "error: aws:ec2/vpc:Vpc: throttled\n" };
    const document = JSON.parse(previewText("peering-refused")) as { diagnostics: object[] };
    const both = JSON.stringify({ ...document, diagnostics: [...document.diagnostics, other] });
    expect(() => parsePreview(both)).toThrow("so there is no plan:\nerror: aws:ec2/vpc:Vpc: throttled");
  });

  it("with a warning is a plan", () => {
    const document = JSON.parse(previewText("quiet")) as object;
    const diagnostics = [{ severity: "warning", message: "warning: a host cannot be reached\n" }];
    expect(parsePreview(JSON.stringify({ ...document, diagnostics })).steps).toHaveLength(1);
  });
});

describe("what is no preview", () => {
  const streamed = '{"sequence":0,"type":"prelude"}\n{"sequence":1,"type":"summary"}';
  it.each([
    ["", "There is nothing in the document. Did the preview fail?"],
    [" \n", "There is nothing in the document. Did the preview fail?"],
    ["Previewing update (prod):\n", "The document is no JSON (Unexpected token 'P'"],
    ["error: no stack", "it must be what `pulumi preview --json --show-sames --ignore-protect` prints"],
    ["null", "The document is JSON, but no whole preview"],
    ["[]", "The document is JSON, but no whole preview"],
    ["{}", "The document is JSON, but no whole preview (steps: "],
    ['{"steps": []}', "The document is JSON, but no whole preview (changeSummary: "],
    ['{"steps": [], "changeSummary": {}}', "The document names no resource"],
    ['{"steps": [{"op": "same"}], "changeSummary": {}}', "no whole preview (steps.0.urn: "],
    ['{"steps": [{"op": "same", "urn": "x"}], "changeSummary": {}}', "The document names no resource"],
    [streamed, "The document is a stream of events: unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW"],
  ])("is refused: %j", (text, message) => {
    const refusal = refusalOf(text);
    expect(refusal).toBeInstanceOf(DocumentError);
    expect(refusal.message).toContain(message);
  });

  it("is every part of a document but the whole of it", () => {
    const text = previewText("peering-refused").trim();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: text.length - 1 }), (length) => {
        expect(() => parsePreview(text.slice(0, length))).toThrow(
          /^The document is cut short after \d+ char/,
        );
      }),
      // The beginnings that end with a brace look whole until they are read.
      { examples: [[1], [text.length - 1]], numRuns: 50 },
    );
  });
});

describe("the configuration in it", () => {
  const network = "blackroad-network:network";
  const withConfig = (config: Record<string, string>): string =>
    JSON.stringify({ ...(JSON.parse(previewText("quiet")) as object), config });

  it("must be there, and be readable", () => {
    expect(() => parsePreview(withConfig({}))).toThrow(`The document has no ${network} in its config`);
    expect(() => parsePreview(withConfig({ [network]: "[secret]" }))).toThrow("or holds a secret");
  });

  it("counts only as far as the guard goes by it: another version's network is judged, too", () => {
    const written = JSON.stringify({ regions: "not what this version takes", guard: { protect: true } });
    expect(parsePreview(withConfig({ [network]: written })).guard.protect).toBe(true);
    expect(parsePreview(withConfig({ [network]: "{}" })).guard).toMatchObject({
      protect: false,
      approvals: [],
    });
    expect(refusalOf(withConfig({ [network]: "[]" }))).toBeInstanceOf(ConfigError);
  });

  it("is checked like the program's, and refused with the place of what is wrong", () => {
    for (const wrong of [{ reason: "" }, { reason: undefined }]) {
      const approvals = [approvalFor("vpc us-west", wrong)];
      const refusal = refusalOf(withGuard("quiet", { approvals }));
      expect(refusal).toBeInstanceOf(ConfigError);
      expect(refusal.message).toContain(`${network}.guard.approvals[0].reason`);
    }
  });
});

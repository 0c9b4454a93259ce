/** JSON as people gather it, and where it is damaged. */
import { describe, expect, it } from "vitest";
import { JsonError, parseDocuments } from "../../../../components/proof/describe/json.ts";

describe("documents", () => {
  it.each<[string, string, unknown[]]>([
    ["one", '{"a": [1, -2.5e3, true, null, "\\u00e9\\n"]}', [{ a: [1, -2500, true, null, "é\n"] }]],
    ["several one after the other", '{"a":1}\n{"b":{}}[3]', [{ a: 1 }, { b: {} }, [3]]],
    ["none", " \r\n\t", []],
    ["one whose names are a parser's own", '{"__proto__": 1}', [JSON.parse('{"__proto__": 1}')]],
    [
      "things that have the same names",
      '[{"a":1},{"a":1},{"b":{"a":1}}]',
      [[{ a: 1 }, { a: 1 }, { b: { a: 1 } }]],
    ],
  ])("are read: %s", (_, text, values) => {
    expect(parseDocuments(text)).toEqual(values);
  });

  it.each<[string, string, string]>([
    ["cut off", '{"a":\n[1,', "line 2, column 4: it ends here, and a value is missing"],
    ["cut off within a text", '{"a": "b', "line 1, column 7: this string does not end"],
    [
      "a comma too many",
      '{"a":1,\n}',
      "line 2, column 1: a name in double quotes should stand in place of }",
    ],
    ["one in a list", "[1,]", "line 1, column 4: a value should stand in place of ]"],
    ["a comma too few", "[{}\n {}]", "line 2, column 2: a comma or the end of what is open should stand"],
    ["no colon", '{"a" 1}', "line 1, column 6: a colon should stand in place of 1"],
    [
      "Python's quotes",
      "{'a': 1}",
      "line 1, column 2: a name in double quotes or } should stand in place of '",
    ],
    ["a line break in a text", '{"a": "b\nc"}', "line 1, column 7: this string does not end"],
    ["an escape that is none", '{"a": "\\x"}', "line 1, column 7"],
    ["a number that is none", "[01]", "line 1, column 3"],
    ["an end too many", "{}}", "line 1, column 3: a value should stand in place of }"],
    ["the wrong end", '{"a": [1}', "line 1, column 9: a comma or the end of what is open should stand"],
    ["words", "An error occurred", "line 1, column 1: a value should stand in place of A"],
    ["a name twice", '{"Vpcs": [],\n "Vpcs": []}', 'line 2, column 2: "Vpcs" is there twice'],
  ])("are refused by line and column: %s", (_, text, says) => {
    expect(() => parseDocuments(text)).toThrow(JsonError);
    expect(() => parseDocuments(text)).toThrow(says);
  });

  it("are what the standard's own parser takes", () => {
    const text = '{"a": [1, "x\\"y", {"b": null}], "c": -0.5e+2}';
    for (let at = 0; at < text.length; at++) {
      for (const char of ["", "{", "]", '"', ",", ":", "0", "\\", "e", "-"]) {
        const damaged = text.slice(0, at) + char + text.slice(at + 1);
        let expected: unknown[] | undefined;
        try {
          expected = [JSON.parse(damaged)];
        } catch {
          expected = undefined;
        }
        const parse = (): unknown => parseDocuments(damaged);
        if (expected === undefined) expect(parse, damaged).toThrow(JsonError);
        else expect(parse(), damaged).toEqual(expected);
      }
    }
  });
});

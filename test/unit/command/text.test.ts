import { expect, test } from "vitest";
import { globToRegExp, selectPaths } from "../../../sandbox/providers/command/glob.ts";
import { joinHostPort, quote } from "../../../sandbox/providers/command/go-text.ts";
import { parseHostKey } from "../../../sandbox/providers/command/host-key.ts";
import { exitText } from "../../../sandbox/providers/command/session.ts";

test.each([
  ['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
  ["\u0007\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'],
  ["\u0000\u001b\u007f", '"\\x00\\x1b\\x7f"'],
  ["ü € 😀", '"ü € 😀"'],
  ["\u00a0\u200b", '"\\u00a0\\u200b"'],
  ["\u{e0001}", '"\\U000e0001"'],
])("Go quotes %j", (text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test("an IPv6 address gets brackets", () => {
  expect([joinHostPort("::1", 22), joinHostPort("h", 22)]).toEqual(["[::1]:22", "h:22"]);
});

test.each([
  [{ code: 0, signal: undefined }, undefined],
  [{ code: 7, signal: undefined }, "Process exited with status 7"],
  [{ code: null, signal: "SIGKILL" }, "Process exited with status 137 from signal KILL"],
  [{ code: null, signal: "SIGODD" }, "Process exited with status 128 from signal ODD"],
  [{ code: undefined, signal: undefined }, "wait: remote command exited without exit status or exit signal"],
])("the end %j", (exit, text) => {
  expect(exitText(exit)).toBe(text);
});

const key = "AAAAC3NzaC1lZDI1NTE5AAAAIOnvgW68pkwcLMA6V1koQN8gz3AIdYFMSbHF4tBfj0ye";

test.each([
  `ssh-ed25519 ${key}`,
  `# a comment\n\n  ssh-ed25519\t${key} someone@somewhere\n`,
  `restrict,command="echo \\"a b\\"" ssh-ed25519 ${key}`,
  // The word in front is not looked at, nor is a host's name before it.
  `ssh-rsa ${key}`,
  `host.test ssh-ed25519 ${key}`,
  `broken line\nssh-ed25519 ${key}`,
])("a pinned key is found in %j", (text) => {
  const found = parseHostKey(text);
  expect(found.type).toBe("ssh-ed25519");
  expect(found.blob.toString("base64")).toBe(key);
});

test.each(["", "ssh-ed25519", `ssh-ed25519 ${key.slice(0, 5)}`, key, "ssh-ed25519 AAAAB2FiYw=="])(
  "no key is found in %j",
  (text) => {
    expect(() => parseHostKey(text)).toThrow("failed to parse host key: ssh: no key found");
  },
);

test.each([
  ["*.js", "a.js", true],
  ["*.js", "d/a.js", false],
  ["d/**", "d/e/f", true],
  ["**secret.*", "d/a-secret.txt", true],
  ["?[a-c][!x]", "zby", true],
  ["?[a-c][!x]", "zbx", false],
  ["{a,b*}.txt", "bcd.txt", true],
  ["{a,b*}.txt", "c.txt", false],
  ["a\\*b", "a*b", true],
  ["a.b", "axb", false],
])("the pattern %j and the path %j", (pattern, path, matches) => {
  expect(globToRegExp(pattern).test(path)).toBe(matches);
});

test("the last rule that matches a path decides", () => {
  const paths = ["assets/logo.svg", "src/index.js", "src/secret.js"];
  expect(selectPaths(paths, ["assets/**", "src/**.js", "!**secret.*"])).toEqual([
    "assets/logo.svg",
    "src/index.js",
  ]);
  expect(selectPaths(paths, ["!**secret.*", "src/*"])).toEqual(["src/index.js", "src/secret.js"]);
});

test("a pattern that does not end is refused", () => {
  expect(() => globToRegExp("[a")).toThrow("without a ']'");
  expect(() => globToRegExp("{a")).toThrow("without a '}'");
});

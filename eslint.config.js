import tseslint from "typescript-eslint";

/** Files that may not import what these patterns match: the arrows of docs/architecture.md. */
function dependence(files, group, message) {
  return { files, rules: { "no-restricted-imports": ["error", { patterns: [{ group, message }] }] } };
}

const outside = ["**/sandbox/**", "**/cli/**", "**/test/**"];
const realised = ["aws", "cloudflare", "hosts", "pki", "wireguard"].map((name) => `**/${name}/**`);

export default tseslint.config(
  { ignores: ["node_modules/", ".sandbox/", ".sandbox-test/"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Units, ports and counts are numbers; spelling String(n) in every message hides the message.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      // A function fits a screen, a file fits a head.
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: false, skipComments: false }],
    },
  },
  {
    // A describe() block is a list of cases, not a function to be read at once.
    files: ["test/**/*.ts", "**/*.test.ts"],
    rules: { "max-lines-per-function": "off" },
  },
  dependence(["index.ts", "components/**/*.ts"], outside, "The program knows no sandbox."),
  dependence(
    ["components/config/**/*.ts"],
    [...outside, ...realised, "@pulumi/*", "**/plan/**", "**/proof/**"],
    "The configuration comes first.",
  ),
  {
    // It asks Pulumi for the stack's configuration.
    files: ["components/config/load.ts"],
    rules: { "no-restricted-imports": "off" },
  },
  dependence(
    ["components/plan/**/*.ts"],
    [...outside, "@pulumi/*", "**/proof/**", ...realised.map((path) => `../${path}`)],
    "The plan is pure, and comes before what realises it.",
  ),
  dependence(
    ["components/proof/**/*.ts"],
    [...outside, "@pulumi/*", ...realised.filter((path) => !path.includes("cloudflare"))],
    "The proof is pure, and knows the plan alone.",
  ),
  dependence(
    ["sandbox/**/*.ts"],
    ["**/components/**", "**/cli/**", "**/test/**"],
    "The sandbox knows nothing of the program: plan and packets are independent opinions.",
  ),
  {
    // The bootstrap runs before anything is installed, so it is plain JavaScript without a type checker.
    files: ["**/*.mjs", "**/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { "max-lines": ["error", { max: 400 }], "max-lines-per-function": ["error", { max: 70 }] },
  },
);

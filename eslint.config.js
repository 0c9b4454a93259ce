import tseslint from "typescript-eslint";

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
  {
    // The bootstrap runs before anything is installed, so it is plain JavaScript without a type checker.
    files: ["**/*.mjs", "**/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { "max-lines": ["error", { max: 400 }], "max-lines-per-function": ["error", { max: 70 }] },
  },
);

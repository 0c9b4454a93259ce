/**
 * What Stryker leaves alone: words for people, and, where a sample is asked for, the functions that were not drawn.
 * Everything else is mutated: conditions, arithmetic, tables, discriminators, paths into the configuration.
 */
import { createHash } from "node:crypto";

/**
 * As much of Babel's paths as is looked at.
 *
 * @typedef {{type: string, start?: number, value?: unknown, quasis?: {value: {raw: string}}[], expressions?: {type: string}[]}} Node
 * @typedef {{node: Node, isFunction: () => boolean, getFunctionParent: () => unknown}} NodePath
 */

/** Reading a name or a field decides nothing, so a template of those is words with names put in. */
const plain = ["Identifier", "MemberExpression", "ThisExpression"];

/**
 * Words: a literal with a space between others. Names, kinds and paths have none. A template that computes what it
 * says is no mere words, and stays.
 */
function isProse(/** @type {Node} */ node) {
  if (node.type === "StringLiteral") return typeof node.value === "string" && /\S \S/.test(node.value);
  if (node.type !== "TemplateLiteral") return false;
  const isPlain = node.expressions?.every(({ type }) => plain.includes(type)) === true;
  return isPlain && node.quasis?.some(({ value }) => /[a-z] |\S \S/i.test(value.raw)) === true;
}

const { ROADNET_MUTANTS_SHARE: share = "100", ROADNET_SEED: seed = "0" } = process.env;

/** Whether a function of nobody else's was not drawn: by its place, so that one seed always draws the same. */
function isLeftOut(/** @type {NodePath} */ path) {
  if (share === "100" || !path.isFunction() || path.getFunctionParent() !== null) return false;
  const drawn = createHash("sha256").update(`${seed} ${path.node.start}`).digest().readUInt32BE() / 2 ** 32;
  return drawn * 100 >= Number(share);
}

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "proof",
    value: {
      /** @returns {string | undefined} why the node and all within it are left alone */
      shouldIgnore(/** @type {NodePath} */ path) {
        if (isProse(path.node)) return "words for people";
        return isLeftOut(path) ? "not drawn" : undefined;
      },
    },
  },
];

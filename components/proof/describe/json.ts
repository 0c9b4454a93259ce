/**
 * JSON as people gather it: one answer, or several one after the other, as a loop with `>>` writes them. A damaged text
 * is refused with its line and column, and so is an object that names one thing twice: a parser keeps the last of them,
 * and what the first one says would be lost without a word.
 */

/** What is wrong, and where. */
export class JsonError extends Error {
  override readonly name = "JsonError";

  constructor(text: string, offset: number, what: string) {
    const before = text.slice(0, offset).split("\n");
    super(`line ${before.length}, column ${(before.at(-1) ?? "").length + 1}: ${what}`);
  }
}

/** What may stand at a place. */
type Expected = "value" | "first value" | "first name" | "name" | "colon" | "comma";

interface Open {
  readonly end: "}" | "]";
  /** Of an object, what it has named. */
  readonly names: Set<string>;
}

const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const plain = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

const wanted: Readonly<Record<Expected, string>> = {
  value: "a value",
  "first value": "a value or ]",
  "first name": "a name in double quotes or }",
  name: "a name in double quotes",
  colon: "a colon",
  comma: "a comma or the end of what is open",
};

/** Goes through a text once; the standard's grammar (RFC 8259), any number of values in a row. */
class Scanner {
  readonly #text: string;
  readonly #open: Open[] = [];
  readonly documents: string[] = [];
  #expected: Expected = "value";
  #offset = 0;
  #begun = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws {JsonError} at the first place that is wrong */
  run(): void {
    for (;;) {
      this.#take(space);
      if (this.#offset === this.#text.length) break;
      if (this.#open.length === 0) this.#begun = this.#offset;
      this.#step(this.#text.charAt(this.#offset));
    }
    if (this.#open.length > 0) this.#fail(`it ends here, and ${wanted[this.#expected]} is missing`);
  }

  #fail(what: string): never {
    throw new JsonError(this.#text, this.#offset, what);
  }

  /** What the pattern matches here, after which the text goes on. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    this.#offset += found?.length ?? 0;
    return found;
  }

  #step(char: string): void {
    const expected = this.#expected;
    const open = this.#open.at(-1);
    const mayEnd = expected === "first value" || expected === "first name" || expected === "comma";
    if (mayEnd && char === open?.end) {
      this.#offset++;
      this.#open.pop();
      this.#ended();
    } else if (expected === "colon" || expected === "comma") {
      if (char !== (expected === "colon" ? ":" : ",")) this.#refuse(char);
      this.#offset++;
      this.#expected = expected === "comma" && open?.end === "}" ? "name" : "value";
    } else if (expected === "name" || expected === "first name") this.#name(char, open);
    else this.#value(char);
  }

  #refuse(char: string): never {
    this.#fail(`${wanted[this.#expected]} should stand in place of ${char}`);
  }

  #name(char: string, open: Open | undefined): void {
    const begun = this.#offset;
    const name = this.#take(string);
    if (name === undefined) this.#refuse(char);
    if (open?.names.has(name) === true) {
      this.#offset = begun;
      this.#fail(`${name} is there twice: only one of them would count`);
    }
    open?.names.add(name);
    this.#expected = "colon";
  }

  #value(char: string): void {
    if (char === "{" || char === "[") {
      this.#offset++;
      this.#open.push({ end: char === "{" ? "}" : "]", names: new Set() });
      this.#expected = char === "{" ? "first name" : "first value";
      return;
    }
    if (this.#take(char === '"' ? string : plain) === undefined) {
      if (char === '"') this.#fail("this string does not end, or has a character that must be escaped");
      this.#refuse(char);
    }
    this.#ended();
  }

  /** A value is over. */
  #ended(): void {
    this.#expected = this.#open.length > 0 ? "comma" : "value";
    if (this.#open.length === 0) this.documents.push(this.#text.slice(this.#begun, this.#offset));
  }
}

/**
 * The values of a text, in their order; none of an empty one.
 * @throws {JsonError} where it is damaged
 */
export function parseDocuments(text: string): unknown[] {
  const scanner = new Scanner(text);
  scanner.run();
  return scanner.documents.map((document) => JSON.parse(document) as unknown);
}

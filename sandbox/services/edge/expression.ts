/**
 * Conditions of load-balancing rules, in Cloudflare's rules language (developers.cloudflare.com/ruleset-engine/
 * rules-language), as far as load-balancing/additional-options/load-balancing-rules/reference says what they may use.
 */
import { tokenize, type Token } from "./expression-tokens.ts";

/** What conditions see of a request. Names of headers are in lower case. */
export interface RuleRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly isTls: boolean;
  readonly clientAddress: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

export type Condition = (request: RuleRequest) => boolean;

type Value = string | boolean;
type Read = (request: RuleRequest) => Value;
/** What a name with `[*]` stands for. */
type ReadAll = (request: RuleRequest) => readonly string[];

const fields: Readonly<Record<string, Read>> = {
  "http.host": ({ host }) => host,
  "http.request.method": ({ method }) => method,
  "http.request.uri": ({ path, query }) => (query === "" ? path : `${path}?${query}`),
  "http.request.uri.path": ({ path }) => path,
  "http.request.uri.query": ({ query }) => query,
  "http.cookie": ({ headers }) => (headers.cookie ?? []).join("; "),
  "http.referer": ({ headers }) => headers.referer?.[0] ?? "",
  "http.user_agent": ({ headers }) => headers["user-agent"]?.[0] ?? "",
  "ip.src": ({ clientAddress }) => clientAddress,
  ssl: ({ isTls }) => isTls,
};

const lists: Readonly<Record<string, ReadAll>> = {
  "http.request.headers.names": ({ headers }) => Object.keys(headers),
  "http.request.headers.values": ({ headers }) => Object.values(headers).flat(),
};

/** Functions of one text. */
const transformations: Readonly<Record<string, (text: string) => string>> = {
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
};

/** Functions of two texts that are conditions by themselves. */
const tests: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  starts_with: (text, part) => text.startsWith(part),
  ends_with: (text, part) => text.endsWith(part),
};

const comparisons: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  eq: (left, right) => left === right,
  "==": (left, right) => left === right,
  ne: (left, right) => left !== right,
  "!=": (left, right) => left !== right,
  contains: (left, right) => left.includes(right),
  matches: (left, right) => new RegExp(right).test(left),
  "~": (left, right) => new RegExp(right).test(left),
};

/** A text or a list of texts, the latter where its name ended with `[*]`. */
type Operand = { readonly one: Read } | { readonly all: ReadAll };

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): Condition {
    const condition = this.#or();
    if (this.#at < this.#tokens.length) this.#fail();
    return condition;
  }

  #fail(): never {
    const token = this.#tokens[this.#at];
    throw new Error(token === undefined ? "the expression ends too early" : `unexpected ${token.text}`);
  }

  #peek(...texts: readonly string[]): boolean {
    const token = this.#tokens[this.#at];
    return token !== undefined && token.kind !== "text" && texts.includes(token.text);
  }

  #take(...texts: readonly string[]): boolean {
    const found = this.#peek(...texts);
    if (found) this.#at += 1;
    return found;
  }

  #need(text: string): void {
    if (!this.#take(text)) this.#fail();
  }

  #word(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word") this.#fail();
    this.#at += 1;
    return token.text;
  }

  #text(): string {
    const token = this.#tokens[this.#at];
    // Addresses and numbers stand without quotes.
    if (token === undefined || token.kind === "sign") this.#fail();
    this.#at += 1;
    return token.text;
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#take("or", "||")) {
      const [before, after] = [left, this.#and()];
      left = (request) => before(request) || after(request);
    }
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#take("and", "&&")) {
      const [before, after] = [left, this.#not()];
      left = (request) => before(request) && after(request);
    }
    return left;
  }

  #not(): Condition {
    if (this.#take("not", "!")) {
      const denied = this.#not();
      return (request) => !denied(request);
    }
    if (this.#take("(")) {
      const inner = this.#or();
      this.#need(")");
      return inner;
    }
    return this.#simple();
  }

  /** A comparison, a test, or a field that is a condition by itself. */
  #simple(): Condition {
    for (const quantifier of ["any", "all"] as const) {
      if (this.#take(quantifier)) {
        this.#need("(");
        const condition = this.#comparison(quantifier);
        this.#need(")");
        return condition;
      }
    }
    const token = this.#tokens[this.#at];
    const test = token?.kind === "word" ? tests[token.text] : undefined;
    if (test === undefined) return this.#comparison(undefined);
    this.#at += 1;
    this.#need("(");
    const operand = this.#operand();
    this.#need(",");
    const part = this.#text();
    this.#need(")");
    if ("all" in operand) throw new Error("a list needs any() or all()");
    return (request) => test(String(operand.one(request)), part);
  }

  #operand(): Operand {
    const name = this.#word();
    const transformation = transformations[name];
    if (transformation !== undefined) {
      this.#need("(");
      const inner = this.#operand();
      this.#need(")");
      return "all" in inner
        ? { all: (request) => inner.all(request).map(transformation) }
        : { one: (request) => transformation(String(inner.one(request))) };
    }
    return this.#take("[") ? this.#element(name) : this.#field(name);
  }

  #field(name: string): Operand {
    const field = fields[name];
    if (field === undefined) throw new Error(`the sandbox's edge does not know ${name}`);
    return { one: field };
  }

  /** `[*]` of a list, or `http.request.headers["x"]` with `[*]` or a number behind. */
  #element(name: string): Operand {
    if (this.#take("*")) {
      this.#need("]");
      const list = lists[name];
      if (list === undefined) throw new Error(`the sandbox's edge does not know ${name}[*]`);
      return { all: list };
    }
    if (name !== "http.request.headers") throw new Error(`the sandbox's edge does not know ${name}`);
    const header = this.#text();
    this.#need("]");
    this.#need("[");
    const values: ReadAll = ({ headers }) => headers[header] ?? [];
    const everyone = this.#take("*");
    const index = everyone ? 0 : Number(this.#text());
    this.#need("]");
    return everyone ? { all: values } : { one: (request) => values(request)[index] ?? "" };
  }

  #comparison(quantifier: "any" | "all" | undefined): Condition {
    const operand = this.#operand();
    const compare = this.#predicate();
    if ("one" in operand) {
      const { one } = operand;
      if (quantifier !== undefined) throw new Error(`${quantifier}() needs a list`);
      if (compare === undefined) return (request) => one(request) === true;
      return (request) => compare(String(one(request)));
    }
    const { all } = operand;
    if (quantifier === undefined || compare === undefined) throw new Error("a list needs any() or all()");
    return quantifier === "any"
      ? (request) => all(request).some(compare)
      : (request) => all(request).every(compare);
  }

  /** What stands behind the operand; nothing, where that is true or false by itself. */
  #predicate(): ((value: string) => boolean) | undefined {
    if (this.#take("in")) {
      this.#need("{");
      const values = new Set<string>();
      while (!this.#take("}")) values.add(this.#text());
      return (value) => values.has(value);
    }
    const operator = Object.keys(comparisons).find((name) => this.#take(name));
    if (operator === undefined) return undefined;
    const compare = comparisons[operator];
    const right = this.#text();
    if (operator === "matches" || operator === "~") new RegExp(right);
    return compare === undefined ? undefined : (value) => compare(value, right);
  }
}

/** @throws with what it does not understand; nothing is taken for true or false that was not read */
export function parseCondition(text: string): Condition {
  return new Parser(text).parse();
}

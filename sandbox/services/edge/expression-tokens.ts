/** The words, texts and signs of Cloudflare's rules language. */
export interface Token {
  readonly kind: "word" | "text" | "sign";
  /** Of a text without its quotes. */
  readonly text: string;
}

const patterns: readonly (readonly [Token["kind"] | "space" | "raw", RegExp])[] = [
  ["space", /^\s+/],
  ["raw", /^r"([^"]*)"/],
  ["raw", /^r#"([\s\S]*?)"#/],
  ["text", /^"((?:[^"\\]|\\.)*)"/],
  ["word", /^[A-Za-z0-9_][A-Za-z0-9_.:/-]*/],
  ["sign", /^(?:&&|\|\||==|!=|[()[\]{},*!~])/],
];

/** @throws naming the place of what is no token */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let rest = text; rest !== "";) {
    const found = patterns.flatMap(([kind, pattern]) => {
      const match = pattern.exec(rest);
      return match === null ? [] : [{ kind, match }];
    })[0];
    if (found === undefined) throw new Error(`what stands at ${rest.slice(0, 20)} cannot be read`);
    const { kind, match } = found;
    const [whole, inner = ""] = match;
    if (kind === "raw") tokens.push({ kind: "text", text: inner });
    else if (kind === "text") tokens.push({ kind, text: inner.replaceAll(/\\(.)/g, "$1") });
    else if (kind !== "space") tokens.push({ kind, text: whole });
    rest = rest.slice(whole.length);
  }
  return tokens;
}

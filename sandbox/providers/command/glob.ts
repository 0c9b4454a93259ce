/** File patterns as github.com/gobwas/glob compiles them with `/` for separator. */

const literal = /[\\^$.*+?()[\]{}|/]/;

function escapeLiteral(character: string): string {
  return literal.test(character) ? `\\${character}` : character;
}

interface Piece {
  readonly source: string;
  readonly next: number;
}

/** `[abc]`, `[a-z]`, `[!a-z]` */
function characterClass(pattern: string, start: number): Piece {
  const end = pattern.indexOf("]", start + 1);
  if (end < 0) throw new Error(`the pattern ${JSON.stringify(pattern)} has a '[' without a ']'`);
  const body = pattern.slice(start + 1, end);
  const negated = body.startsWith("!");
  const members = (negated ? body.slice(1) : body).replace(/[\\^\]]/g, "\\$&");
  return { source: `[${negated ? "^" : ""}${members}]`, next: end + 1 };
}

/**
 * A pattern as a regular expression for whole paths: `*` is anything but `/`, `**` anything at all, `?` one character
 * but `/`, and `{a,b}` a choice.
 */
export function globToRegExp(pattern: string): RegExp {
  let source = "";
  let depth = 0;
  for (let index = 0; index < pattern.length;) {
    const character = pattern.charAt(index);
    index += 1;
    if (character === "\\") {
      source += escapeLiteral(pattern.charAt(index));
      index += 1;
    } else if (character === "*") {
      const anything = pattern.charAt(index) === "*";
      if (anything) index += 1;
      source += anything ? ".*" : "[^/]*";
    } else if (character === "?") {
      source += "[^/]";
    } else if (character === "[") {
      const { source: members, next } = characterClass(pattern, index - 1);
      source += members;
      index = next;
    } else if (character === "{") {
      depth += 1;
      source += "(?:";
    } else if (character === "}" && depth > 0) {
      depth -= 1;
      source += ")";
    } else if (character === "," && depth > 0) {
      source += "|";
    } else {
      source += escapeLiteral(character);
    }
  }
  if (depth > 0) throw new Error(`the pattern ${JSON.stringify(pattern)} has a '{' without a '}'`);
  return new RegExp(`^${source}$`, "s");
}

/** Of some paths, those that the rules take; the last rule that matches decides, and `!` in front excludes. */
export function selectPaths(paths: readonly string[], rules: readonly string[]): readonly string[] {
  const compiled = rules.map((rule) => {
    const excludes = rule.startsWith("!");
    return { excludes, expression: globToRegExp(excludes ? rule.slice(1) : rule) };
  });
  return paths.filter((path) => {
    const last = compiled.findLast(({ expression }) => expression.test(path));
    return last !== undefined && !last.excludes;
  });
}

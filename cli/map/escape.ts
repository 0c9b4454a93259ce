/** Text of others in a page: names and comments of a network must not become markup. */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The text as it may stand between tags, and in a quoted attribute. */
export function escapeText(text: string): string {
  // Of control characters HTML knows white space alone; the rest would be shown as nothing.
  return text
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? "")
    .replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, "\uFFFD");
}

/** A value as JSON that can stand in a `script` element: no text in it ends the element, or begins a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/**
 * A program as it can stand in a `script` element.
 * @throws Error where it holds what would end the element
 */
export function scriptText(code: string): string {
  // In texts and regular expressions, the only places where a program has them, the backslash changes nothing.
  const text = code.replaceAll(/<(?=\/script|!--|script)/gi, "\\x3c");
  if (/<\/script|<!--|<script/i.test(text)) throw new Error("the page's program would end its own element");
  return text;
}

/** What of a stack's network a page must not tell everybody who is given it, since no packet depends on it. */

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A key of nobody, of the form that the schema wants: 32 bytes of zeroes. */
const keyOfNobody = `ssh-ed25519 ${btoa(`\0\0\0\x0bssh-ed25519\0\0\0\x20${"\0".repeat(32)}`)}`;

/** Values in place of the owner's, by option, wherever it stands. */
const others: Readonly<Record<string, (value: unknown) => unknown>> = {
  ami: () => "ami-00000000000000000",
  authorizedKeys: (value) => (Array.isArray(value) && value.length > 0 ? [keyOfNobody] : value),
  hostKey: () => keyOfNobody,
};

function replaced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(replaced);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      Object.hasOwn(others, key) ? others[key]?.(inner) : replaced(inner),
    ]),
  );
}

/** What is about the owner as a whole. */
const withheld = ["account", "guard"];

/** The network without the account with its role and external id, approvals, images and keys. */
export function withoutOwner(network: unknown): unknown {
  if (!isFields(network)) return network;
  return replaced(Object.fromEntries(Object.entries(network).filter(([key]) => !withheld.includes(key))));
}

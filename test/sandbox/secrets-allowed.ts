/** Where a secret may be, and why: everything else is a leak. */
import type { Finding, Secret, SecretKind } from "./secrets-needles.ts";

interface Allowance {
  readonly kinds: readonly SecretKind[];
  readonly place: RegExp;
  /** Whether the place must be the folder of a machine that the secret belongs to. */
  readonly own?: boolean;
  readonly reason: string;
}

const allowances: readonly Allowance[] = [
  {
    kinds: ["operator key"],
    place: /^keys\/operator_ed25519$/,
    reason: "the operator's own file, from which the agent has it",
  },
  { kinds: ["passphrase"], place: /^keys\/passphrase$/, reason: "named to the engine by its path" },
  { kinds: ["Cloudflare token"], place: /^keys\/cloudflare-token$/, reason: "the operator's own file" },
  {
    kinds: ["Cloudflare token"],
    place: /^environment of (?:ip|pulumi)\b|^environment of .*, below the engine$/,
    reason:
      "the official plugin takes it from the environment, which all inherit that the engine starts (git among them)",
  },
  {
    kinds: ["host key", "WireGuard key", "TLS key"],
    place: /^hosts\/[^/]+\/upper\/etc\//,
    own: true,
    reason: "made on this machine, and meant to be on its disk",
  },
  {
    kinds: ["throw-away host key"],
    place: /^state\/.*, decrypted$/,
    reason: "the program makes it, so that the first contact can be pinned",
  },
  {
    kinds: ["shared secret", "tunnel secret"],
    place: /^state\/.*, decrypted$/,
    reason: "two sides must know it, so the program makes it and gives it to both",
  },
  {
    kinds: ["shared secret", "tunnel secret"],
    place: /^hosts\/[^/]+\/upper\/(?:etc|var\/lib\/reef-agent)\//,
    own: true,
    reason: "part of what the host is configured with",
  },
  {
    kinds: ["tunnel secret"],
    place: /^cloudflare\/account\.sqlite(?:-wal)?$/,
    reason: "Cloudflare knows a tunnel's connector by it",
  },
  {
    kinds: ["throw-away host key"],
    place: /^aws\/account\.sqlite(?:-wal)?$|^describe user-data$/,
    reason: "AWS keeps user data as it was given",
  },
  {
    kinds: ["throw-away host key"],
    place: /^hosts\/[^/]+\/(?:machine\.json$|upper\/var\/lib\/cloud\/)/,
    reason: "the instance was started with it as its user data",
  },
];

/** What no allowance covers, in words; never the secret itself. */
export function leaks(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ place, secret }) => !allowances.some((allowance) => covers(allowance, place, secret)))
    .map(
      ({ place, secret, form }) =>
        `${secret.kind} of ${secret.owners.join(", ") || "the operator"} in ${place}, ${form}`,
    );
}

function covers({ kinds, place: pattern, own }: Allowance, place: string, secret: Secret): boolean {
  const owned = own !== true || secret.owners.some((owner) => place.startsWith(`hosts/${owner}/`));
  return kinds.includes(secret.kind) && pattern.test(place) && owned;
}

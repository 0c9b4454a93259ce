/**
 * The doorman of names that have an Access application: who has a token of the application's that its policies let in
 * passes, everybody else is sent to the login page.
 *
 * Sources: cloudflare-one/access-controls/policies (decisions, their order, selectors), cloudflare-one/access-controls/
 * applications/http-apps/authorization-cookie (the token and where it stands).
 *
 * The sandbox has no identity provider. The edge's control socket hands tokens out to whoever may use the socket, in
 * place of a login.
 */
import { createHash, generateKeyPairSync, randomUUID, sign, verify, type KeyObject } from "node:crypto";
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { cookieValues } from "./affinity.ts";
import type { RuleRequest } from "./expression.ts";
import type { Headers } from "./headers.ts";
import type { Application, Policy } from "./state.ts";

/** The domain of the account's login page. */
const team = "sandbox.cloudflareaccess.com";
/** An application's session where it says nothing else. */
const sessionSeconds = 24 * 3_600;

export interface Identity {
  readonly email: string | undefined;
  readonly address: string;
}

export type Verdict =
  /** No application is in front of the name, or one that lets this request pass without a name. */
  | { readonly kind: "open" }
  | { readonly kind: "known"; readonly token: string; readonly email: string }
  | { readonly kind: "denied"; readonly status: 302 | 403; readonly headers: Headers };

interface Claims {
  readonly aud: readonly string[];
  readonly email: string;
  /** Seconds since 1970. */
  readonly exp: number;
}

/** Makes and reads tokens; a sandbox whose edge starts anew asks for new ones. */
export class AccessKey {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #id: string;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.#private = privateKey;
    this.#public = publicKey;
    this.#id = createHash("sha256")
      .update(publicKey.export({ format: "der", type: "spki" }))
      .digest("hex");
    this.#now = now;
  }

  issue({ aud }: Application, email: string): string {
    const seconds = Math.floor(this.#now() / 1_000);
    const claims = {
      ...{ aud: [aud], email, exp: seconds + sessionSeconds, iat: seconds, nbf: seconds },
      ...{ iss: `https://${team}`, type: "app", sub: randomUUID() },
    };
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
    const text = `${encode({ alg: "RS256", kid: this.#id, typ: "JWT" })}.${encode(claims)}`;
    return `${text}.${sign("sha256", Buffer.from(text), this.#private).toString("base64url")}`;
  }

  /** The e-mail address of a token that is the application's, ours and in its time. */
  read({ aud }: Application, token: string): string | undefined {
    const [header = "", body = "", signature = ""] = token.split(".");
    const text = Buffer.from(`${header}.${body}`);
    if (!verify("sha256", text, this.#public, Buffer.from(signature, "base64url"))) return undefined;
    const claims = JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Claims;
    return claims.aud.includes(aud) && claims.exp * 1_000 > this.#now() ? claims.email : undefined;
  }
}

function within(address: string, block: string): boolean {
  const [base = "", length = ""] = block.split("/");
  const family = isIPv4(base) ? "ipv4" : isIPv6(base) ? "ipv6" : undefined;
  if (family === undefined || (isIPv4(address) ? "ipv4" : "ipv6") !== family) return false;
  const list = new BlockList();
  list.addSubnet(base, length === "" ? (family === "ipv4" ? 32 : 128) : Number(length), family);
  return list.check(address, family);
}

type Selector = Policy["include"][number];

/** Whether a selector means this visitor; `undefined` for one that the sandbox knows nothing about. */
function means(selector: Selector, { email, address }: Identity): boolean | undefined {
  const [name = "", said = {}] = Object.entries(selector)[0] ?? [];
  switch (name) {
    case "everyone":
      return true;
    case "email":
      return email?.toLowerCase() === String(said.email).toLowerCase();
    case "email_domain":
      return email?.toLowerCase().endsWith(`@${String(said.domain).toLowerCase()}`) === true;
    case "ip":
      return within(address, String(said.ip));
    default:
      return undefined;
  }
}

/** Someone who is included, is everything that is required and nothing that is excluded; in doubt, nobody is let in. */
export function matches({ include, require, exclude }: Policy, identity: Identity): boolean {
  return (
    include.some((selector) => means(selector, identity) === true) &&
    require.every((selector) => means(selector, identity) === true) &&
    !exclude.some((selector) => means(selector, identity) !== false)
  );
}

/** Bypass and service policies come before all others, whatever their places. */
function decide(policies: readonly Policy[], identity: Identity): Policy["decision"] | undefined {
  const early = policies.filter(({ decision }) => decision === "bypass" || decision === "non_identity");
  const late = policies.filter((policy) => !early.includes(policy));
  return [...early, ...late].find((policy) => matches(policy, identity))?.decision;
}

/** Whether a policy lets somebody of this address pass, once it is known to be theirs. */
export function allows({ policies }: Application, identity: Identity): boolean {
  return decide(policies, identity) === "allow";
}

function reach(domain: string, host: string, path: string): number {
  const slash = domain.indexOf("/");
  const name = (slash < 0 ? domain : domain.slice(0, slash)).toLowerCase();
  const prefix = slash < 0 ? "" : domain.slice(slash).replace(/\/?\*?$/, "");
  const named = name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name;
  const below = prefix === "" || path === prefix || path.startsWith(`${prefix}/`);
  return named && below ? domain.length : 0;
}

/** The application that says most about the name and the path. */
export function applicationFor(
  applications: readonly Application[],
  { host, path }: Pick<RuleRequest, "host" | "path">,
): Application | undefined {
  const found = applications.flatMap((application) =>
    application.self_hosted_domains.map((domain) => ({ application, length: reach(domain, host, path) })),
  );
  return found.filter(({ length }) => length > 0).toSorted((a, b) => b.length - a.length)[0]?.application;
}

export function judge(applications: readonly Application[], request: RuleRequest, key: AccessKey): Verdict {
  const application = applicationFor(applications, request);
  if (application === undefined) return { kind: "open" };
  const { host, path, query, headers, clientAddress: address } = request;
  if (decide(application.policies, { email: undefined, address }) === "bypass") return { kind: "open" };
  const tokens = [...cookieValues(headers, "CF_Authorization"), ...(headers["cf-access-token"] ?? [])];
  const known = tokens.flatMap((token) => {
    const email = key.read(application, token);
    return email === undefined ? [] : [{ token, email }];
  })[0];
  if (known !== undefined) {
    return allows(application, { email: known.email, address })
      ? { kind: "known", ...known }
      : { kind: "denied", status: 403, headers: {} };
  }
  const wanted = encodeURIComponent(query === "" ? path : `${path}?${query}`);
  const location = `https://${team}/cdn-cgi/access/login/${host}?kid=${application.aud}&redirect_url=${wanted}`;
  return { kind: "denied", status: 302, headers: { location, "cache-control": "private, no-store" } };
}

/** What an origin behind Access is told of its visitor. */
export function withIdentity(
  headers: Headers,
  { token, email }: { readonly token: string; readonly email: string },
): Headers {
  return {
    ...headers,
    "cf-access-jwt-assertion": token,
    "cf-access-authenticated-user-email": email,
  };
}

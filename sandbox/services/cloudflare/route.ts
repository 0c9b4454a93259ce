/** What a route of the API is: a pattern, and for each method what it does. */
import type { Credentials } from "./credentials.ts";
import { refusals } from "./errors.ts";
import type { Fields } from "./fields.ts";
import type { Page } from "./filters.ts";
import type { Store } from "./store.ts";

/** Where the API stands on its host, as at api.cloudflare.com. */
export const apiPrefix = "/client/v4";

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface Outcome {
  readonly result: unknown;
  /** 200, or 204 for an answer without a body. */
  readonly status?: 200 | 204;
  readonly info?: Page<unknown>["info"];
  readonly messages?: readonly unknown[];
}

export interface Context {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly request: ApiRequest;
  /** The identifiers of the path, in order. */
  readonly ids: readonly string[];
  /** The body as an object. @throws ApiError if it is none. */
  readonly body: () => Fields;
}

export type Handler = (context: Context) => Outcome;
export type Methods = Readonly<Record<string, Handler>>;
export type Routes = readonly (readonly [pattern: string, methods: Methods])[];

export function paged<T>(page: Page<T>, render: (item: T) => unknown): Outcome {
  return { result: page.items.map(render), info: page.info };
}

/** The path's identifier at a place. */
export function idAt({ ids }: Context, place: number): string {
  return ids[place] ?? "";
}

/** What a pattern's segments stand for: an identifier of 32 hex digits, a UUID, the name of a setting or phase. */
const segments: Readonly<Record<string, RegExp>> = {
  ":id": /^[0-9a-f]{32}$/,
  ":uuid": /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  ":name": /^[a-z0-9_]+$/,
};

export interface FoundRoute {
  readonly methods: Methods;
  readonly ids: readonly string[];
}

/** @throws ApiError where there is no such route, or an identifier is malformed. */
export function findRoute(routes: Routes, path: string): FoundRoute {
  const asked = path.slice(apiPrefix.length).replace(/\/+$/, "").split("/");
  for (const [pattern, methods] of routes) {
    const parts = pattern.split("/");
    const matches =
      parts.length === asked.length && parts.every((part, i) => part in segments || part === asked[i]);
    if (!matches) continue;
    const isWellFormed = parts.every((part, i) => segments[part]?.test(asked[i] ?? "") ?? true);
    if (!isWellFormed) throw refusals.malformedIdentifier(path);
    return { methods, ids: asked.filter((_, i) => (parts[i] ?? "") in segments) };
  }
  throw refusals.noRoute();
}

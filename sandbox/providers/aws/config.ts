/** The provider's configuration: `aws:…` of the stack, or the arguments of an `aws.Provider`. */
import type { Json, Properties } from "../../services/aws/json.ts";
import { isObject } from "../../services/aws/json.ts";
import type { ProviderConfig } from "../../services/aws/provider.ts";
import type { Credentials, RoleToAssume } from "../../services/aws/sts.ts";

export interface Settings extends ProviderConfig {
  /** How often a request that was throttled or met an error of AWS's is sent, at most. */
  readonly maxRetries: number;
}

/** internal/conns/config.go: the upstream provider's default. */
const defaultMaxRetries = 25;

/** Values of other types than text arrive as JSON in text. */
function parse(value: Json | undefined): Json | undefined {
  if (typeof value !== "string") {
    return value;
  }
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

function textMap(value: Json | undefined): Record<string, string> | undefined {
  const map = parse(value);
  return isObject(map)
    ? Object.fromEntries(
        Object.entries(map).map(([key, item]) => [
          key,
          typeof item === "string" ? item : JSON.stringify(item),
        ]),
      )
    : undefined;
}

function textList(value: Json | undefined): string[] | undefined {
  const list = parse(value);
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : undefined;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function roles(value: Json | undefined): RoleToAssume[] {
  const list = parse(value);
  if (!Array.isArray(list)) return [];
  return list.flatMap((item) => {
    const [roleArn, externalId, sessionName] = isObject(item)
      ? [textOf(item.roleArn), textOf(item.externalId), textOf(item.sessionName)]
      : [];
    if (roleArn === undefined) return [];
    return {
      roleArn,
      ...(externalId === undefined ? {} : { externalId }),
      ...(sessionName === undefined ? {} : { sessionName }),
    };
  });
}

/** As whom the provider calls, and in which accounts it may; nothing where nothing of it is said. */
function readCredentials(args: Properties): Credentials {
  const assumeRoles = roles(args.assumeRoles);
  const [allowed, forbidden] = [textList(args.allowedAccountIds), textList(args.forbiddenAccountIds)];
  return {
    ...(assumeRoles.length === 0 ? {} : { assumeRoles }),
    ...(allowed === undefined ? {} : { allowedAccountIds: allowed }),
    ...(forbidden === undefined ? {} : { forbiddenAccountIds: forbidden }),
  };
}

/** What of the configuration matters to a simulated account; keys and endpoints do not. */
export function readSettings(args: Properties, environment: NodeJS.ProcessEnv): Settings {
  const part = (name: string): Record<string, Json> => {
    const value = parse(args[name]);
    return isObject(value) ? value : {};
  };
  const region =
    typeof args.region === "string" && args.region !== ""
      ? args.region
      : (environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION);
  const tags = textMap(part("defaultTags").tags);
  const [keys, prefixes] = [textList(part("ignoreTags").keys), textList(part("ignoreTags").keyPrefixes)];
  const retries = Number(parse(args.maxRetries) ?? defaultMaxRetries);
  return {
    ...(region === undefined ? {} : { region }),
    ...(tags === undefined ? {} : { defaultTags: tags }),
    ...(keys === undefined ? {} : { ignoreTagKeys: keys }),
    ...(prefixes === undefined ? {} : { ignoreTagKeyPrefixes: prefixes }),
    ...readCredentials(args),
    maxRetries: Number.isInteger(retries) && retries >= 0 ? retries : defaultMaxRetries,
  };
}

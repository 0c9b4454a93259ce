/** The provider's configuration: properties of an explicit provider, else the official plugin's variables. */
import type { ValueMap } from "../shared/values.ts";
import type { ApiConfig } from "./api.ts";

function text(config: ValueMap, name: string): string | undefined {
  const value = config[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * @throws if no base URL is given: a stand-in must not speak to Cloudflare itself; or if it is to authenticate by
 * anything but an API token.
 */
export function readConfig(config: ValueMap, environment: NodeJS.ProcessEnv): ApiConfig {
  const baseUrl = text(config, "baseUrl") ?? environment.CLOUDFLARE_BASE_URL;
  if (baseUrl === undefined || !/^https?:\/\//.test(baseUrl)) {
    throw new Error(
      "the stand-in provider cloudflare needs the address of a simulated Cloudflare, in baseUrl or CLOUDFLARE_BASE_URL, such as http://192.0.2.4/client/v4",
    );
  }
  if (/(^|\.)cloudflare\.com$/i.test(new URL(baseUrl).hostname)) {
    throw new Error(
      "the stand-in provider cloudflare does not speak to Cloudflare itself; use the official plugin",
    );
  }
  for (const name of ["apiKey", "apiUserServiceKey"]) {
    if (text(config, name) !== undefined) {
      throw new Error(`the stand-in provider cloudflare authenticates by apiToken only, not by ${name}`);
    }
  }
  return { baseUrl, apiToken: text(config, "apiToken") ?? environment.CLOUDFLARE_API_TOKEN };
}

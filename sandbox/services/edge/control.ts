/** The edge's control API on the service's unix socket: its status, and tokens in place of a login. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { readBody, writeJson } from "../cloudflare/http.ts";
import { allows, applicationFor, type AccessKey } from "./access.ts";
import type { Following } from "./follow.ts";
import type { Monitors } from "./monitors.ts";
import { hostName } from "./routing.ts";
import type { EdgeState } from "./state.ts";
import { endpointsOf, isPoolHealthy, unreadableRules } from "./steering.ts";
import type { Connection, Tunnels } from "./tunnels.ts";

export interface EndpointStatus {
  readonly name: string;
  readonly address: string;
  /** `unknown` until a monitor has looked. */
  readonly health: "up" | "down" | "unknown";
  readonly reason?: string;
  /** How long the last look that succeeded took. */
  readonly milliseconds?: number;
}

export interface EdgeStatus {
  /** The revision of the simulated Cloudflare that the edge goes by. */
  readonly revision: number | undefined;
  readonly error?: string;
  /** What of the configuration the edge leaves out, and why. */
  readonly problems: readonly string[];
  readonly pools: readonly {
    readonly name: string;
    readonly healthy: boolean;
    readonly endpoints: readonly EndpointStatus[];
  }[];
  readonly tunnels: readonly {
    readonly id: string;
    readonly name: string;
    readonly connections: readonly Connection[];
  }[];
}

export interface ControlParts {
  readonly state: () => EdgeState;
  readonly following: () => Following;
  readonly monitors: Monitors;
  readonly tunnels: Tunnels;
  readonly access: AccessKey;
}

class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function status({ state, following, monitors, tunnels }: ControlParts): EdgeStatus {
  const now = state();
  const { revision, error } = following();
  const reason = error();
  return {
    revision: revision(),
    ...(reason === undefined ? {} : { error: reason }),
    problems: unreadableRules(now),
    pools: [...now.pools.values()].map((pool) => ({
      name: pool.name,
      healthy: isPoolHealthy(pool, monitors),
      endpoints: endpointsOf(pool).map((endpoint): EndpointStatus => {
        const { isUp, reason: why, milliseconds } = monitors.healthOf(endpoint);
        return {
          name: endpoint.origin.name,
          address: endpoint.origin.address,
          health: isUp === undefined ? "unknown" : isUp ? "up" : "down",
          ...(why === undefined ? {} : { reason: why }),
          ...(milliseconds === undefined ? {} : { milliseconds: Math.round(milliseconds) }),
        };
      }),
    })),
    tunnels: [...now.tunnels.values()].map(({ id, name }) => ({
      id,
      name,
      connections: tunnels.connections(id),
    })),
  };
}

/** What somebody gets who has logged in as this address at the application in front of the name. */
function token({ state, access }: ControlParts, body: unknown): { token: string } {
  const { host, email } = (body ?? {}) as { host?: unknown; email?: unknown };
  if (typeof host !== "string" || typeof email !== "string") {
    throw new ControlError(400, "host and email are required");
  }
  const application = applicationFor(state().applications, { host: hostName(host), path: "/" });
  if (application === undefined) throw new ControlError(404, `no Access application is in front of ${host}`);
  if (!allows(application, { email, address: "0.0.0.0" })) {
    throw new ControlError(403, `no policy of ${application.name} lets ${email} in`);
  }
  return { token: access.issue(application, email) };
}

async function answer(parts: ControlParts, message: IncomingMessage): Promise<unknown> {
  const text = await readBody(message);
  const { pathname } = new URL(message.url ?? "/", "http://control.invalid");
  switch (`${message.method ?? "GET"} ${pathname}`) {
    case "GET /health":
      return { ok: true };
    case "GET /status":
      return status(parts);
    case "POST /access/token":
      return token(parts, JSON.parse(text ?? ""));
    default:
      throw new ControlError(404, `the control API has no ${message.method ?? "GET"} ${pathname}`);
  }
}

/** The control API, not yet listening. */
export function createControlServer(parts: ControlParts): Server {
  return createServer((message, response) => {
    response.on("error", () => undefined);
    answer(parts, message).then(
      (result) => {
        writeJson(response, 200, result);
      },
      (error: unknown) => {
        const code = error instanceof ControlError ? error.status : 400;
        writeJson(response, code, { error: error instanceof Error ? error.message : String(error) });
      },
    );
  });
}

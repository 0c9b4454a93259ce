/** Redis, for the services of its region. Debian's package. */
import type { GenerationPart, HostFile } from "../generation.ts";
import { template } from "../render.ts";
import { notice, restartDropIn } from "./file.ts";

export const redisPort = 6379;

export interface Redis {
  readonly address: string;
  /** Networks that may ask it. */
  readonly clients: readonly string[];
  /** Name of the shared secret that is its password. */
  readonly secret: string;
}

const configPath = "/etc/redis/redis.conf";
const unit = "redis-server.service";

/** The whole configuration, in Debian's folders; what is not said is Redis's default. */
function configuration(address: string): string {
  return `bind ${address} 127.0.0.1
port ${redisPort}
protected-mode yes
dir /var/lib/redis
logfile /var/log/redis/redis-server.log
pidfile /run/redis/redis-server.pid
# What was answered is on disk within a second, and survives a restart.
appendonly yes
appendfsync everysec
`;
}

/** Only Redis's own user may read it: it has the password. */
function configurationFile({ address, secret }: Redis): HostFile {
  const content = template(
    notice,
    configuration(address),
    "requirepass ",
    { kind: "shared-secret", name: secret },
    "\n",
  );
  return { path: configPath, mode: "0640", owner: "root:redis", content, secret: true };
}

export function redis(args: Redis): GenerationPart {
  return {
    packages: ["redis-server"],
    files: [configurationFile(args), restartDropIn(unit)],
    listens: [
      {
        protocol: "tcp",
        ports: { from: redisPort, to: redisPort },
        from: args.clients,
        reason: "Redis",
      },
    ],
    services: [{ unit, reload: [], restart: [configPath] }],
  };
}

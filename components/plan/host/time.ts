/** chrony: the host's clock, set over the internet and never through the tunnel. */
import type { GenerationPart } from "../generation.ts";
import { libraryFolder, notice, plainFile, program } from "./file.ts";

/** Names of public time servers, and names below them. */
export const timeServers = "debian.pool.ntp.org";

/** Amazon's time service, on every EC2 instance without any rule or route. */
const amazonTimeService = "169.254.169.123";

export interface Time {
  /**
   * A machine's interface on its LAN: questions leave through it alone. A host whose clock is wrong cannot bring the
   * tunnel up, so its time must not come through it. An instance has none of this to fear, as its clock is set by
   * the one beneath it.
   */
  readonly interface: string | undefined;
}

const unit = "chrony.service";
const configPath = "/etc/chrony/chrony.conf";
const startPath = `${libraryFolder}/chronyd-start`;
const dropInPath = `/etc/systemd/system/${unit}.d/blackroad.conf`;

function configuration({ interface: device }: Time): string {
  const sources =
    device === undefined
      ? [`server ${amazonTimeService} prefer iburst minpoll 4 maxpoll 4`, `pool 2.${timeServers} iburst`]
      : [`pool 2.${timeServers} iburst`, `bindacqdevice ${device}`];
  return `${notice}${sources.join("\n")}
driftfile /var/lib/chrony/chrony.drift
# A Raspberry Pi keeps no time while it is off: the clock may step at first, and is slewed from then on.
makestep 1.0 3
rtcsync
# Nobody asks this host for the time, and nobody controls it from outside.
port 0
cmdport 0
`;
}

/** Debian's unit does not start in a container; this one does, and then measures the clock without setting it. */
const start = `#!/bin/sh
${notice}# Starts chronyd. Where this system may not set the clock, because it is a container that shares its machine's,
# chronyd measures it only.
set -eu
capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
# CAP_SYS_TIME is bit 25.
if [ $((0x$capabilities >> 25 & 1)) -eq 1 ]; then
  exec /usr/sbin/chronyd "$@"
fi
exec /usr/sbin/chronyd -x "$@"
`;

const dropIn = `${notice}[Unit]
ConditionCapability=

[Service]
ExecStart=
ExecStart=!${startPath} $DAEMON_OPTS
`;

export function time(args: Time): GenerationPart {
  return {
    packages: ["chrony"],
    files: [
      plainFile(configPath, configuration(args)),
      program(startPath, start),
      plainFile(dropInPath, dropIn),
    ],
    services: [{ unit, reload: [], restart: [configPath, startPath] }],
  };
}

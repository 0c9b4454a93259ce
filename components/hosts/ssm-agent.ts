/**
 * How an instance comes by Systems Manager's agent, which Debian has no package of and its images have not. It is
 * installed beside everything else and without SSH, because it is there for the day on which all else has failed.
 */

const unit = "install-ssm-agent.service";
const script = "/usr/local/sbin/install-ssm-agent";

/** What an instance without a way out tries again: a NAT gateway may be ready minutes after it. */
const pauseSeconds = 300;

/** `exec` and not `oneshot`, so that no boot waits for it. */
const unitFile = `[Unit]
Description=Install AWS Systems Manager's agent, the way in when SSH is lost
Documentation=https://docs.aws.amazon.com/systems-manager/latest/userguide/agent-install-deb.html
Wants=network-online.target
After=network-online.target
ConditionPathExists=!/usr/bin/amazon-ssm-agent
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${script}
Restart=on-failure
RestartSec=${pauseSeconds}

[Install]
WantedBy=multi-user.target
`;

/** Python, which cloud-init brings with it: not every image has curl. The package enables and starts its own unit. */
function scriptFile(packages: string): string {
  return `#!/bin/sh
set -eu
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
python3 -c 'import socket, sys, urllib.request
socket.setdefaulttimeout(30)
urllib.request.urlretrieve(sys.argv[1], sys.argv[2])' \
  "${packages}/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb" "$folder/amazon-ssm-agent.deb"
DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install "$folder/amazon-ssm-agent.deb"
`;
}

/**
 * The part of a cloud-config document.
 * @param packages the address below which there is a folder for each architecture
 */
export function ssmAgentInstall(packages: string) {
  return {
    write_files: [
      { path: script, permissions: "0755", content: scriptFile(packages) },
      { path: `/etc/systemd/system/${unit}`, permissions: "0644", content: unitFile },
    ],
    runcmd: [["systemctl", "enable", "--now", "--no-block", unit]],
  };
}

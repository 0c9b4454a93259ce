import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { stringify } from "yaml";

import type { HostPlan } from "../plan/model.ts";
import { aptProxyPath } from "../plan/packages.ts";
import { ssmAgentInstall } from "./ssm-agent.ts";

export interface BootIdentityArgs {
  readonly host: HostPlan;
  /** OpenSSH public keys that may log in. */
  readonly authorizedKeys: readonly string[];
}

/**
 * What an instance boots with: its user, and a throw-away ECDSA host key that the program can pin before the
 * instance has ever spoken. The key is in the state, encrypted, and worthless after first contact, when the host
 * makes an ED25519 key of its own. It is ECDSA because a pinned connection offers only the pinned key's algorithm:
 * with two types, two connections can tell the two keys apart on one server.
 */
export class BootIdentity extends pulumi.ComponentResource {
  /** Public half of the throw-away key, in OpenSSH's form. */
  readonly hostKey: pulumi.Output<string>;
  /** Secret: it holds the private half. */
  readonly cloudConfig: pulumi.Output<string>;

  constructor(name: string, args: BootIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:hosts:BootIdentity", name, {}, opts);
    const key = new tls.PrivateKey(
      `${name}/boot-host-key`,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );
    this.hostKey = key.publicKeyOpenssh.apply((text) => text.trim());
    this.cloudConfig = pulumi.secret(
      pulumi
        .all([key.privateKeyOpenssh, this.hostKey])
        .apply(([privateKey, publicKey]) => renderCloudConfig({ ...args, privateKey, publicKey })),
    );
    this.registerOutputs({ hostKey: this.hostKey });
  }
}

export interface CloudConfig extends BootIdentityArgs {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** The cloud-config document: what cloud-init does at the instance's first boot, and only then. */
export function renderCloudConfig(config: CloudConfig): string {
  const { aptProxy, instance } = config.host;
  const agent = instance?.ssmAgent === undefined ? undefined : ssmAgentInstall(instance.ssmAgent);
  const files = [
    ...(aptProxy === undefined ? [] : [{ path: aptProxyPath, content: aptProxy }]),
    ...(agent?.write_files ?? []),
  ];
  const document = {
    hostname: config.host.hostname,
    // No account has a password. Anything but "unchanged" restarts sshd, which could cut off the first contact.
    ssh_pwauth: "unchanged",
    ssh_deletekeys: true,
    ssh_keys: { ecdsa_private: config.privateKey, ecdsa_public: config.publicKey },
    users: [
      {
        name: config.host.management.user,
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: [...config.authorizedKeys],
      },
    ],
    ...(files.length === 0 ? {} : { write_files: files }),
    ...(agent === undefined ? {} : { runcmd: agent.runcmd }),
  };
  return `#cloud-config\n${stringify(document, { lineWidth: 0 })}`;
}

import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

import type { CloudflareTunnelPlan } from "../plan/cloudflare/model.ts";
import { drawSecret } from "../pki/secrets.ts";
import type { SymbolTable } from "../resolve.ts";

export interface TunnelArgs {
  readonly plan: CloudflareTunnelPlan;
  readonly symbols: SymbolTable;
  readonly accountId: string;
}

/**
 * A tunnel, its secret and its ingress; the connector is part of its host's generation. The whole ingress is one
 * resource, because whoever writes it writes all of it. Defines the tunnel's symbols.
 */
export class Tunnel extends pulumi.ComponentResource {
  constructor(name: string, args: TunnelArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:cloudflare:Tunnel", name, {}, opts);
    const { plan, symbols, accountId } = args;
    const parent = { parent: this };
    // Cloudflare asks for at least 32 bytes, in base64.
    const secret = drawSecret(`${name}/secret`, parent).apply((text) => Buffer.from(text).toString("base64"));
    const tunnel = new cloudflare.ZeroTrustTunnelCloudflared(
      name,
      { accountId, name: plan.name, configSrc: "cloudflare", tunnelSecret: secret },
      parent,
    );
    new cloudflare.ZeroTrustTunnelCloudflaredConfig(
      `${name}/ingress`,
      { accountId, tunnelId: tunnel.id, config: { ingresses: plan.ingress.map(ingressRule) } },
      parent,
    );
    symbols.define({ kind: "tunnel-id", tunnel: plan.name }, tunnel.id);
    symbols.define({ kind: "tunnel-secret", tunnel: plan.name }, secret);
    this.registerOutputs({ id: tunnel.id });
  }
}

function ingressRule({
  hostname,
  path,
  service,
}: CloudflareTunnelPlan["ingress"][number]): cloudflare.types.input.ZeroTrustTunnelCloudflaredConfigConfigIngress {
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(path === undefined ? {} : { path }),
    service,
  };
}

import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { CloudflareTunnelPlan } from "../plan/cloudflare/model.ts";
import type { SymbolTable } from "../resolve.ts";

export interface TunnelArgs {
  readonly plan: CloudflareTunnelPlan;
  readonly symbols: SymbolTable;
  readonly accountId: string;
}

/** What Cloudflare asks of a tunnel's secret at least. */
const secretBytes = 32;

/**
 * A tunnel, its secret and its ingress; the connector is part of its host's generation. The whole ingress is one
 * resource, because whoever writes it writes all of it. Defines the tunnel's symbols.
 */
export class Tunnel extends pulumi.ComponentResource {
  constructor(name: string, args: TunnelArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:cloudflare:Tunnel", name, {}, opts);
    const { plan, symbols, accountId } = args;
    const parent = { parent: this };
    const secret = new random.RandomBytes(`${name}/secret`, { length: secretBytes }, parent);
    const tunnel = new cloudflare.ZeroTrustTunnelCloudflared(
      name,
      { accountId, name: plan.name, configSrc: "cloudflare", tunnelSecret: secret.base64 },
      parent,
    );
    new cloudflare.ZeroTrustTunnelCloudflaredConfig(
      `${name}/ingress`,
      { accountId, tunnelId: tunnel.id, config: { ingresses: plan.ingress.map(ingressRule) } },
      parent,
    );
    symbols.define({ kind: "tunnel-id", tunnel: plan.name }, tunnel.id);
    // Its provider says so too; whoever reads the symbol does not have to rely on that.
    symbols.define({ kind: "tunnel-secret", tunnel: plan.name }, pulumi.secret(secret.base64));
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

import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

import { found } from "../lookup.ts";
import type { LoadBalancerPlan, PoolPlan } from "../plan/cloudflare/model.ts";
import type { SymbolTable } from "../resolve.ts";

export interface LoadBalancerArgs {
  readonly plan: LoadBalancerPlan;
  readonly symbols: SymbolTable;
  readonly accountId: string;
  readonly zoneId: pulumi.Input<string>;
}

/**
 * A load balancer with its pools and their monitor.
 *
 * Cloudflare deletes no pool that a load balancer names. The engine deletes last, so a pool that leaves the plan is
 * first taken out of the load balancer and then deleted, in one update.
 */
export class LoadBalancer extends pulumi.ComponentResource {
  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("blackroad:cloudflare:LoadBalancer", name, {}, opts);
    const { plan } = args;
    const monitor = this.#createMonitor(args);
    const pools = new Map(
      plan.pools.map((pool): [string, pulumi.Output<string>] => [
        pool.key,
        this.#createPool(pool, monitor, args),
      ]),
    );
    const balancer = new cloudflare.LoadBalancer(
      name,
      {
        zoneId: args.zoneId,
        name: plan.name,
        defaultPools: plan.pools.map(({ key }) => found(pools, key, "pool")),
        fallbackPool: found(pools, plan.fallback, "pool"),
        steeringPolicy: plan.steering,
        proxied: plan.proxied,
        ...(plan.ttlSeconds === undefined ? {} : { ttl: plan.ttlSeconds }),
        ...affinityOf(plan),
      },
      { parent: this },
    );
    this.registerOutputs({ id: balancer.id });
  }

  #createMonitor({ plan, accountId }: LoadBalancerArgs): pulumi.Output<string> {
    const { monitor, name } = plan;
    return new cloudflare.LoadBalancerMonitor(
      `${name}/monitor`,
      {
        accountId,
        description: name,
        type: "https",
        method: "GET",
        port: 443,
        path: monitor.path,
        expectedCodes: "200",
        header: { Host: [monitor.hostHeader] },
        interval: monitor.intervalSeconds,
        timeout: monitor.timeoutSeconds,
        retries: monitor.retries,
        allowInsecure: monitor.allowInsecure,
        ...(monitor.asZone === undefined ? {} : { probeZone: monitor.asZone }),
      },
      { parent: this },
    ).id;
  }

  #createPool(
    pool: PoolPlan,
    monitor: pulumi.Output<string>,
    { symbols, accountId }: LoadBalancerArgs,
  ): pulumi.Output<string> {
    const origins = pool.origins.map(({ name, address, hostHeader }) => ({
      name,
      address: symbols.render(address),
      enabled: true,
      ...(hostHeader === undefined ? {} : { header: { hosts: [hostHeader] } }),
    }));
    return new cloudflare.LoadBalancerPool(
      pool.key,
      { accountId, name: pool.name, origins, monitor },
      { parent: this },
    ).id;
  }
}

/** By cookie for browsers; by header, in a rule that comes before, for clients that send it. */
function affinityOf(plan: LoadBalancerPlan): Partial<cloudflare.LoadBalancerArgs> {
  if (plan.cookieSeconds === undefined) return {};
  const cookie = { sessionAffinity: "cookie", sessionAffinityTtl: plan.cookieSeconds };
  if (plan.header === undefined) return cookie;
  const { name, seconds } = plan.header;
  const rule = {
    name: `stay by ${name}`,
    // Names of headers are compared in lower case.
    condition: `any(http.request.headers.names[*] eq ${JSON.stringify(name.toLowerCase())})`,
    overrides: {
      sessionAffinity: "header",
      sessionAffinityTtl: seconds,
      sessionAffinityAttributes: { headers: [name], requireAllHeaders: true },
    },
  };
  return { ...cookie, rules: [rule] };
}

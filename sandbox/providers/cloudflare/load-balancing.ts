/**
 * Monitors, pools and load balancers. Source: terraform-provider-cloudflare v5.22.0, `resource.go` in
 * `internal/services/load_balancer_monitor`, `load_balancer_pool` and `load_balancer`.
 */
import type { ValueMap } from "../shared/values.ts";
import { resourceOf } from "./endpoint.ts";
import { loadBalancerTable, monitorTable, poolTable } from "./load-balancing-tables.ts";
import type { ResourceType } from "./resource.ts";

/** Without a policy the API chooses one by the pools, which is no difference to none. */
function keepUnsaidSteering(found: ValueMap, prior: ValueMap | undefined): ValueMap {
  const isUnsaid = prior !== undefined && (prior.steeringPolicy ?? "") === "";
  const isChosen = found.steeringPolicy === "geo" || found.steeringPolicy === "off";
  return isUnsaid && isChosen ? { ...found, steeringPolicy: "" } : found;
}

const monitors = "/accounts/:accountId/load_balancers/monitors";
const pools = "/accounts/:accountId/load_balancers/pools";
const loadBalancers = "/zones/:zoneId/load_balancers";

export const balancingTypes: readonly ResourceType[] = [
  resourceOf({
    table: monitorTable,
    schemaVersion: 500,
    collection: monitors,
    item: `${monitors}/:id`,
    create: "POST",
    update: "PUT",
    importId: [
      ["account_id", "accountId"],
      ["monitor_id", "id"],
    ],
  }),
  resourceOf({
    table: poolTable,
    schemaVersion: 500,
    collection: pools,
    item: `${pools}/:id`,
    create: "POST",
    update: "PUT",
    importId: [
      ["account_id", "accountId"],
      ["pool_id", "id"],
    ],
  }),
  resourceOf({
    table: loadBalancerTable,
    schemaVersion: 500,
    collection: loadBalancers,
    item: `${loadBalancers}/:id`,
    create: "POST",
    update: "PUT",
    importId: [
      ["zone_id", "zoneId"],
      ["load_balancer_id", "id"],
    ],
    settleRead: keepUnsaidSteering,
  }),
];

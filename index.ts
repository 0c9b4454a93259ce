import * as pulumi from "@pulumi/pulumi";

import { createCloud } from "./components/cloud.ts";
import { createCloudflare } from "./components/cloudflare/create.ts";
import { loadStackConfig, readable } from "./components/config/load.ts";
import { cleanUpDeparted } from "./components/hosts/departed.ts";
import { createFleet } from "./components/hosts/fleet.ts";
import { networkOutputs } from "./components/outputs.ts";
import { createAuthority } from "./components/pki/authority.ts";
import { createSecrets } from "./components/pki/secrets.ts";
import { planNetwork } from "./components/plan/plan.ts";
import { refuseUnlessVerified } from "./components/proof/verify/refuse.ts";
import { registerProtection } from "./components/protection.ts";
import { SymbolTable } from "./components/resolve.ts";

const { network, cloudflareAccountId, asking } = loadStackConfig();
const plan = readable(() => planNetwork(network, pulumi.getStack()));
readable(() => {
  refuseUnlessVerified(plan);
});
const symbols = new SymbolTable();
registerProtection(network.guard.protect);

const cloud = createCloud(plan, symbols);

const dns = createCloudflare(plan, symbols, cloudflareAccountId);
const records = [...dns.values()].flatMap((zone) => zone.records);

createSecrets(plan, symbols);
const authority = createAuthority(plan, symbols);
const { instances } = cloud;
const fleet = createFleet({ plan, symbols, instances, records, authority, asking });

cleanUpDeparted(plan);

export const { contractVersion, regions, hubs, hosts, zones, privateZones } = networkOutputs({
  plan,
  symbols,
  regions: cloud.regions,
  hosts: fleet,
  zones: dns,
  privateZones: cloud.privateZones,
});

/**
 * Our side's Pulumi program: the cloud part of index.ts, without the configuration of the hosts. That is done over SSH
 * and asks each host what it is, which no flat program does; `npm run bench fleet` measures it.
 */
import * as pulumi from "@pulumi/pulumi";

import { createCloud } from "../../components/cloud.ts";
import { createCloudflare } from "../../components/cloudflare/create.ts";
import { loadStackConfig, readable } from "../../components/config/load.ts";
import { planNetwork } from "../../components/plan/plan.ts";
import { registerProtection } from "../../components/protection.ts";
import { SymbolTable } from "../../components/resolve.ts";

const { network, cloudflareAccountId } = loadStackConfig();
const plan = readable(() => planNetwork(network, pulumi.getStack()));
const symbols = new SymbolTable();
registerProtection(network.guard.protect);
createCloud(plan, symbols);
createCloudflare(plan, symbols, cloudflareAccountId);

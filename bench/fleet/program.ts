/** The Pulumi program of the benchmark: the real program's hosts, without a cloud around them. */
import { readFileSync } from "node:fs";

import { createFleet } from "../../components/hosts/fleet.ts";
import { SymbolTable } from "../../components/resolve.ts";
import { planFleet, type FleetHost } from "./hosts.ts";

const file = process.env.ROADNET_BENCH_HOSTS;
if (file === undefined) throw new Error("ROADNET_BENCH_HOSTS must name the file with the hosts.");
const hosts = JSON.parse(readFileSync(file, "utf8")) as readonly (FleetHost & { readonly hostKey: string })[];

createFleet({
  plan: planFleet(hosts),
  symbols: new SymbolTable(),
  instances: new Map(),
  records: [],
  authority: undefined,
  asking: { inPreviews: true, seconds: 60 },
});

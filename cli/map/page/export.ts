/** The page's program for a network that AWS described. */
import { worldOfExport } from "../../../components/proof/describe/build.ts";
import { exportOf } from "../../../components/proof/describe/data.ts";
import { start } from "./start.ts";

start((source) => {
  if (source.kind !== "export") throw new Error("the page was given no export");
  return worldOfExport(exportOf(source), { clients: source.clients });
});

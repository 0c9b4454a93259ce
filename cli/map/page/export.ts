/** The page's program for a network that AWS described. */
import { worldOfExport } from "../../../components/proof/describe/build.ts";
import { exportOf } from "../../../components/proof/describe/data.ts";
import type { ExportSource } from "../model.ts";
import { start } from "./start.ts";

start<ExportSource>((source) => worldOfExport(exportOf(source), { clients: source.clients }));

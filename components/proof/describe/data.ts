/**
 * An export as data that can be written down and read again. It holds what the proof reads of the answers, checked, and
 * nothing else of them: no field that is not known, and no answer that decides about no packet, such as user data.
 */
import type { Described, Export, Table } from "./collect.ts";
import { kinds, type Kind } from "./document.ts";
import { Notes } from "./notes.ts";

/** Tables of an export. */
type TableName = Exclude<keyof Export, "has" | "notes">;

export interface ExportData {
  readonly kinds: readonly string[];
  readonly tables: Readonly<Record<string, readonly unknown[]>>;
}

const tableNames: Readonly<Record<TableName, true>> = {
  vpcs: true,
  subnets: true,
  routeTables: true,
  internetGateways: true,
  egressOnlyGateways: true,
  natGateways: true,
  networkAcls: true,
  securityGroups: true,
  securityGroupRules: true,
  instances: true,
  networkInterfaces: true,
  addresses: true,
  peerings: true,
  prefixLists: true,
  endpoints: true,
};

const names = Object.keys(tableNames) as TableName[];

export function exportData(of: Export): ExportData {
  const tables = names.map((name) => [name, [...of[name].values()]] as const);
  return { kinds: kinds.filter((kind) => of.has(kind)), tables: Object.fromEntries(tables) };
}

/** @param data as {@link exportData} made it, perhaps by way of JSON */
export function exportOf({ kinds: known, tables }: ExportData): Export {
  const table = (name: TableName): Table<never> =>
    new Map(((tables[name] ?? []) as Described<never>[]).map((one) => [one.id, one]));
  const all = Object.fromEntries(names.map((name) => [name, table(name)])) as unknown as Omit<
    Export,
    "has" | "notes"
  >;
  return { ...all, has: (kind: Kind) => known.includes(kind), notes: new Notes() };
}

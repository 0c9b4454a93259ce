/**
 * The regions that the simulator knows.
 *
 * The order is part of the contract: the N-th region's public addresses are 198.18.N.0/24 (RFC 2544's range, so
 * none of them exists outside). Append only.
 */

export interface Zone {
  /** `us-west-2a`; which zone a letter means differs between accounts. */
  readonly name: string;
  /** `usw2-az2`; the same for every account. */
  readonly id: string;
}

export interface Region {
  readonly name: string;
  /** What AWS calls it in its console. */
  readonly description: string;
  readonly zones: readonly Zone[];
  /** The third octet of its public addresses. */
  readonly index: number;
}

/** Name, description, prefix of zone ids, and the zone numbers behind the letters a, b, c, …. */
const table: readonly (readonly [string, string, string, readonly number[]])[] = [
  // In this account the letters of us-west-2 do not follow the numbers, as is common: it catches whoever assumes it.
  ["us-west-2", "US West (Oregon)", "usw2", [2, 1, 3, 4]],
  ["eu-west-1", "Europe (Ireland)", "euw1", [1, 2, 3]],
  ["us-east-1", "US East (N. Virginia)", "use1", [1, 2, 4, 6, 3, 5]],
  ["us-east-2", "US East (Ohio)", "use2", [1, 2, 3]],
  ["us-west-1", "US West (N. California)", "usw1", [1, 3]],
  ["eu-central-1", "Europe (Frankfurt)", "euc1", [2, 3, 1]],
  ["eu-west-2", "Europe (London)", "euw2", [2, 3, 1]],
  ["eu-west-3", "Europe (Paris)", "euw3", [1, 2, 3]],
  ["eu-north-1", "Europe (Stockholm)", "eun1", [1, 2, 3]],
  ["ca-central-1", "Canada (Central)", "cac1", [1, 2, 4]],
  ["sa-east-1", "South America (Sao Paulo)", "sae1", [1, 2, 3]],
  ["ap-northeast-1", "Asia Pacific (Tokyo)", "apne1", [4, 1, 2]],
  ["ap-northeast-2", "Asia Pacific (Seoul)", "apne2", [1, 2, 3, 4]],
  ["ap-south-1", "Asia Pacific (Mumbai)", "aps1", [1, 3, 2]],
  ["ap-southeast-1", "Asia Pacific (Singapore)", "apse1", [1, 2, 3]],
  ["ap-southeast-2", "Asia Pacific (Sydney)", "apse2", [1, 3, 2]],
];

export const regions: readonly Region[] = table.map(([name, description, prefix, numbers], index) => ({
  name,
  description,
  zones: numbers.map((number, position) => ({
    name: `${name}${String.fromCharCode(97 + position)}`,
    id: `${prefix}-az${number}`,
  })),
  index,
}));

/** Where AWS itself runs what it has once for all regions. */
export const homeOfGlobals = "us-east-1";

export function findRegion(name: string): Region | undefined {
  return regions.find((region) => region.name === name);
}

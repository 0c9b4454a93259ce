/** AWS's partitions: an account lies in one for good, and nothing of one is seen from another. */

export interface Partition {
  /** As it stands in ARNs. */
  readonly name: string;
  /** Below which its services have their names. */
  readonly domain: string;
  /** A region that every account of it has from the beginning. */
  readonly home: string;
}

/** By how the names of its regions begin; the last has all others. */
const partitions: readonly (readonly [string, Partition])[] = [
  ["cn-", { name: "aws-cn", domain: "amazonaws.com.cn", home: "cn-north-1" }],
  ["us-gov-", { name: "aws-us-gov", domain: "amazonaws.com", home: "us-gov-west-1" }],
];

const standard: Partition = { name: "aws", domain: "amazonaws.com", home: "us-east-1" };

export function partitionOf(awsRegion: string): Partition {
  return partitions.find(([start]) => awsRegion.startsWith(start))?.[1] ?? standard;
}

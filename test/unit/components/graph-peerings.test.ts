/** What peerings wait for where an account may have only one outstanding. */
import { expect, it } from "vitest";

import { changed } from "../config/subject.ts";
import { runProgram } from "./program.ts";

const far = (awsRegion: string): object => ({
  awsRegion,
  availabilityZones: [`${awsRegion}a`, `${awsRegion}b`],
  ami: "ami-0123456789abcdef0",
});

it("are asked for when the earlier ones of their AWS region are accepted", async () => {
  const network = changed(
    ["quotas", { outstandingPeeringsPerRegion: 1 }],
    ["regions ap-south", far("ap-south-1")],
    ["regions sa-east", far("sa-east-1")],
    [
      "peerings",
      [
        ["us-west", "eu-west"],
        ["us-west", "sa-east"],
        ["us-west", "ap-south"],
        ["eu-west", "sa-east"],
      ],
    ],
  );
  const config = { "blackroad-network:network": JSON.stringify(network) };
  const { resources } = await runProgram("prod", { config });
  const connection = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection";
  const accepter = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter";
  const asked = resources.filter(({ type }) => type === connection);
  expect(Object.fromEntries(asked.map(({ name, dependsOn }) => [name, dependsOn]))).toEqual({
    "eu-west/sa-east": [],
    "us-west/ap-south": [],
    "us-west/eu-west": [`${accepter} us-west/ap-south`],
    "us-west/sa-east": [`${accepter} us-west/eu-west`],
  });
}, 120_000);

/** A third region, by configuration alone: it adds, and of what is there it changes nothing. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { cloudKeys, stateKeys } from "./cloud-state.ts";
import { PaperSandbox } from "./paper-sandbox.ts";

let sandbox: PaperSandbox;

beforeAll(async () => {
  sandbox = await PaperSandbox.start("third-region");
  await sandbox.up();
});

afterAll(async () => {
  await sandbox.remove();
});

/** Before the other two in the alphabet, so that whatever takes the first of a list for granted shows. */
const region = `    regions:
      ap-south:
        awsRegion: ap-south-1
        availabilityZones: [ap-south-1a, ap-south-1b]
        nat: single
        flowLogs: { traffic: rejected }
        ami: ami-0deb1a12000000004
`;

interface Step {
  readonly op: string;
  readonly urn: string;
}

test("adds resources, to the others routes and peerings alone, and changes none", async () => {
  sandbox.editConfiguration([
    ["    regions:\n", region],
    ["      - [us-west, eu-west]\n", "      - [us-west, eu-west]\n      - [us-west, ap-south]\n"],
  ]);
  const steps: Step[] = [];
  const { exitCode, stdout, stderr } = await sandbox.pulumi(["up", "--yes", "--skip-preview"], {
    onEvent: ({ resourcePreEvent }) => {
      if (resourcePreEvent !== undefined) steps.push(resourcePreEvent.metadata);
    },
  });
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
  const changes = steps.filter(({ op }) => op !== "same");
  expect(changes.filter(({ op }) => op !== "create")).toEqual([]);
  const ours = /::ap-south(?:\/[^:]*)?$/;
  const others = changes.map(({ urn }) => urn).filter((urn) => !ours.test(urn));
  const joining =
    /(?:Peering|PeeringConnectionOptions|VpcPeeringConnection(?:Accepter)?|Route)::us-west\/|:ZoneAssociation::blackroad\.internal\/ap-south$/;
  expect(others.filter((urn) => !joining.test(urn))).toEqual([]);
  // The peering with its two halves and its component, and one route in each of us-west's tables.
  expect(others.filter((urn) => urn.includes(":Route::"))).toHaveLength(5);
  expect(changes.length).toBeGreaterThan(60);
  await sandbox.mustPulumi("preview", "--expect-no-changes");
  const cloudflare = await sandbox.cloudflare.describeAll();
  expect(stateKeys(await sandbox.state())).toEqual(cloudKeys(await sandbox.aws.describe(), cloudflare));
});

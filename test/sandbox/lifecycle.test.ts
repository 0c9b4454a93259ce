/**
 * The finished stack: nothing to change, drift that a refresh shows exactly, a third region that changes nothing of the
 * other two, and a destroy that leaves nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  awsKey,
  cloudKeys,
  cloudResources,
  hashOfUrn,
  repeatedUrnTags,
  stateKeys,
  type StackState,
} from "./cloud-state.ts";
import { PaperSandbox } from "./paper-sandbox.ts";

let sandbox: PaperSandbox;

beforeAll(async () => {
  sandbox = await PaperSandbox.start("lifecycle");
  await sandbox.up();
});

afterAll(async () => {
  await sandbox.remove();
});

interface Step {
  readonly op: string;
  readonly urn: string;
}

/** What a preview or a refresh would do, by URN, whatever stays the same left out. */
async function steps(...args: readonly string[]): Promise<Record<string, string>> {
  const changes = new Map<string, string>();
  const { exitCode, stdout, stderr } = await sandbox.pulumi(args, {
    onEvent: ({ resourcePreEvent, resOutputsEvent }) => {
      // A refresh tells only with the outputs what it found.
      const { op, urn } = ((resOutputsEvent ?? resourcePreEvent)?.metadata ?? {
        op: "same",
        urn: "",
      }) as Step;
      if (op === "same" || op === "refresh") changes.delete(urn);
      else changes.set(urn, op);
    },
  });
  if (exitCode !== 0)
    throw new Error(`pulumi ${args.join(" ")} ended with ${exitCode}:\n${stdout}\n${stderr}`);
  return Object.fromEntries(changes);
}

async function resource(type: string, name: string): Promise<{ urn: string; id: string; region: string }> {
  const { deployment } = await sandbox.state();
  const found = (deployment.resources ?? []).filter(
    (each) => each.type === type && each.urn.endsWith(`::${name}`),
  );
  const [only] = found;
  if (only?.id === undefined || found.length > 1)
    throw new Error(`${found.length} resources are ${type} ${name}`);
  const region = only.outputs?.region;
  return { urn: only.urn, id: only.id, region: typeof region === "string" ? region : "" };
}

async function expectClean(): Promise<void> {
  await sandbox.mustPulumi("preview", "--expect-no-changes");
  const [state, aws, cloudflare] = await look();
  expect(stateKeys(state)).toEqual(cloudKeys(aws, cloudflare));
}

async function look(): Promise<
  [
    StackState,
    Awaited<ReturnType<PaperSandbox["aws"]["describe"]>>,
    Awaited<ReturnType<PaperSandbox["cloudflare"]["describeAll"]>>,
  ]
> {
  return [await sandbox.state(), await sandbox.aws.describe(), await sandbox.cloudflare.describeAll()];
}

test("the finished stack has nothing to change, and holds exactly what is in the clouds", async () => {
  await expectClean();
  expect(await steps("refresh", "--preview-only")).toEqual({});
});

test("every taggable resource carries the hash of its URN, and no two the same", async () => {
  const [state, aws, cloudflare] = await look();
  expect(repeatedUrnTags(aws)).toEqual([]);
  const tagged = (state.deployment.resources ?? []).filter(
    ({ type, outputs }) => type.startsWith("aws:") && outputs !== undefined && "tagsAll" in outputs,
  );
  expect(tagged.length).toBeGreaterThan(70);
  const byKey = new Map(cloudResources(aws, cloudflare).map(({ key, urnTag }) => [key, urnTag]));
  // What RDS, CloudWatch and Route 53 describe has no tags in it; the provider asks for them apart.
  const told = /^aws:(?:rds|cloudwatch|route53)\//;
  const wrong = tagged.filter((each) => {
    const all = each.outputs?.tagsAll as Readonly<Record<string, unknown>> | undefined;
    const found = told.test(each.type) ? all?.urn : byKey.get(awsKey(each));
    return found !== hashOfUrn(each.urn);
  });
  expect(wrong.map(({ urn }) => urn)).toEqual([]);
});

describe("after a drift", () => {
  const rule = [
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "us-west/public/ingress/tcp-443/0.0.0.0-0",
  ] as const;

  test("a refresh shows just that, an update repairs it, and nothing is left to change", async () => {
    const gone = await resource(...rule);
    const vpc = await resource("aws:ec2/vpc:Vpc", "eu-west");
    const table = await resource("aws:ec2/routeTable:RouteTable", "us-west/private/us-west-2a");
    const route = await resource("aws:ec2/route:Route", "us-west/private/us-west-2a/0.0.0.0-0");
    const changed = await resource(
      "cloudflare:index/dnsRecord:DnsRecord",
      "blackroad.io/vpn-eu.blackroad.io/A/eu-west/hub-1",
    );
    const deleted = await resource(
      "cloudflare:index/dnsRecord:DnsRecord",
      "blackroad.io/ws.blackroad.io/A/us-west/lb-1",
    );
    await sandbox.aws.drift({ region: gone.region, action: "delete", id: gone.id });
    await sandbox.aws.drift({
      region: vpc.region,
      action: "modify",
      id: vpc.id,
      set: { enableDnsHostnames: false },
    });
    await sandbox.aws.drift({ region: table.region, action: "delete", id: `${table.id}_0.0.0.0/0` });
    const zone = "blackroad.io";
    const wrong = { content: "192.0.2.99" };
    await sandbox.cloudflare.drift({ action: "modify", kind: "record", zone, id: changed.id, set: wrong });
    await sandbox.cloudflare.drift({ action: "delete", kind: "record", zone, id: deleted.id });

    const drifted = {
      [gone.urn]: "delete",
      [vpc.urn]: "update",
      [route.urn]: "delete",
      [changed.urn]: "update",
      [deleted.urn]: "delete",
    };
    expect(await steps("refresh", "--preview-only")).toEqual(drifted);
    expect(await steps("refresh", "--yes", "--skip-preview")).toEqual(drifted);
    expect(await steps("up", "--yes", "--skip-preview")).toEqual({
      [gone.urn]: "create",
      [vpc.urn]: "update",
      [route.urn]: "create",
      [changed.urn]: "update",
      [deleted.urn]: "create",
    });
    await expectClean();
  });
});

describe("a third region", () => {
  /** Before the other two in the alphabet, so that whatever takes the first of a list for granted shows. */
  const region = `    regions:
      ap-south:
        awsRegion: ap-south-1
        availabilityZones: [ap-south-1a, ap-south-1b]
        nat: single
        flowLogs: { traffic: rejected }
        ami: ami-0deb1a12000000004
`;

  test("adds resources, to the others routes and peerings alone, and changes none", async () => {
    sandbox.editConfiguration([
      ["    regions:\n", region],
      ["      - [us-west, eu-west]\n", "      - [us-west, eu-west]\n      - [us-west, ap-south]\n"],
    ]);
    const changes = Object.entries(await steps("up", "--yes", "--skip-preview"));
    expect(changes.filter(([, op]) => op !== "create")).toEqual([]);
    const ours = /::ap-south(?:\/[^:]*)?$/;
    const others = changes.map(([urn]) => urn).filter((urn) => !ours.test(urn));
    const joining =
      /(?:Peering|PeeringConnectionOptions|VpcPeeringConnection(?:Accepter)?|Route)::us-west\/|:ZoneAssociation::blackroad\.internal\/ap-south$/;
    expect(others.filter((urn) => !joining.test(urn))).toEqual([]);
    // The peering with its two halves and its component, and one route in each of us-west's tables.
    expect(others.filter((urn) => urn.includes(":Route::"))).toHaveLength(5);
    expect(changes.length).toBeGreaterThan(60);
    await expectClean();
  });
});

test("a destroy ends with nothing left", async () => {
  await sandbox.destroy();
  const [state, aws, cloudflare] = await look();
  expect(state.deployment.resources ?? []).toEqual([]);
  expect(aws.regions).toEqual({});
  expect(cloudKeys(aws, cloudflare)).toEqual([]);
});

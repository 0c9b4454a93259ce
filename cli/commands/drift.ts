import { Option, type Command } from "commander";
import { SandboxError } from "../../sandbox/mode.ts";
import { askService } from "../../sandbox/ask.ts";
import { parseObject } from "../json.ts";
import { printResult } from "../context.ts";

const examples = `
It goes by the rules of the platform: what AWS or Cloudflare would refuse, this refuses too. Ids are those of
\`roadnet sandbox describe\`, properties are named as in Pulumi (aws) or in the API (cloudflare).

Examples:
  roadnet sandbox drift aws delete --region us-west-2 --id sgr-0123456789abcdef0
  roadnet sandbox drift aws delete --region us-west-2 --id rtb-0123456789abcdef0_10.1.0.0/16
  roadnet sandbox drift aws modify --region us-west-2 --id vpc-0123456789abcdef0 --set '{"enableDnsHostnames": false}'
  roadnet sandbox drift aws create --region us-west-2 --type aws:ec2/vpc:Vpc --set '{"cidrBlock": "10.9.0.0/16"}'
  roadnet sandbox drift cloudflare delete --kind record --zone blackroad.io --name vpn.blackroad.io --type A
  roadnet sandbox drift cloudflare create --kind record --zone blackroad.io \\
    --set '{"name": "x", "type": "A", "content": "192.0.2.1", "ttl": 300}'
  roadnet sandbox drift cloudflare modify --kind zone --zone blackroad.io --set '{"paused": true}'
  roadnet sandbox drift cloudflare delete --kind zone --zone blackroad.io
                                             the zone with every record in it`;

const actions = ["create", "modify", "delete"] as const;
type Action = (typeof actions)[number];

interface DriftOptions {
  readonly region?: string;
  readonly kind?: "zone" | "record";
  readonly id?: string;
  readonly zone?: string;
  readonly name?: string;
  readonly type?: string;
  readonly set?: string;
}

function isAction(text: string): text is Action {
  return (actions as readonly string[]).includes(text);
}

/** @throws {SandboxError} where an option is missing without which the request means nothing */
function requireOptions(
  command: string,
  options: DriftOptions,
  names: readonly (keyof DriftOptions)[],
): void {
  const missing = names.filter((name) => options[name] === undefined);
  if (missing.length > 0) {
    const list = names.map((name) => `--${name}`).join(" and ");
    throw new SandboxError(`${command} needs ${list}.`, 2);
  }
}

/** @throws {SandboxError} where an option was given that means nothing there */
function refuseOptions(command: string, options: DriftOptions, names: readonly (keyof DriftOptions)[]): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new SandboxError(`--${given} means nothing with ${command}.`, 2);
  }
}

/** What Cloudflare's request must say, and must not: the zone itself is never meant by leaving a record out. */
function checkCloudflare(command: string, action: Action, options: DriftOptions): void {
  requireOptions(command, options, ["kind"]);
  refuseOptions(command, options, ["region"]);
  const full = `${command} --kind ${options.kind ?? ""}`;
  if (options.kind === "zone") {
    refuseOptions(full, options, ["id", "name", "type", ...(action === "create" ? (["zone"] as const) : [])]);
    requireOptions(full, options, action === "create" ? [] : ["zone"]);
    return;
  }
  requireOptions(full, options, ["zone"]);
  if (action === "create") {
    refuseOptions(full, options, ["id", "name", "type"]);
  } else if (options.id === undefined) {
    if (options.name === undefined || options.type === undefined) {
      throw new SandboxError(`${full} needs --id, or --name and --type, of the record.`, 2);
    }
  } else {
    refuseOptions(`${full} --id`, options, ["name", "type"]);
  }
}

/** The request that the service takes, from the options that were given. */
function driftRequest(service: string, action: Action, options: DriftOptions): Record<string, unknown> {
  const { set, ...given } = options;
  const values = parseObject(set, "--set");
  const filled = { action, ...given, ...(values === undefined ? {} : { set: values }) };
  const command = `drift ${service} ${action}`;
  if (service === "aws") {
    requireOptions(command, options, ["region", action === "create" ? "type" : "id"]);
    refuseOptions(command, options, ["kind", "zone", "name", action === "create" ? "id" : "type"]);
  } else {
    checkCloudflare(command, action, options);
  }
  (action === "delete" ? refuseOptions : requireOptions)(command, options, ["set"]);
  return filled;
}

export function addDrift(parent: Command): void {
  parent
    .command("drift")
    .argument("<service>", "aws or cloudflare")
    .argument("<action>", actions.join(", "))
    .description("create, modify or delete a resource behind Pulumi's back")
    .option("--region <region>", "aws: the resource's region")
    .option("--id <id>", "the id of what is modified or deleted")
    .addOption(
      new Option("--kind <kind>", "cloudflare: what is meant, the zone itself or a record in it").choices([
        "zone",
        "record",
      ]),
    )
    .option("--zone <zone>", "cloudflare: id or name of the zone")
    .option("--name <name>", "cloudflare: full name of a record, with --type instead of --id")
    .option("--type <type>", "aws: Pulumi's type of what is created; cloudflare: type of the record")
    .option("--set <json>", "properties: of what is created, or those that change")
    .addHelpText("after", examples)
    .action(async (service: string, action: string, options: DriftOptions, command: Command) => {
      if (service !== "aws" && service !== "cloudflare") {
        throw new SandboxError(`There is no drift of ${service}: the services are aws and cloudflare.`, 2);
      }
      if (!isAction(action)) {
        throw new SandboxError(`There is no action ${action}: the actions are ${actions.join(", ")}.`, 2);
      }
      const answer = await askService(service, "POST", "/drift", driftRequest(service, action, options));
      const { id } = answer as { readonly id: string };
      const done = { create: "created", modify: "modified", delete: "deleted" }[action];
      printResult(command, answer, () => [
        `${done} ${id}; \`npx roadnet sandbox exec -- pulumi refresh\` shows what Pulumi makes of it`,
      ]);
    });
}

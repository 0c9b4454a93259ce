import type { Command } from "commander";
import { resolve } from "node:path";
import { checkout, globalOptions, printResult } from "../context.ts";
import { mapData } from "../map/data.ts";
import { boxesOf } from "../map/model.ts";
import { pageOf } from "../map/make.ts";
import { writePage } from "../map/write.ts";
import { notUnderstoodLines } from "../proof/export.ts";
import { addDescribeOptions, openWorld, type InputOptions } from "../proof/input.ts";

const help = `
The page is one file that needs nothing else: no server, no network, no fonts of others. It draws regions with their
tiers and subnets, hosts, the VPN, sites with their LANs, and Cloudflare's edge, and marks what roadnet verify finds.
Choose a source, a destination and a port in it, and it shows the way there and back, hop by hop, or what blocks it: the
proof itself runs in the page, and answers every question that roadnet why answers. docs/map.md says more.

Whoever has the page has the plan: addresses, rules, names. Keys, images, the account and its role are not in it. A file
that is there is replaced where it is such a page, and else only with --force.

Exit codes: 0 the page was made, whatever was found; 2 it cannot be: no such network, or nothing can be written.

Examples:
  roadnet map --out /tmp/map.html
  roadnet map --stack dev --out - | ssh desk 'cat > dev.html'
  roadnet map --describe export --out account.html
  roadnet map --json --out - | jq '.data.marks[].title'`;

interface Options extends InputOptions {
  readonly out?: string;
  readonly force: boolean;
  readonly findings: boolean;
}

/** What a command line must say to mean the same network. */
function optionsOf({ stack, describe, clientPorts }: Options): string {
  if (describe === undefined) return `--stack ${stack}`;
  return `--describe ${describe}${clientPorts === undefined ? "" : ` --client-ports ${clientPorts}`}`;
}

async function run(options: Options, command: Command): Promise<void> {
  const opened = await openWorld(options);
  const { describe, findings } = options;
  // As it was typed: where an export is on the disk is nobody's business.
  const title = describe === undefined ? opened.title : `what AWS described in ${describe}`;
  const data = mapData({ ...opened, title }, { options: optionsOf(options), findings });
  const { out = describe === undefined ? `map-${options.stack}.html` : "map.html", force } = options;
  if (out === "-" && globalOptions(command).json) {
    printResult(command, { data }, () => []);
    return;
  }
  const page = await pageOf(data);
  if (out === "-") {
    process.stdout.write(page);
    return;
  }
  const file = resolve(out);
  writePage(file, page, force);
  const boxes = [...boxesOf(data.drawing.rows.flat())].length;
  const bytes = Buffer.byteLength(page);
  printResult(command, { file, bytes, boxes, findings: data.marks.length }, () => [
    `${file}: ${opened.title}, ${boxes} boxes, ${data.marks.length === 1 ? "1 finding" : `${data.marks.length} findings`}, ${Math.round(bytes / 1000)} kB`,
    ...notUnderstoodLines(opened.notUnderstood ?? []),
  ]);
}

export function addMap(parent: Command): void {
  const command = parent
    .command("map")
    .description("draw the network as one page that shows ways through it, and what blocks them")
    .option("--stack <name>", "whose Pulumi.<name>.yaml describes the network", "prod")
    .option("--cwd <folder>", "the project's folder", checkout)
    .option("--out <file>", "the page; - for standard output (default: map-<stack>.html, or map.html)")
    .option("--force", "replace a file that is no such page", false)
    .option("--no-findings", "do not ask roadnet verify, which takes longest in large networks");
  addDescribeOptions(command).addHelpText("after", help).action(run);
}

import { Option, type Command } from "commander";
import { answer, type Verdict } from "../../components/proof/ask/answer.ts";
import { QuestionError } from "../../components/proof/ask/endpoint.ts";
import type { Question } from "../../components/proof/ask/verdict.ts";
import { painter } from "../../scripts/lib/progress.mjs";
import { SandboxError } from "../../sandbox/mode.ts";
import { checkout, printResult } from "../context.ts";
import { notUnderstoodLines } from "../proof/export.ts";
import { addDescribeOptions, openWorld, subjectOf, type InputOptions } from "../proof/input.ts";
import { renderVerdict } from "../why/render.ts";

const examples = `
It follows packets from SRC to DST and their answers back, place by place, on the network as the stack's file plans it:
routes, peering, gateways, NAT, network ACLs, security groups, hosts' own firewalls, WireGuard. Nothing is asked of AWS
or of a host. It tells what lets the packets pass or stops them, and the smallest change that would alter that. The
change has been tried: with all of it, the answer is the other one. docs/proof.md says what is followed.

SRC and DST are hosts (us-west/api-1, or api-1 where one alone is called so), a host by one of its addresses
(us-west/hub-1:public, :vpn, :ipv6), a site or one of its networks (edge-home, coral-reef/10.64.40.0/24: a device there
that nobody manages), addresses, internet (anybody), or operator. DST may be a DNS name, which SRC looks up as it would:
private zones are known to VPCs alone, and a name that Cloudflare proxies is followed over its edge to whoever answers,
by load balancers and tunnels (docs/proof-edge.md).
PORT/PROTO is like 443/tcp, 8080-8090/tcp, 51820/udp, icmp, tcp, or all, and several with commas between them; it passes
if all of it does.

With --describe the network is one that already exists, from the JSON of aws ec2 describe-*; hosts are then ids of
instances or of network interfaces, Name tags, private and public addresses. docs/describe.md says which calls, and what
cannot be seen.

Exit codes: 0 it passes, 1 it is blocked, 2 it cannot be told, or the question is wrong.

Examples:
  roadnet why us-west/api-1 us-west/redis-1 6379/tcp
  roadnet why internet us-west/lb-1 443/tcp --stack sandbox
  roadnet why us-west/api-1 vault.blackroad.internal 8200/tcp --json
  roadnet why internet api.blackroad.io 443/tcp --without us-west/lb-1
  roadnet why i-0123456789abcdef0 internet 443/tcp --describe export
  roadnet why operator us-west/hub-1 22/tcp --direction forward`;

interface Options extends InputOptions {
  readonly direction: Question["direction"];
  readonly without?: readonly string[];
  readonly path?: string;
}

const exitCodes: Readonly<Record<Verdict["verdict"], 0 | 1 | 2>> = { pass: 0, blocked: 1, unknown: 2 };

export function addWhy(parent: Command): void {
  const why = parent
    .command("why")
    .argument("<src>", "who sends")
    .argument("<dst>", "who is sent to")
    .argument("<port/proto>", "what: 443/tcp, 8080-8090/tcp, icmp, all")
    .description("tell whether packets get there and back, by which way, and what would alter that")
    .option("--stack <name>", "whose Pulumi.<name>.yaml describes the network", "prod")
    .option("--cwd <folder>", "the project's folder", checkout)
    .addOption(
      new Option("--direction <which>", "both ways, or the way there alone")
        .choices(["both", "forward"])
        .default("both"),
    )
    .option("--without <hosts...>", "hosts, regions or sites that are taken to be down")
    .option("--path <path>", "of a request by name, where a tunnel's rules ask for it")
    .addHelpText("after", examples);
  addDescribeOptions(why).action(
    async (from: string, to: string, traffic: string, options: Options, command: Command) => {
      const { direction, without, path } = options;
      const opened = await openWorld(options);
      try {
        const verdict = answer(subjectOf(opened), { from, to, traffic, direction, without, path });
        const { notUnderstood } = opened;
        printResult(command, { ...verdict, ...(notUnderstood && { notUnderstood }) }, () => [
          ...renderVerdict(verdict, opened.title, painter(process.stdout)),
          ...notUnderstoodLines(notUnderstood ?? []),
        ]);
        process.exitCode = exitCodes[verdict.verdict];
      } catch (error) {
        throw error instanceof QuestionError ? new SandboxError(sentence(error.message), 2) : error;
      }
    },
  );
}

function sentence(text: string): string {
  return /[.?]$/.test(text) ? text : `${text}.`;
}

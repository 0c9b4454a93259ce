#!/usr/bin/env node
/** `npm start`: brings the machine what is missing, then the sandbox up. */
import { constants } from "node:os";
import { join } from "node:path";
import {
  bootstrap,
  checkout,
  continueOnCurrentNode,
  handOver,
  main,
  requirePacketMachine,
} from "./bootstrap.mjs";

const usage = `Usage: npm start [-- OPTION …]

Installs what this machine lacks, brings the sandbox up and says what runs. Run it again at any time: after a crash or
a reboot it repairs what it finds, and with nothing to do it takes seconds.

  --no-packets   the control plane alone: no root, no Linux; host files go to .sandbox/rendered
  --no-deploy    start everything but run no \`pulumi up\`
  --json         print what runs as JSON
  --verbose      print the stack of an error
  --help         print this

Examples:
  npm start
  npm start -- --no-packets
  ROADNET_PROVIDERS=stand-ins npm start      no official plugin, even where one can be had
`;
const options = ["--no-packets", "--no-deploy", "--json", "--verbose"];

/** Answers what needs no set-up: a question for help, and words that mean nothing. */
function answerAtOnce(/** @type {readonly string[]} */ args) {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const unknown = args.find((word) => !options.includes(word));
  if (unknown !== undefined) {
    process.stderr.write(`npm start: ${unknown} is no option. There are ${options.join(", ")} and --help.\n`);
    process.exit(2);
  }
}

const interrupted = 128 + constants.signals.SIGINT;

function tellInterrupted() {
  process.stderr.write("\nnpm start: interrupted; run it again, and it goes on from here.\n");
}

function endInterrupted() {
  tellInterrupted();
  process.exit(interrupted);
}

const args = process.argv.slice(2);
answerAtOnce(args);

await main("npm start", async (progress) => {
  const packets = !args.includes("--no-packets");
  if (packets) {
    await requirePacketMachine();
  }
  await continueOnCurrentNode(progress);
  process.once("SIGINT", endInterrupted);
  const environment = await bootstrap({ packets }, progress);
  // From here on the program decides what Ctrl-C means.
  process.off("SIGINT", endInterrupted);
  const program = join(checkout, "cli", "main.ts");
  const code = await handOver(process.execPath, [program, "sandbox", "up", ...args], environment);
  if (code === interrupted) {
    tellInterrupted();
  }
  return code;
});

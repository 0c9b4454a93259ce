import { Option, type Command } from "commander";
import { join, resolve } from "node:path";
import { imageReleases, renderImage, type ImageRelease } from "../../components/plan/image.ts";
import { SandboxError } from "../../sandbox/mode.ts";
import { checkout, printResult } from "../context.ts";
import { planForImages } from "../image/configuration.ts";
import { writeImage } from "../image/write.ts";

const examples = `
Write a fresh Raspberry Pi OS onto a card, mount its boot partition (it is called bootfs) and let this command put
user, SSH key, host name and static address there. The machine then comes up where the stack expects it, and can be
logged in to with the operator's key alone.

The machine makes its SSH host key at the first boot. Put it into the stack's file, at hosts.SITE.NAME.bootstrap.hostKey.

Examples:
  roadnet image edge-home/lucidia --stack prod --output /media/me/bootfs --force
  roadnet image edge-home/lucidia --stack prod --output lucidia --release bookworm`;

interface Options {
  readonly stack: string;
  readonly output: string;
  readonly release: ImageRelease;
  readonly cwd: string;
  readonly force: boolean;
}

function next(key: string, commandLine: string): string[] {
  const [site = "", name = ""] = key.split("/");
  return [
    ...(commandLine === ""
      ? []
      : [`Add to the end of the only line of the image's cmdline.txt, after a space:`, `  ${commandLine}`]),
    `After the first boot, put what /etc/ssh/ssh_host_ed25519_key.pub says on the machine into the stack's file:`,
    `  hosts.${site}.${name}.bootstrap.hostKey`,
  ];
}

export function addImage(parent: Command): void {
  parent
    .command("image")
    .argument("<host>", "a machine at a site, as SITE/NAME")
    .description("write what a fresh Raspberry Pi OS needs before its first boot")
    .option("--stack <name>", "whose Pulumi.<name>.yaml describes the machine", "prod")
    .requiredOption("--output <folder>", "the mounted boot partition, or a folder to be made")
    .addOption(new Option("--release <name>", "of Raspberry Pi OS").choices(imageReleases).default("trixie"))
    .option("--cwd <folder>", "the project's folder", checkout)
    .option("--force", "replace files that are there", false)
    .addHelpText("after", examples)
    .action((key: string, options: Options, command: Command) => {
      const { stack, output, release, cwd, force } = options;
      const plan = planForImages(join(resolve(cwd), `Pulumi.${stack}.yaml`), stack);
      const host = plan.hosts.find((candidate) => candidate.key === key);
      const machines = plan.hosts.filter(({ instance }) => instance === undefined).map((each) => each.key);
      if (host === undefined || host.instance !== undefined) {
        const known = machines.length === 0 ? "it has none" : `its machines are ${machines.join(", ")}`;
        throw new SandboxError(`${key} is no machine at a site of the stack ${stack}: ${known}.`, 2);
      }
      const image = renderImage(host, plan.operator, release);
      const { files, commandLine } = writeImage(image, resolve(output), force);
      printResult(command, { host: key, release, files, commandLine }, () => [
        ...files,
        ...next(key, commandLine),
      ]);
    });
}

/** What a fresh Raspberry Pi OS is given before its first boot, by release. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { imageReleases, renderImage, type Image } from "../../../components/plan/image.ts";
import { operatorKey } from "../config/stack.ts";
import { hostOf, planOf } from "./subject.ts";

const plan = planOf("prod");
const lucidia = hostOf(plan, "edge-home/lucidia");

function contentOf({ files }: Image, name: string): string {
  const file = files.find((candidate) => candidate.name === name);
  if (file === undefined) throw new Error(`there is no ${name}`);
  return file.content;
}

describe("an image", () => {
  it.each(imageReleases)("of %s is this", (release) => {
    const { files, commandLine } = renderImage(lucidia, plan.operator, release);
    const texts = files.map(({ name, content }) => `=== ${name}\n${content}`);
    expect([commandLine, ...texts].join("\n")).toMatchSnapshot();
  });

  it("of Trixie has the machine's user, keys, name and address, and no password", () => {
    const image = renderImage(lucidia, plan.operator, "trixie");
    const [, body = ""] = contentOf(image, "user-data").split("#cloud-config\n");
    expect(JSON.parse(body)).toMatchObject({
      fqdn: "lucidia.edge-home",
      users: [{ name: "pi", lock_passwd: true, ssh_authorized_keys: [operatorKey] }],
      ssh_pwauth: false,
    });
    expect(JSON.parse(contentOf(image, "network-config"))).toEqual({
      network: {
        version: 2,
        ethernets: {
          eth0: {
            dhcp4: false,
            addresses: ["192.168.4.38/24"],
            routes: [{ to: "default", via: "192.168.4.1" }],
            nameservers: { addresses: ["1.1.1.1", "8.8.8.8"] },
          },
        },
      },
    });
  });

  it("of Bookworm and Bullseye is one script, which a shell can read, for either way of configuring interfaces", () => {
    const script = contentOf(renderImage(lucidia, plan.operator, "bookworm"), "firstrun.sh");
    expect(spawnSync("sh", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(script).toContain("\naddress1=192.168.4.38/24,192.168.4.1\ndns=1.1.1.1;8.8.8.8;\n");
    // As in the network guide.
    expect(script).toContain(
      "\ninterface eth0\nstatic ip_address=192.168.4.38/24\nstatic routers=192.168.4.1\nstatic domain_name_servers=1.1.1.1 8.8.8.8\n",
    );
    expect(renderImage(lucidia, plan.operator, "bullseye")).toEqual(
      renderImage(lucidia, plan.operator, "bookworm"),
    );
  });

  it("is refused for an instance", () => {
    expect(() => renderImage(hostOf(plan, "us-west/api-1"), plan.operator, "trixie")).toThrow(
      "us-west/api-1 is an instance: AWS gives it its image. Name a machine at a site.",
    );
  });
});

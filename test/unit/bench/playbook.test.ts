/** What Ansible is told to do is what the plan says of every host. */
import { expect, it } from "vitest";
import { parse } from "yaml";

import { fleetHosts, generationOf, tableOf, type FleetHost } from "../../../bench/fleet/hosts.ts";
import { ansibleFiles } from "../../../bench/fleet/playbook.ts";
import { renderTemplate } from "../../../components/plan/render.ts";

interface Task {
  readonly loop?: readonly (string | Readonly<Record<string, string>>)[];
  readonly notify?: readonly string[];
  readonly [module: string]: unknown;
}
interface Play {
  readonly tasks: readonly Task[];
  readonly handlers: readonly Task[];
}

const hosts = fleetHosts(40, "ssh-ed25519 AAAA operator");
const files = ansibleFiles({ hosts, folder: "/run/a", forks: 20 });
const [play] = parse(files.get("site.yml") ?? "") as [Play];

/** The three variables that the templates use. */
function render(text: string, { name, address, operatorKey }: FleetHost): string {
  const rendered = text
    .replaceAll("{{ inventory_hostname }}", name)
    .replaceAll("{{ ansible_host }}", address)
    .replaceAll("{{ operator_key }}", operatorKey);
  expect(rendered).not.toContain("{{");
  return rendered;
}

/** By path, what the playbook writes on a host. */
function written(host: FleetHost): Record<string, string> {
  const entries = play.tasks.flatMap((task) => {
    const [folder] = ["template", "copy"].filter((module) => task[`ansible.builtin.${module}`] !== undefined);
    if (folder === undefined) return [];
    return (task.loop ?? []).map((item) => {
      const { src = "", dest = "", mode = "" } = typeof item === "string" ? {} : item;
      const source = files.get(`${folder === "copy" ? "files" : "templates"}/${src}`) ?? "missing";
      return [dest, `${mode} ${render(source, host)}`] as const;
    });
  });
  expect(new Set(entries.map(([path]) => path)).size).toBe(entries.length);
  return Object.fromEntries(entries);
}

it("writes every file of the plan, and the table with its unit", () => {
  for (const host of [hosts[0], hosts[39]].filter((each) => each !== undefined)) {
    const planned = generationOf(host).files.map(({ path, mode, content }) => [
      path,
      `${mode} ${renderTemplate(content, () => "")}`,
    ]);
    const { name, text } = tableOf(host);
    expect(written(host)).toEqual({
      ...(Object.fromEntries(planned) as Record<string, string>),
      "/etc/reef-agent/table.nft": `0600 table ${name}\ndelete table ${name}\n${text}`,
      "/etc/systemd/system/reef-agent-table.service": expect.stringContaining(
        "ExecStart=/usr/sbin/nft -f /etc/reef-agent/table.nft",
      ) as string,
    });
  }
});

it("sets every kernel setting, runs every unit, and has every handler that it calls", () => {
  const host = hosts[0];
  if (host === undefined) throw new Error("no host");
  const { sysctls, services } = generationOf(host);
  const loopOf = (module: string): unknown => play.tasks.find((task) => task[module] !== undefined)?.loop;
  expect(loopOf("ansible.posix.sysctl")).toEqual(
    Object.entries(sysctls).map(([key, value]) => ({ key, value })),
  );
  expect(loopOf("ansible.builtin.systemd")).toEqual([
    "reef-agent-table.service",
    ...services.map(({ unit }) => unit),
  ]);
  const handlers = new Set(play.handlers.map(({ name }) => name));
  const called = play.tasks.flatMap(({ notify = [] }) => notify);
  expect(called.filter((name) => !handlers.has(name))).toEqual([]);
  // Whatever takes a file up is called by it.
  expect(new Set(called)).toEqual(handlers);
});

it("knows all hosts by their addresses", () => {
  expect(files.get("inventory.ini")?.split("\n").slice(0, 2)).toEqual([
    "[fleet]",
    "h01 ansible_host=192.168.88.101 ansible_user=admin",
  ]);
  expect(files.get("inventory.ini")).toContain("h40 ansible_host=192.168.88.140");
  expect(files.get("ansible.cfg")).toContain("forks = 20");
});

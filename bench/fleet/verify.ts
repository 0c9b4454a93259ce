/** Whether a host is what its plan says, whoever has made it so: its files, its units, its kernel, its services. */
import { createHash } from "node:crypto";
import { renderTemplate } from "../../components/plan/render.ts";
import { generationOf, tableOf, type FleetHost } from "./hosts.ts";
import { tableUnit } from "./playbook.ts";
import { inBatches, type World } from "./world.ts";

/** What the host must answer to {@link question}, line by line. */
function expected(host: FleetHost): string[] {
  const { files, services, sysctls } = generationOf(host);
  const sum = (text: string): string => createHash("sha256").update(text).digest("hex");
  return [
    ...files.map(({ path, mode, owner, content }) => {
      const text = renderTemplate(content, () => "");
      return `${path} ${mode.replace(/^0/, "")} ${owner} ${sum(text)}`;
    }),
    ...[tableUnit, ...services.map(({ unit }) => unit)].map((unit) => `${unit} active enabled`),
    ...Object.entries(sysctls).flatMap(([key, value]) => [`${key} ${value}`, `${key} stays ${value}`]),
    "table as wanted",
    `hostname ${host.hostname}`,
    "exporter answers",
    "resolver 127.0.0.1",
    "chrony answers",
  ];
}

/** A shell script whose output tells what the host is. */
function question(host: FleetHost): string {
  const { files, services, sysctls } = generationOf(host);
  const { name, text } = tableOf(host);
  const list = `nft --stateless --terse list table ${name}`;
  return `
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    for file in ${files.map(({ path }) => path).join(" ")}; do
      echo "$file $(stat -c '%a %U:%G' $file) $(sha256sum <$file | cut -d ' ' -f 1)"
    done
    for unit in ${[tableUnit, ...services.map(({ unit }) => unit)].join(" ")}; do
      echo "$unit $(systemctl is-active $unit || true) $(systemctl is-enabled $unit || true)"
    done
    for key in ${Object.keys(sysctls).join(" ")}; do
      echo "$key $(sysctl -n $key)"
      echo "$key stays $(sed -n "s/^$key *= *//p" /etc/sysctl.d/90-reef-agent.conf)"
    done
    cat >/run/wanted.nft <<'END'
${text}END
    wanted=$(unshare --net sh -c 'nft -f /run/wanted.nft && ${list}')
    [ "$wanted" = "$(${list})" ] && echo "table as wanted" || echo "another table"
    echo "hostname $(hostname)"
    curl -s --max-time 10 http://${host.address}:9100/metrics | grep -q '^node_' && echo "exporter answers" || echo "no exporter"
    echo "resolver $(dig +short +time=5 +tries=1 @${host.address} localhost A)"
    chronyc -n tracking >/dev/null 2>&1 && echo "chrony answers" || echo "no chrony"
  `;
}

/** @throws naming every host that is not as planned, with what is not. */
export async function verify(world: World, hosts: readonly FleetHost[]): Promise<void> {
  const wrong = await inBatches(hosts, async (host) => {
    const said = (await world.onHost(host, question(host))).split("\n");
    const differences = expected(host).flatMap((line, index) =>
      said[index] === line ? [] : [`  wanted ${line}\n  is     ${said[index] ?? "nothing"}`],
    );
    return differences.length === 0 ? [] : [`${host.name}:\n${differences.join("\n")}`];
  });
  const problems = wrong.flat();
  if (problems.length > 0) throw new Error(`hosts are not as planned:\n${problems.join("\n")}`);
}

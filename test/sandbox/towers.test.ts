/**
 * What the plan puts on towers, as the programs see it that read it: their own checks on a real Debian machine, and
 * where it takes no second tower, what they then do.
 */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMachine } from "../../sandbox/hosts/machine.ts";
import type { HostPlan } from "../../components/plan/model.ts";
import { hostOf, planOf } from "../unit/plan/subject.ts";
import { modes, planWith, towerWith } from "../unit/plan/towers.ts";
import { addresses, inMachine, machine, paths, setUp, tearDown, userDataWithHostKey } from "./hosts-bed.ts";
import { become } from "./roles-bed.ts";

/** Units that a package has started with somebody else's configuration, or that wait for what is not there. */
const quiet = "systemctl stop etcd prometheus nginx haproxy coturn tgt nfs-ganesha 2>/dev/null || true";

beforeAll(async () => {
  await setUp();
  const { userData } = await userDataWithHostKey();
  const disks = ["/coral-reef"];
  await startMachine(machine("i-a", "instance", { userData, instanceId: "i-a-1", disks }), paths);
  await startMachine(machine("pi-b", "pi", {}), paths);
  // On this Ethernet nobody answers DNS.
  for (const name of ["i-a", "pi-b"] as const) {
    await inMachine(name, "echo 192.168.77.1 packages.sandbox.test >>/etc/hosts");
  }
  await inMachine("i-a", "sysctl -qw net.ipv4.ip_nonlocal_bind=1");
}, 900_000);

afterAll(async () => {
  await tearDown();
}, 120_000);

async function turnInto(host: HostPlan): Promise<void> {
  await become(host);
  await inMachine("i-a", quiet);
}

/** systemd's own opinion of every unit file that the host gets; what it says about files of packages is left out. */
async function verifyUnits({ generation }: HostPlan): Promise<string> {
  const units = generation.files
    .map(({ path }) => path)
    .filter((path) => /^\/etc\/systemd\/system\/[^/]+$/.test(path));
  const said = await inMachine("i-a", `systemd-analyze verify --man=no ${units.join(" ")} 2>&1 || true`);
  const names = units.map((path) => path.split("/").at(-1) ?? path);
  return said
    .split("\n")
    .filter((line) => names.some((name) => line.includes(name)))
    .join("\n");
}

const prod = planOf("prod");

describe("on a node", () => {
  const node = hostOf(prod, "coral-reef/node-1");

  beforeAll(async () => {
    await turnInto(node);
  }, 300_000);

  it("Prometheus takes its configuration and rules", async () => {
    const said = await inMachine("i-a", "promtool check config /etc/prometheus/prometheus.yml");
    expect(said).toContain("SUCCESS: 12 rules found");
  });

  it("nginx, dnsmasq and systemd take theirs", async () => {
    expect(await inMachine("i-a", "nginx -t 2>&1")).toContain("test is successful");
    expect(
      await inMachine("i-a", "dnsmasq --test --conf-file=/etc/coral-reef/addresses.conf 2>&1"),
    ).toContain("syntax check OK");
    expect(await verifyUnits(node)).toBe("");
  });

  it("etcd listens to its members over TLS alone, and asks for their certificates", async () => {
    // Here the certificate is its own authority.
    await inMachine(
      "i-a",
      `cp /etc/etcd/etcd.crt /etc/etcd/ca.crt; chown -R etcd /etc/etcd
       ip address replace 10.64.30.10/32 dev lo; systemctl restart etcd`,
    );
    const peer = "openssl s_client -connect 10.64.30.10:2380";
    const own = "-cert /etc/etcd/etcd.crt -key /etc/etcd/etcd.key";
    // It serves clients when it has a quorum; before, a member's port is all that is open.
    const listening = await inMachine(
      "i-a",
      "for i in $(seq 50); do ss -Hltn 'sport = :2380' | grep -q . && break; sleep 0.2; done; ss -Hltn 'sport = :2380'",
    );
    expect(listening).toContain("10.64.30.10:2380");
    const without = await inMachine("i-a", `(sleep 1; echo) | ${peer} 2>&1 || true`);
    const withOwn = await inMachine("i-a", `(sleep 1; echo) | ${peer} ${own} 2>&1 || true`);
    expect(without).toMatch(/alert (?:bad certificate|certificate required)/);
    expect(withOwn).not.toMatch(/alert/);
  });
});

describe("on the rack's gateway", () => {
  it("HAProxy takes its configuration", async () => {
    await turnInto(hostOf(prod, "coral-reef/gateway"));
    expect(await inMachine("i-a", "haproxy -c -f /etc/haproxy/haproxy.cfg 2>&1")).toContain(
      "Configuration file is valid",
    );
  }, 300_000);
});

describe("on a server", () => {
  it("the stand-in refuses what is above the rate and its burst, over TLS on 8080", async () => {
    await turnInto(towerWith(modes.server));
    const said = await inMachine(
      "i-a",
      `systemctl restart nginx
       for i in $(seq 15); do curl -sk -o /dev/null -w '%{http_code}\\n' https://127.0.0.1:8080/api/v1/status; done | sort | uniq -c
       curl -sk https://127.0.0.1:8443/health; for i in $(seq 30); do curl -sk -o /dev/null https://127.0.0.1:8443/health; done
       curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:8443/health`,
    );
    // One at once, and a burst of ten; a request a second comes in addition while the others are made.
    const [ok = "", refused = ""] = said.split("\n").map((line) => line.trim());
    expect(ok).toMatch(/^1[1-4] 200$/);
    expect(refused).toMatch(/^[1-4] 429$/);
    expect(said).toContain('{"status":"ok","standIn":true}');
    expect(said).toMatch(/200$/);
  }, 300_000);
});

describe("on a peer-to-peer hub", () => {
  const secret = Buffer.alloc(32, 7).toString("base64");
  const address = "192.168.1.100";

  beforeAll(async () => {
    const p2p = { relayTo: ["192.168.1.0/24"] };
    await turnInto(towerWith({ ...modes.p2p_hub, p2p }));
    await inMachine(
      "i-a",
      `chown root:turnserver /etc/turnserver.conf /etc/coral-reef/certs/turn.key; chmod 640 /etc/coral-reef/certs/turn.key
       ip address replace ${address}/32 dev lo; systemctl restart coturn`,
    );
  }, 300_000);

  /** Relays two messages through coturn with a credential that ends in so many seconds. */
  async function relays(seconds: number): Promise<string> {
    const user = `${Math.floor(Date.now() / 1000) + seconds}:coral`;
    const password = createHmac("sha1", secret).update(user).digest("base64");
    const words = `turnutils_uclient -y -n 2 -m 1 -u '${user}' -w '${password}' ${address}`;
    return await inMachine("i-a", `timeout 20 ${words} 2>&1 || true`);
  }

  it("coturn relays with a credential that was issued", async () => {
    expect(await relays(600)).toContain("Total lost packets 0 ");
  });

  it("coturn refuses one that has ended", async () => {
    expect(await relays(-600)).toContain("Cannot complete Allocation");
  });
});

describe("the storage", () => {
  it("exports its folder to towers alone", async () => {
    await turnInto(hostOf(prod, "coral-reef/storage"));
    const client = "10.64.40.10";
    await inMachine(
      "i-a",
      `ip address replace 10.64.40.5/32 dev eth0; ip route replace ${client}/32 dev eth0 src 10.64.40.5; systemctl restart nfs-ganesha`,
    );
    await inMachine("pi-b", "apt-get -qq update && apt-get -qq -y install libnfs-utils", 180);
    const folder = "nfs://10.64.40.5/coral-reef/shared";
    await inMachine("pi-b", `ip address replace ${client}/32 dev eth0; echo kept >/tmp/kept`);
    await inMachine("pi-b", `ip route replace 10.64.40.5/32 dev eth0 src ${client}`);
    const script = `for i in $(seq 60); do nfs-cp /tmp/kept '${folder}/kept?version=4' 2>/dev/null && break; sleep 1; done; nfs-cat '${folder}/kept?version=4'`;
    expect(await inMachine("pi-b", script, 120)).toContain("kept");
    expect(await inMachine("i-a", "cat /coral-reef/shared/kept")).toBe("kept");
    await inMachine("pi-b", `ip route replace 10.64.40.5/32 dev eth0 src ${addresses["pi-b"]}`);
    const other = await inMachine("pi-b", `nfs-ls '${folder}?version=4' 2>&1 || true`);
    expect(other).toContain("NFS4ERR_NOENT");
  }, 400_000);

  it("by iSCSI has a disk for each tower, and keeps it", async () => {
    const iscsi = planWith(["sites coral-reef rack storage type", "iscsi"]);
    await turnInto(hostOf(iscsi, "coral-reef/storage"));
    const show = "tgtadm --mode target --op show | grep -oE 'iqn.2026-01.io.blackroad:.*|/coral-reef/.*img'";
    const shown = await inMachine("i-a", `systemctl restart tgt; ${show}`);
    expect(shown.split("\n").map((line) => line.trim())).toEqual(
      ["node-1", "node-2", "node-3"].flatMap((name) => [
        `iqn.2026-01.io.blackroad:coral-reef-prod.${name}`,
        `/coral-reef/shared/${name}.img`,
      ]),
    );
    const kept =
      "echo mine | dd of=/coral-reef/shared/node-1.img conv=notrunc status=none; systemctl restart tgt";
    expect(await inMachine("i-a", `${kept}; head -c 4 /coral-reef/shared/node-1.img`)).toBe("mine");
  }, 300_000);
});

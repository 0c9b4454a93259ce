/**
 * A real systemd host under the misfortunes that hosts must survive. After each it can be reached, is on a whole
 * generation, and the next update converges and leaves nothing to do.
 *
 * ROADNET_SEED repeats a run, ROADNET_FAULT_RUNS says how many misfortunes there are, ROADNET_FAULT chooses one kind by
 * its name.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { file } from "./fault-document.ts";
import { FaultHost } from "./fault-host.ts";
import { faults, type Fault } from "./fault-kinds.ts";
import { seededRandom } from "./interrupt.ts";

const seed = Number(process.env.ROADNET_SEED ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(process.env.ROADNET_FAULT_RUNS ?? 6);
const wanted = process.env.ROADNET_FAULT;
const kinds = faults.filter(({ name }) => wanted === undefined || name === wanted);

/** Every kind comes before one comes again, the heavy ones more often. */
function draw(count: number): readonly Fault[] {
  const random = seededRandom(seed);
  const drawn: Fault[] = [];
  let deck: Fault[] = [];
  while (drawn.length < count) {
    if (deck.length === 0) deck = kinds.flatMap((kind) => new Array<Fault>(kind.weight).fill(kind));
    drawn.push(...deck.splice(Math.floor(random() * deck.length), 1));
  }
  return drawn;
}

const host = new FaultHost();
let committed = "";
let steps = 0;

beforeAll(async () => {
  process.stdout.write(`host-faults: ROADNET_SEED=${seed} ROADNET_FAULT_RUNS=${runs}\n`);
  await host.start();
  await host.up(host.document("start"));
  expect(await host.word()).toBe("start");
  // One that nothing disturbs says how many steps there are.
  host.instruct();
  await host.up(host.document("settled"));
  steps = host.log().filter((line) => line.startsWith("apply ")).length;
  committed = "settled";
}, 600_000);
afterAll(() => host.remove(), 120_000);

test("an apply has steps, before each of which something may happen", () => {
  expect(steps).toBeGreaterThan(60);
});

test("a changed port is taken up by what listens on it; nothing else restarts, and connections stay", async () => {
  const proxy = (port: number): string =>
    `# settled\ndefaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nfrontend f\n  bind :${port}\n`;
  const moved = (port: number) =>
    host.document("settled", {}, [file("/etc/haproxy/haproxy.cfg", proxy(port))]);
  const running = () =>
    host.inside("systemctl show -P Id -P ActiveEnterTimestampMonotonic -P MainPID saying nginx ssh haproxy");
  const listening = () => host.inside("ss -Hltnp | grep -o ':840[0-9].*((\"[a-z]*' | tr -s ' ' | sort -u");
  const before = await running();
  expect(await listening()).toMatch(/:8404 .*haproxy/);
  const session = host.session("echo there; read -r line; echo still $line");
  await host.up(moved(8406));
  session.child.stdin.end("there\n");
  expect(await session.ended).toMatchObject({ exitCode: 0, stdout: "there\nstill there\n" });
  expect(await listening()).toMatch(/:8406 .*haproxy/);
  expect(await listening()).not.toMatch(/:8404/);
  expect(await running()).toBe(before);
  await host.up(moved(8404));
});

describe.each([...draw(runs).entries()])("%i", (index, { name, strike }) => {
  test(name, { timeout: 300_000 }, async ({ task, onTestFailed }) => {
    const next = `word${seed}-${index}${index % 2 === 0 ? "" : "-"}`;
    const random = seededRandom(seed + index);
    // One that fails must not take the others with it.
    onTestFailed(async () => {
      await host.replace();
      await host.up(host.document("settled"));
      committed = "settled";
    });
    const what = await strike({ host, random, next, before: committed, steps });
    (task.meta as { note?: string }).note = what;
    host.forgetInstructions();

    // One that waits for its confirmation is whole too.
    const { generation } = await host.settled(["idle", "staged", "applied"]);
    // A fresh host is on none.
    if (generation > 0) expect([committed, next, `${next}x`], what).toContain(await host.word());

    await host.up(host.document(next));
    expect(await host.word(), what).toBe(next);
    expect(await host.status(), what).toMatchObject({ phase: "idle", drift: [] });
    expect(await host.isUpToDate(host.document(next)), `${what}; then a preview has nothing to do`).toBe(
      true,
    );
    committed = next;
  });
});

/** What goes wrong when it is asked to, what survives it, and drift. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestService } from "./service.ts";

let service: TestService;
let zone = "";

beforeEach(async () => {
  service = new TestService();
  await service.start();
  zone = await service.zone("blackroad.io");
});
afterEach(() => service.remove());

const body = { name: "vpn", type: "A", content: "198.18.1.5" };

function create(content = body.content) {
  return service.call("POST", `/zones/${zone}/dns_records`, { ...body, content });
}

async function contents(): Promise<readonly unknown[]> {
  const [described] = await service.control.describe();
  return (described?.dns_records ?? []).map((record) => record.content);
}

test("429 on the second matching call, with the time to wait", async () => {
  await service.control.addFault({
    fault: "throttle",
    nth: 2,
    seconds: 3,
    match: { method: "post", path: "dns_records$" },
  });
  expect((await create("198.18.1.1")).success).toBe(true);
  expect((await service.call("GET", `/zones/${zone}/dns_records`)).success).toBe(true);
  const throttled = await create("198.18.1.2");
  expect([throttled.status, throttled.errors[0]?.code]).toEqual([429, 971]);
  expect(throttled.headers.get("retry-after")).toBe("3");
  expect((await create("198.18.1.3")).success).toBe(true);
  expect(await contents()).toEqual(["198.18.1.1", "198.18.1.3"]);
  expect((await service.control.faults()).faults).toMatchObject([{ seen: 3, state: "done" }]);
});

test("500 before or after the change, twice", async () => {
  await service.control.addFault({ fault: "error", times: 2 });
  expect((await create()).status).toBe(500);
  expect((await create()).status).toBe(500);
  expect(await contents()).toEqual([]);
  await service.control.addFault({ fault: "error", when: "after" });
  expect((await create()).status).toBe(500);
  expect(await contents()).toEqual(["198.18.1.5"]);
});

test("a connection cut before the change, and in the middle of the answer", async () => {
  await service.control.addFault({ fault: "drop" });
  await expect(create()).rejects.toThrow();
  expect(await contents()).toEqual([]);
  await service.control.addFault({ fault: "drop", when: "after" });
  await expect(create()).rejects.toThrow();
  expect(await contents()).toEqual(["198.18.1.5"]);
});

test("a time-out ends in a cut connection", async () => {
  await service.control.addFault({ fault: "timeout", seconds: 0.2 });
  const start = Date.now();
  await expect(create()).rejects.toThrow();
  expect(Date.now() - start).toBeGreaterThanOrEqual(190);
});

test("a call is held until it is released", async () => {
  await service.control.addFault({ fault: "hold", when: "after" });
  let isAnswered = false;
  const held = create().then((answer) => {
    isAnswered = true;
    return answer;
  });
  for (let tries = 0; tries < 100 && (await service.control.faults()).holding === 0; tries += 1)
    await sleep(20);
  expect(await contents()).toEqual(["198.18.1.5"]);
  expect(isAnswered).toBe(false);
  await service.control.clearFaults();
  expect((await held).success).toBe(true);
});

test.each([
  ["before", []],
  ["during", []],
  ["after", ["198.18.1.5"]],
] as const)("killed %s the change: all of it is there, or nothing", async (when, expected) => {
  const { token } = service;
  await service.control.addFault({ fault: "die", when });
  await expect(create()).rejects.toThrow();
  expect(await service.ended()).toBe("SIGKILL");
  await service.start();
  expect(service.token).toBe(token);
  expect(await contents()).toEqual(expected);
  // And it goes on as if nothing had been.
  const again = await create();
  expect(again.success).toBe(expected.length === 0);
});

test("killed under load, it has exactly what it answered", async () => {
  const answered: string[] = [];
  const load = Array.from({ length: 60 }, async (_, index) => {
    const content = `198.18.3.${index}`;
    try {
      if ((await create(content)).success) answered.push(content);
    } catch {
      // Cut off: whether this one was made is not known.
    }
  });
  await sleep(60);
  await service.stop("SIGKILL");
  await Promise.all(load);
  await service.start();
  const kept = await contents();
  expect(kept).toEqual(expect.arrayContaining(answered));
});

test("a fault that makes no sense is refused in a sentence", async () => {
  await expect(service.control.addFault({ fault: "throttle", when: "after" })).rejects.toThrow("not done");
  await expect(service.control.addFault({ fault: "drop", nth: 0 })).rejects.toThrow("nth must be");
  await expect(service.control.addFault({ fault: "hold", when: "during" })).rejects.toThrow(
    "only cloudflare's fault die",
  );
});

test("drift goes by the API's own rules", async () => {
  const { control } = service;
  const made = await control.drift({ action: "create", kind: "record", zone: "blackroad.io", set: body });
  await expect(
    control.drift({ action: "create", kind: "record", zone: "blackroad.io", set: body }),
  ).rejects.toThrow("An identical record already exists.");
  await control.drift({ action: "modify", kind: "record", zone, id: made.id, set: { ttl: 600 } });
  expect((await control.describe())[0]?.dns_records[0]).toMatchObject({ ttl: 600, content: "198.18.1.5" });
  await control.drift({ action: "delete", kind: "record", zone, name: "vpn.blackroad.io", type: "A" });
  await control.drift({ action: "modify", kind: "zone", zone, set: { status: "moved" } });
  expect((await control.describe())[0]).toMatchObject({ status: "moved", dns_records: [] });
  await control.drift({ action: "delete", kind: "zone", zone: "blackroad.io" });
  expect(await control.describe()).toEqual([]);
  await expect(control.drift({ action: "delete", kind: "zone", zone })).rejects.toThrow("there is no zone");
});

test("calls are listed with what came of them, and without the token", async () => {
  await service.control.addFault({ fault: "error", match: { path: "dns_records$" } });
  await create();
  const calls = await service.control.calls();
  expect(calls.map(({ method, path, status, fault }) => [method, path, status, fault])).toEqual([
    ["POST", "/client/v4/zones", 200, undefined],
    ["POST", `/client/v4/zones/${zone}/dns_records`, 500, "error"],
  ]);
  expect(JSON.stringify(calls)).not.toContain(service.token);
});

test("the token is for its owner alone, and one service serves a sandbox", async () => {
  const mode = statSync(join(service.paths.keys, "cloudflare-token")).mode & 0o777;
  expect(mode).toBe(0o600);
  const second = new TestService();
  Object.assign(second, { paths: service.paths });
  await expect(second.start()).rejects.toThrow("already runs");
});

test("an address that cannot be had ends the service, also when it listens on others already", async () => {
  const second = new TestService();
  await expect(second.start(`127.0.0.1:${service.dnsPort}`)).rejects.toThrow("EADDRINUSE");
  expect(await second.ended()).toBeNull();
  await second.remove();
});

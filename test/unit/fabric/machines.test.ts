import { describe, expect, it, vi } from "vitest";
import { Machines, type MachineDriver } from "../../../sandbox/fabric/machines.ts";
import type { Machine } from "../../../sandbox/hosts/machine.ts";

function machine(name: string, instanceId = name): Machine {
  return {
    name,
    namespace: `rn-abcdef-h-${name}`,
    kind: "instance",
    hostname: name,
    address: "10.0.0.10",
    gateway: "10.0.0.1",
    prefixLength: 24,
    dns: [],
    instanceId,
  };
}

/** Hosts whose starts are finished by the test, one by one or at once. */
class FakeHosts implements MachineDriver {
  readonly running = new Map<string, Machine>();
  readonly disks = new Set<string>();
  readonly calls: string[] = [];
  readonly #starts = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  held = false;
  failures = 0;

  async startMachine(one: Machine): Promise<void> {
    this.calls.push(`start ${one.name}`);
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error("it does not boot");
    }
    if (this.held) {
      await new Promise<void>((resolve, reject) => this.#starts.set(one.name, { resolve, reject }));
    }
    this.running.set(one.name, one);
    this.disks.add(one.name);
  }

  stopMachine(name: string): Promise<void> {
    this.calls.push(`stop ${name}`);
    this.running.delete(name);
    return Promise.resolve();
  }

  destroyMachine(name: string): Promise<void> {
    this.calls.push(`destroy ${name}`);
    this.running.delete(name);
    this.disks.delete(name);
    return Promise.resolve();
  }

  runningMachines(): readonly Machine[] {
    return [...this.running.values()];
  }

  existingMachines(): readonly string[] {
    return [...this.disks];
  }

  finish(name: string): void {
    this.#starts.get(name)?.resolve();
  }
}

function setUp() {
  const hosts = new FakeHosts();
  const ended = vi.fn();
  return { hosts, ended, machines: new Machines(hosts, ended, () => undefined) };
}

describe("Machines", () => {
  it("boots four at once, and the next when one is up", async () => {
    const { hosts, machines } = setUp();
    hosts.held = true;
    machines.want(
      ["a", "b", "c", "d", "e"].map((name) => machine(name)),
      [],
    );
    expect(hosts.calls).toEqual(["start a", "start b", "start c", "start d"]);
    hosts.finish("b");
    await vi.waitFor(() => {
      expect(hosts.calls.at(-1)).toBe("start e");
    });
    expect(machines.status().find(({ name }) => name === "b")?.state).toBe("done");
    for (const name of ["a", "c", "d", "e"]) {
      hosts.finish(name);
    }
    await machines.settled();
    expect([...hosts.running.keys()].sort()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("asks for nothing twice", async () => {
    const { hosts, machines } = setUp();
    machines.want([machine("a")], []);
    await machines.settled();
    machines.want([machine("a")], []);
    await machines.settled();
    expect(hosts.calls).toEqual(["start a"]);
  });

  it("keeps a stopped instance's disk, and destroys what is not wanted at all", async () => {
    const { hosts, machines, ended } = setUp();
    hosts.disks.add("left-by-a-crash");
    machines.want([machine("a"), machine("b")], []);
    await machines.settled();
    machines.want([], ["a"]);
    await machines.settled();
    expect(hosts.calls.toSorted()).toEqual([
      "destroy b",
      "destroy left-by-a-crash",
      "start a",
      "start b",
      "stop a",
    ]);
    expect([...hosts.disks]).toEqual(["a"]);
    expect(ended).toHaveBeenCalledTimes(3);
    expect(machines.present()).toEqual(new Set());
  });

  it("starts again what has died, and what is another machine under an old name", async () => {
    const { hosts, machines } = setUp();
    machines.want([machine("a")], []);
    await machines.settled();
    hosts.running.delete("a");
    machines.want([machine("a")], []);
    await machines.settled();
    machines.want([machine("a", "i-other")], []);
    await machines.settled();
    expect(hosts.calls).toEqual(["start a", "start a", "start a"]);
  });

  it("ends a machine that became unwanted while it booted, and holds its namespace until then", async () => {
    const { hosts, machines } = setUp();
    hosts.held = true;
    machines.want([machine("a")], []);
    machines.want([], []);
    expect(machines.present()).toEqual(new Set(["a"]));
    hosts.finish("a");
    await vi.waitFor(() => {
      expect(hosts.calls).toEqual(["start a", "destroy a"]);
    });
    await machines.settled();
    expect(machines.status()).toEqual([]);
  });

  it("tries a failed boot three times in all, and says why", async () => {
    vi.useFakeTimers();
    try {
      const { hosts, machines } = setUp();
      hosts.failures = 5;
      machines.want([machine("a")], []);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(hosts.calls).toEqual(["start a", "start a", "start a"]);
      expect(machines.status()).toEqual([
        { name: "a", goal: "run", state: "failed", error: "it does not boot" },
      ]);
    } finally {
      vi.useRealTimers();
    }
  });
});

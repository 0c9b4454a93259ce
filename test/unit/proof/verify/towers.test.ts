/** A machine of a LAN that becomes a tower, in each mode that needs no rack. */
import { expect, it } from "vitest";
import { toldOf } from "./subject.ts";

const ports = {
  local: { primary: "eth1", secondary: "eth0", management: "eth2" },
  server: { primary: "eth1", secondary: "eth0", management: "eth2" },
  p2p_hub: { primary: "eth0", secondary: "eth1", management: "eth2" },
};

it.each(["local", "server", "p2p_hub"] as const)(
  "in mode %s it asks nobody for names whom its outbound table refuses",
  (mode) => {
    const machine = "hosts edge-home lucidia-alt";
    const told = toldOf("sandbox", {
      flows: undefined,
      [`${machine} role`]: "tower",
      [`${machine} tower`]: { mode, ports: ports[mode] },
    });
    expect(told).toEqual([]);
  },
);

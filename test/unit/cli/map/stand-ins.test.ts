/** What stands in for Node's modules in the page does what they do. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Buffer as PageBuffer } from "../../../../cli/map/page/node-buffer.ts";
import { createHash as pageHash } from "../../../../cli/map/page/node-crypto.ts";

describe("the page's createHash", () => {
  it("is SHA-256, at every length around its blocks", () => {
    for (let length = 0; length < 200; length++) {
      const text = "aß€".repeat(length).slice(0, length);
      expect(pageHash("sha256").update(text).digest("hex")).toBe(
        createHash("sha256").update(text).digest("hex"),
      );
    }
  });

  it("joins what is given in parts, and reads numbers of it", () => {
    const whole = createHash("sha256").update("one").update("two");
    const made = pageHash("sha256").update("one").update(new TextEncoder().encode("two"));
    expect(made.digest().readUInt32BE(4)).toBe(whole.digest().readUInt32BE(4));
    expect(() => pageHash("md5")).toThrow("the page has no md5");
  });
});

describe("the page's Buffer", () => {
  it.each(["", "AAAAC3NzaC1lZDI1NTE5", "AAAA=", "QUJ", "QUI=", "Q", "-_-_", "no base64!"])(
    "reads %j as Node does",
    (text) => {
      const [ours, nodes] = [PageBuffer.from(text, "base64"), Buffer.from(text, "base64")];
      expect([...ours]).toEqual([...nodes]);
      expect(ours.toString("base64")).toBe(nodes.toString("base64"));
      expect(ours.subarray(1, 3).toString("latin1")).toBe(nodes.subarray(1, 3).toString("latin1"));
      if (nodes.length >= 4) expect(ours.readUInt32BE(0)).toBe(nodes.readUInt32BE(0));
    },
  );
});

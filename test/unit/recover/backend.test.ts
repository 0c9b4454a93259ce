import { homedir } from "node:os";
import { describe, expect, test } from "vitest";
import { backendKind, fileBackendFolder, isLockRefusal } from "../../../cli/recover/backend.ts";

describe("where the state is kept", () => {
  test.each([
    ["file:///srv/state", "/srv/state"],
    ["file:///srv/state?no_tmp_dir=false", "/srv/state"],
    ["file://~", homedir()],
    ["file://~/state", `${homedir()}/state`],
    ["file://./state", "/project/state"],
    ["file://state", "/project/state"],
  ])("%s is the folder %s", (url, folder) => {
    expect(fileBackendFolder(url, "/project")).toBe(folder);
  });

  test.each(["s3://state?region=us-west-2", "https://api.pulumi.com", "postgres://u:p@db/state"])(
    "%s is no folder",
    (url) => {
      expect(fileBackendFolder(url, "/project")).toBeUndefined();
    },
  );

  test("only the kind of a backend is told", () => {
    expect(backendKind("postgres://user:secret@db/state")).toBe("postgres://");
    expect(backendKind("s3://state?region=us-west-2")).toBe("s3://");
  });
});

test("a locked stack is told from other refusals, by what pulumi prints", () => {
  const locked =
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end …";
  const updating = "error: [409] Conflict: Another update is currently in progress.";
  expect([locked, updating].map(isLockRefusal)).toEqual([true, true]);
  expect(isLockRefusal("error: could not decode deployment")).toBe(false);
});

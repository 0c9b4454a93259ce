/** What `roadnet verify` found, at the boxes of the drawing that it is about. */
import type { PlanFinding, Verification, Violation } from "../../components/proof/verify/model.ts";
import { findingLines, violationLines, type Place } from "../../components/proof/verify/report.ts";
import { parsePath } from "../path.ts";
import { idOf } from "./box.ts";
import type { BoxKind, Mark } from "./model.ts";
import { boxOfPlace } from "./way.ts";

/** What the first keys of a path of the stack's file name, with the kinds of boxes that stand for it. */
const named: Readonly<Record<string, (keys: readonly string[]) => readonly (readonly [BoxKind, string])[]>> =
  {
    hosts: ([place = "", name = ""]) => [
      ["host", `${place}/${name}`],
      ["region", place],
      ["site", place],
    ],
    regions: ([region = "", part = "", tier = ""]) => [
      ...(part === "subnets" ? ([["tier", `${region}/${tier}`]] as const) : []),
      ["region", region],
    ],
    sites: ([site = ""]) => [["site", site]],
    wireguard: ([, key = ""]) => [
      ["host", key],
      ["region", key],
      ["vpn", ""],
    ],
    dns: (keys) => [
      ["zone", keys[1] ?? ""],
      ["zone", keys.slice(1, 3).join(".")],
      ["edge", ""],
    ],
    cloudflare: (keys) => [
      ["balancer", keys[1] ?? ""],
      ["balancer", keys.slice(1, 4).join(".")],
      ["tunnel", keys[1] ?? ""],
      ["edge", ""],
    ],
    operator: () => [["operator", ""]],
  };

/** The box for a place in the stack's file. */
function boxOfPath(path: string, isDrawn: (id: string) => boolean): string[] {
  const [first = "", ...keys] = parsePath(path).map(String);
  const ids = (named[first]?.(keys) ?? []).map(([kind, key]) => idOf(kind, key));
  return ids.filter(isDrawn).slice(0, 1);
}

/** The box of an end as violations name it: `us-west/api-1`, `device edge-home/192.168.4.0/24`, `internet`. */
function boxOfEnd(end: string, isDrawn: (id: string) => boolean): string[] {
  const device = /^(?:a )?device (?:in )?(.+)$/.exec(end)?.[1];
  const id = device === undefined ? boxOfPlace(end, isDrawn) : idOf("device", device);
  return id === undefined || !isDrawn(id) ? [] : [id];
}

/** More boxes than these would mark everything. */
const mostEnds = 6;

function ofViolation(violation: Violation, where: Place, isDrawn: (id: string) => boolean): Mark {
  const [, title = "", ...lines] = violationLines(violation, where).map((line) => line.trim());
  const { place, from, to, path } = violation;
  const decides = boxOfPlace(place.split(", ")[0] ?? "", isDrawn);
  const ends = [...to, ...from].slice(0, mostEnds).flatMap((end) => boxOfEnd(end, isDrawn));
  const boxes = [...(decides === undefined ? [] : [decides]), ...ends, ...boxOfPath(path, isDrawn)];
  return { boxes: [...new Set(boxes)], title, lines, where: where(path) };
}

export function ofFinding(finding: PlanFinding, where: Place, isDrawn: (id: string) => boolean): Mark {
  const [, title = "", ...lines] = findingLines(finding, where).map((line) => line.trim());
  return { boxes: boxOfPath(finding.path, isDrawn), title, lines, where: where(finding.path) };
}

/** @param where how a path of the stack's file is shown */
export function marksOf(
  { violations, findings }: Pick<Verification, "violations" | "findings">,
  where: Place,
  isDrawn: (id: string) => boolean,
): Mark[] {
  return [
    ...violations.map((violation) => ofViolation(violation, where, isDrawn)),
    ...findings.map((finding) => ofFinding(finding, where, isDrawn)),
  ];
}

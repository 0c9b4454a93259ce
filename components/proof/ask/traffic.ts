/** What is asked about, as people write it. */
import { unionAll } from "../sets/intervals.ts";
import { icmpTraffic, parseTraffic, type TrafficSet } from "../sets/traffic.ts";
import { QuestionError } from "./endpoint.ts";

const lastPort = 65535;

/** Other words for everything. */
const everything: readonly string[] = ["all", "any", "everything", "*"];

/** Other words for an echo request. */
const echo: readonly string[] = ["icmp", "ping"];

function wrong(text: string, why: string): QuestionError {
  return new QuestionError(`${text} is no traffic: ${why}`);
}

/** `443/tcp` of `443/tcp`, `tcp/443`, `TCP:443`; a word as it is. */
function itemOf(text: string): string {
  if (everything.includes(text)) return "all";
  if (echo.includes(text)) return "icmp";
  const [, before, after] = /^(tcp|udp)[/:](\d+(?:-\d+)?)$/.exec(text) ?? [];
  const item = before === undefined ? text : `${after ?? ""}/${before}`;
  const [, from, to, protocol] = /^(\d+)(?:-(\d+))?(?:\/(.*))?$/.exec(item) ?? [];
  if (from === undefined) return item;
  const ports = [Number(from), Number(to ?? from)] as const;
  const [first, last] = ports;
  const range = first === last ? `${first}` : `${first}-${last}`;
  if (protocol === undefined) throw wrong(text, `say which protocol, such as ${range}/tcp`);
  if (last > lastPort || first > lastPort) throw wrong(text, `ports end at ${lastPort}`);
  if (first > last) throw wrong(text, `a range runs upwards, ${last}-${first}/${protocol}`);
  if (last === 0) throw wrong(text, "nothing listens on port 0");
  return `${range}/${protocol}`;
}

/**
 * The one spelling of what people write in several: `443/tcp`, `tcp/443`, `22/TCP, 8080-8090/tcp`, `icmp`, `any`.
 * @throws {QuestionError} where it is no traffic
 */
export function spellQuestion(text: string): string {
  const items = text
    .toLowerCase()
    .split(",")
    .map((item) => itemOf(item.trim()));
  // Whoever has a look at them says what else is wrong.
  for (const item of items) setOf(item);
  return items.join(", ");
}

function setOf(item: string): TrafficSet {
  try {
    return parseTraffic(item);
  } catch (error) {
    throw item === ""
      ? new QuestionError("nothing is asked about: say 443/tcp, icmp or all")
      : new QuestionError((error as Error).message);
  }
}

/**
 * @param text as {@link spellQuestion} spells it, or as people do
 * @param isV6 whether it is about IPv6, whose echo request has another number
 * @throws {QuestionError} where it is no traffic
 */
export function questionTraffic(text: string, isV6 = false): TrafficSet {
  const items = spellQuestion(text).split(", ");
  return unionAll(items.map((item) => (isV6 && item === "icmp" ? icmpTraffic("icmpv6", 128) : setOf(item))));
}

/** DNS over loopback sockets: what is answered, how, and what is not. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import * as dns from "dns-packet";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestService } from "./service.ts";

const service = new TestService();

interface Decoded extends dns.DecodedPacket {
  readonly rcode: string;
}

/** Sends bytes over UDP; `undefined` if nothing comes back in time. */
async function exchange(query: Buffer, waitMilliseconds = 2_000): Promise<Buffer | undefined> {
  const socket = createSocket("udp4");
  const answer = once(socket, "message", { signal: AbortSignal.timeout(waitMilliseconds) });
  socket.send(query, service.dnsPort, "127.0.0.1");
  try {
    const [message] = (await answer) as [Buffer];
    return message;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

function query(name: string, type: string, additionals: dns.Answer[] = []): Buffer {
  return dns.encode({
    type: "query",
    id: 4711,
    flags: dns.RECURSION_DESIRED,
    questions: [{ type: type as dns.RecordType, name, class: "IN" }],
    additionals,
  });
}

const edns = (size: number, version = 0) =>
  ({
    type: "OPT",
    name: ".",
    udpPayloadSize: size,
    ednsVersion: version,
    options: [],
  }) as unknown as dns.Answer;

/** Asks up to three times, as resolvers do: UDP may lose a packet. */
async function ask(name: string, type: string): Promise<Decoded> {
  let answer: Buffer | undefined;
  for (let tries = 0; tries < 3 && answer === undefined; tries += 1) {
    answer = await exchange(query(name, type, [edns(1232)]));
  }
  if (answer === undefined) throw new Error(`no answer about ${name} ${type}`);
  return dns.decode(answer) as Decoded;
}

/** `TYPE data` of each answer. */
async function data(name: string, type: string): Promise<readonly string[]> {
  const { answers = [] } = await ask(name, type);
  return answers.map((answer) => {
    const value = (answer as { data: unknown }).data;
    if (Array.isArray(value)) return `${answer.type} ${value.map(String).join("|")}`;
    return `${answer.type} ${typeof value === "string" ? value : JSON.stringify(value)}`;
  });
}

async function overTcp(...queries: readonly Buffer[]): Promise<readonly Decoded[]> {
  const socket = connect(service.dnsPort, "127.0.0.1");
  await once(socket, "connect");
  for (const message of queries) {
    const prefix = Buffer.alloc(2);
    prefix.writeUInt16BE(message.length);
    socket.write(prefix);
    socket.write(message);
  }
  let bytes = Buffer.alloc(0);
  const replies: Decoded[] = [];
  while (replies.length < queries.length) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      const length = bytes.readUInt16BE(0);
      replies.push(dns.decode(bytes.subarray(2, 2 + length)) as Decoded);
      bytes = bytes.subarray(2 + length);
    }
  }
  socket.destroy();
  return replies;
}

beforeAll(async () => {
  await service.start();
  const zone = await service.zone("blackroad.io");
  await service.zone("sandbox.example");
  const records: readonly Readonly<Record<string, unknown>>[] = [
    { name: "vpn", type: "A", content: "198.18.1.5", ttl: 60 },
    { name: "vpn", type: "AAAA", content: "2001:db8::5" },
    { name: "www", type: "CNAME", content: "vpn.blackroad.io" },
    { name: "far", type: "CNAME", content: "page.sandbox.test" },
    { name: "nowhere", type: "CNAME", content: "missing.blackroad.io" },
    { name: "lb", type: "A", content: "198.18.1.2", proxied: true },
    { name: "lb", type: "A", content: "198.18.1.3" },
    { name: "lb", type: "TXT", content: "beside" },
    { name: "app", type: "CNAME", content: "vpn.blackroad.io", proxied: true },
    { name: "flat", type: "CNAME", content: "vpn.blackroad.io", settings: { flatten_cname: true } },
    { name: "@", type: "CNAME", content: "vpn.blackroad.io" },
    { name: "@", type: "MX", content: "mx.example.net", priority: 10 },
    { name: "@", type: "TXT", content: '"v=spf1 -all" "second \\"string\\""' },
    { name: "@", type: "CAA", data: { flags: 0, tag: "issue", value: "letsencrypt.org" } },
    {
      name: "_sip._tcp",
      type: "SRV",
      data: { priority: 1, weight: 2, port: 5060, target: "vpn.blackroad.io" },
    },
    { name: "*.wild", type: "A", content: "198.18.1.9" },
    { name: "own.wild", type: "TXT", content: "no address" },
    { name: "deep.empty", type: "A", content: "198.18.1.8" },
    { name: "loop1", type: "CNAME", content: "loop2.blackroad.io" },
    { name: "loop2", type: "CNAME", content: "loop1.blackroad.io" },
    { name: "tls", type: "TLSA", data: { usage: 3, selector: 1, matching_type: 1, certificate: "ab" } },
    ...Array.from({ length: 25 }, (_, n) => ({ name: "some", type: "A", content: `198.18.5.${n}` })),
    ...Array.from({ length: 60 }, (_, n) => ({ name: "many", type: "A", content: `198.18.4.${n}` })),
  ];
  for (const record of records) {
    const { errors } = await service.call("POST", `/zones/${zone}/dns_records`, record);
    expect(errors).toEqual([]);
  }
});
afterAll(() => service.remove());

describe("answers", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ["vpn.blackroad.io", "A", ["A 198.18.1.5"]],
    ["vpn.blackroad.io", "AAAA", ["AAAA 2001:db8::5"]],
    ["www.blackroad.io", "A", ["CNAME vpn.blackroad.io", "A 198.18.1.5"]],
    ["www.blackroad.io", "CNAME", ["CNAME vpn.blackroad.io"]],
    ["far.blackroad.io", "A", ["CNAME page.sandbox.test", "A 192.0.2.80"]],
    ["lb.blackroad.io", "A", ["A 104.16.0.10", "A 104.16.0.11"]],
    ["lb.blackroad.io", "AAAA", []],
    ["lb.blackroad.io", "TXT", ["TXT beside"]],
    ["app.blackroad.io", "A", ["A 104.16.0.10", "A 104.16.0.11"]],
    ["app.blackroad.io", "CNAME", []],
    ["flat.blackroad.io", "A", ["A 198.18.1.5"]],
    ["blackroad.io", "A", ["A 198.18.1.5"]],
    ["blackroad.io", "MX", ['MX {"preference":10,"exchange":"mx.example.net"}']],
    ["blackroad.io", "TXT", ['TXT v=spf1 -all|second "string"']],
    [
      "blackroad.io",
      "CAA",
      ['CAA {"flags":0,"tag":"issue","value":"letsencrypt.org","issuerCritical":false}'],
    ],
    [
      "_sip._tcp.blackroad.io",
      "SRV",
      ['SRV {"priority":1,"weight":2,"port":5060,"target":"vpn.blackroad.io"}'],
    ],
    ["any.wild.blackroad.io", "A", ["A 198.18.1.9"]],
    ["a.b.wild.blackroad.io", "A", ["A 198.18.1.9"]],
    ["own.wild.blackroad.io", "A", []],
    ["page.sandbox.test", "A", ["A 192.0.2.80"]],
    ["page.sandbox.test", "AAAA", []],
    ["six.sandbox.test", "AAAA", ["AAAA 2001:db8::1"]],
    ["blackroad.io", "ANY", ['HINFO {"cpu":"RFC8482","os":""}']],
  ];
  test.each(cases)("%s %s", async (name, type, expected) => {
    const reply = await ask(name, type);
    expect(reply.rcode).toBe("NOERROR");
    expect(await data(name, type)).toEqual(expected);
    // A negative answer says how long it holds.
    expect(reply.authorities?.map((record) => record.type)).toEqual(expected.length === 0 ? ["SOA"] : []);
  });

  const negative: readonly (readonly [string, string, string])[] = [
    ["missing.blackroad.io", "A", "NXDOMAIN"],
    ["nowhere.blackroad.io", "A", "NXDOMAIN"],
    ["empty.blackroad.io", "A", "NOERROR"],
    ["a.vpn.blackroad.io", "A", "NXDOMAIN"],
    ["sandbox.test", "A", "NOERROR"],
    ["example.org", "A", "NXDOMAIN"],
    ["io", "NS", "NXDOMAIN"],
    ["loop1.blackroad.io", "A", "SERVFAIL"],
    ["tls.blackroad.io", "TLSA", "NOTIMP"],
    ["blackroad.io", "AXFR", "REFUSED"],
  ];
  test.each(negative)("%s %s is %s", async (name, type, code) => {
    expect((await ask(name, type)).rcode).toBe(code);
  });

  test("the zone's own SOA and name servers; ttl; the question's spelling", async () => {
    expect(await data("blackroad.io", "NS")).toHaveLength(2);
    const soa = (await ask("blackroad.io", "SOA")).answers?.[0];
    expect(soa).toMatchObject({ type: "SOA", data: { rname: "dns.cloudflare.com", minimum: 1800 } });
    const reply = await ask("VpN.bLackroad.IO", "A");
    expect(reply.answers?.[0]).toMatchObject({ name: "VpN.bLackroad.IO", ttl: 60 });
    expect(reply.id).toBe(4711);
  });

  test("a change is answered at once", async () => {
    await service.control.drift({
      action: "create",
      kind: "record",
      zone: "sandbox.example",
      set: { name: "new", type: "A", content: "198.18.1.77" },
    });
    expect(await data("new.sandbox.example", "A")).toEqual(["A 198.18.1.77"]);
  });
});

describe("transport", () => {
  test("too long for UDP: truncated, whole over TCP, several on one connection", async () => {
    const plain = dns.decode(
      (await exchange(query("many.blackroad.io", "A"))) ?? Buffer.alloc(0),
    ) as Decoded & {
      flag_tc: boolean;
    };
    expect(plain.flag_tc).toBe(true);
    expect(plain.answers).toEqual([]);
    expect(plain.additionals).toEqual([]);
    const wide = await exchange(query("some.blackroad.io", "A", [edns(1232)]));
    expect(wide?.length).toBeGreaterThan(512);
    const [many, one] = await overTcp(query("many.blackroad.io", "A"), query("vpn.blackroad.io", "A"));
    expect(many?.answers).toHaveLength(60);
    expect(one?.answers).toHaveLength(1);
  });

  test("EDNS is answered in kind, an unknown version refused", async () => {
    const reply = await ask("vpn.blackroad.io", "A");
    expect(reply.additionals?.[0]).toMatchObject({ type: "OPT", udpPayloadSize: 1232 });
    const bad = dns.decode(
      (await exchange(query("vpn.blackroad.io", "A", [edns(1232, 1)]))) ?? Buffer.alloc(0),
    );
    expect(bad.additionals?.[0]).toMatchObject({ type: "OPT", extendedRcode: 1 });
    expect(bad.answers).toEqual([]);
  });

  test("answers and fragments are not answered, other operations refused", async () => {
    expect(await exchange(Buffer.from([1, 2, 3]), 150)).toBeUndefined();
    const response = query("vpn.blackroad.io", "A");
    response[2] = (response[2] ?? 0) | 0x80;
    expect(await exchange(response, 150)).toBeUndefined();
    const update = query("vpn.blackroad.io", "A");
    update[2] = 5 << 3;
    expect((dns.decode((await exchange(update)) ?? Buffer.alloc(0)) as Decoded).rcode).toBe("NOTIMP");
    const none = query("vpn.blackroad.io", "A").subarray(0, 12);
    none.writeUInt16BE(0, 4);
    expect((dns.decode((await exchange(Buffer.from(none))) ?? Buffer.alloc(0)) as Decoded).rcode).toBe(
      "FORMERR",
    );
  });

  test("random and mutilated packets do not end it", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    let state = seed;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x80000000) * below);
    };
    const socket = createSocket("udp4");
    const good = query("www.blackroad.io", "A", [edns(1232)]);
    for (let round = 0; round < 3_000; round += 1) {
      const packet =
        round % 2 === 0
          ? Buffer.from(good)
          : Buffer.from(Array.from({ length: random(80) }, () => random(256)));
      for (let flips = random(4); flips > 0 && packet.length > 0; flips -= 1) {
        packet[random(packet.length)] = random(256);
      }
      const cut = packet.subarray(0, packet.length - random(3));
      await new Promise((resolve) => {
        socket.send(cut, service.dnsPort, "127.0.0.1", resolve);
      });
      // So that the kernel does not drop what the service has not read yet.
      if (round % 100 === 99) expect(await data("vpn.blackroad.io", "A")).toEqual(["A 198.18.1.5"]);
    }
    socket.close();
    expect(await data("vpn.blackroad.io", "A")).toEqual(["A 198.18.1.5"]);
  });
});

test("a load balancer's name is the edge's, or that of its first pool's origins; it goes before records", async () => {
  const zone = await service.zone("balanced.test");
  const account = String((await service.call("GET", "/accounts")).results[0]?.id);
  const make = async (path: string, body: object) => {
    const { result, errors } = await service.call("POST", path, body);
    expect(errors).toEqual([]);
    return String(result.id);
  };
  const pool = await make(`/accounts/${account}/load_balancers/pools`, {
    name: "dns",
    origins: [
      { name: "off", address: "198.18.1.1", enabled: false },
      { name: "on", address: "198.18.1.2" },
    ],
  });
  const balancer = { default_pools: [pool], fallback_pool: pool };
  await make(`/zones/${zone}/dns_records`, { name: "api", type: "A", content: "198.18.1.9" });
  await make(`/zones/${zone}/load_balancers`, { ...balancer, name: "api.balanced.test", proxied: true });
  await make(`/zones/${zone}/load_balancers`, { ...balancer, name: "plain.balanced.test", ttl: 60 });
  expect(await data("api.balanced.test", "A")).toEqual(["A 104.16.0.10", "A 104.16.0.11"]);
  const plain = await ask("plain.balanced.test", "A");
  expect(plain.answers).toMatchObject([{ type: "A", ttl: 60, data: "198.18.1.2" }]);
  expect(await ask("plain.balanced.test", "MX")).toMatchObject({ rcode: "NOERROR", answers: [] });
  expect(await ask("other.balanced.test", "A")).toMatchObject({ rcode: "NXDOMAIN" });
});

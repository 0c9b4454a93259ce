import { expect, it } from "vitest";
import { deletions } from "../../../sandbox/prove/connections.ts";

const dump = [
  "-A -t 19 -u UNSET -s 10.0.1.10 -d 10.1.1.10 -r 10.1.1.10 -q 10.0.1.10 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 40916",
  "-A -t 111 -u UNSET -s 10.0.10.100 -d 10.1.10.11 -r 10.1.10.11 -q 10.0.10.100 -p tcp --sport 40985 --dport 81 --reply-port-src 81 --reply-port-dst 40985 --state SYN_SENT",
  "-A -t 2 -u UNSET -s 10.0.10.60 -d 10.1.1.10 -r 10.1.1.10 -q 10.0.10.60 -p udp --sport 40956 --dport 53 --reply-port-src 53 --reply-port-dst 40956",
  "-A -t 431999 -u SEEN_REPLY,ASSURED -s 192.0.2.10 -d 198.18.0.1 -r 10.0.1.10 -q 192.0.2.10 -p tcp --sport 51000 --dport 22 --reply-port-src 22 --reply-port-dst 51000 --state ESTABLISHED",
  "",
];

it("connections of probes are ended, the longest-lived first; others' are not, nor those that end by themselves", () => {
  expect(deletions(dump.join("\n"), [[40900, 40999]])).toEqual([
    "-D -s 10.0.10.100 -d 10.1.10.11 -p tcp --sport 40985 --dport 81",
    "-D -s 10.0.1.10 -d 10.1.1.10 -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 40916",
  ]);
});

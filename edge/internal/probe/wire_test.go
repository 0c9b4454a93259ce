package probe

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

var (
	v4 = ends{
		source:          netip.MustParseAddr("10.0.10.11"),
		destination:     netip.MustParseAddr("10.1.10.11"),
		sourcePort:      40001,
		destinationPort: 8080,
	}
	v6 = ends{
		source:          netip.MustParseAddr("2001:db8::1"),
		destination:     netip.MustParseAddr("2001:db8::2"),
		sourcePort:      40001,
		destinationPort: 8080,
	}
)

const run = 0x1122334455667788

// received is what a raw socket would deliver of a segment.
func received(t *testing.T, protocol Protocol, e ends, segment []byte) packet {
	t.Helper()
	if e.source.Is4() {
		p, ok := readIPv4(e.ipv4(protocol, segment))
		if !ok {
			t.Fatalf("%v cannot be read back", e)
		}
		return p
	}
	if protocol == ICMP {
		protocol = icmpv6
	}
	p, ok := readSegment(protocol, e, segment)
	if !ok {
		t.Fatalf("%v cannot be read back", e)
	}
	return p
}

func TestQuestionsAreReadBack(t *testing.T) {
	for _, e := range []ends{v4, v6} {
		about := payload{run: run, probe: 70000}
		low := uint32(run & 0xffffffff)
		for protocol, segment := range map[Protocol][]byte{
			TCP:  e.syn(low + about.probe),
			UDP:  e.datagram(about),
			ICMP: e.echo(about),
		} {
			p := received(t, protocol, e, segment)
			if p.protocol != protocol || p.ends.source != e.source || p.ends.destination != e.destination {
				t.Errorf("%d from %v: read as %v", protocol, e.source, p)
			}
			if protocol != ICMP && (p.ends.sourcePort != e.sourcePort || p.ends.destinationPort != e.destinationPort) {
				t.Errorf("%d from %v: its ports are %d and %d", protocol, e.source, p.ends.sourcePort, p.ends.destinationPort)
			}
			if said, ok := p.message(run); !ok || said.probe != about.probe || said.isAnswer {
				t.Errorf("%d from %v: says %v, %v", protocol, e.source, said, ok)
			}
		}
	}
}

func TestAnswersAreToldFromQuestions(t *testing.T) {
	low := uint32(run & 0xffffffff)
	answer := v4.syn(1)
	binary.BigEndian.PutUint32(answer[8:], low+5+1)
	for flags, isAnswer := range map[byte]bool{
		flagSyn | flagAck: true, // something listens
		flagRst | flagAck: true, // nothing does
		flagAck:           false,
		flagRst:           false,
	} {
		answer[13] = flags
		said, ok := received(t, TCP, v4, answer).message(run)
		if ok != isAnswer || (ok && (said.probe != 5 || !said.isAnswer)) {
			t.Errorf("flags %#x: says %v, %v", flags, said, ok)
		}
	}
	for _, e := range []ends{v4, v6} {
		reply := e.echo(payload{run: run, probe: 6})
		reply[0] = echoReply
		if e.source.Is6() {
			reply[0] = echoReplyV6
		}
		if said, ok := received(t, ICMP, e, reply).message(run); !ok || said.probe != 6 || !said.isAnswer {
			t.Errorf("an echo's reply from %v: says %v, %v", e.source, said, ok)
		}
		datagram := e.datagram(payload{run: run, probe: 7, isAnswer: true})
		if said, ok := received(t, UDP, e, datagram).message(run); !ok || said.probe != 7 || !said.isAnswer {
			t.Errorf("an answer by UDP from %v: says %v, %v", e.source, said, ok)
		}
	}
}

func TestForeignPacketsSayNothing(t *testing.T) {
	about := payload{run: run + 1, probe: 1}
	unreachable := v4.echo(payload{run: run, probe: 1})
	unreachable[0] = 3
	for name, p := range map[string]packet{
		"another run's datagram": received(t, UDP, v4, v4.datagram(about)),
		"another run's echo":     received(t, ICMP, v4, v4.echo(about)),
		"somebody's datagram":    received(t, UDP, v4, make([]byte, udpHeaderLength+payloadLength)),
		"a short datagram":       received(t, UDP, v4, make([]byte, udpHeaderLength)),
		"another kind of ICMP":   received(t, ICMP, v4, unreachable),
	} {
		if said, ok := p.message(run); ok {
			t.Errorf("%s says %v", name, said)
		}
	}
}

func TestMalformedPacketsAreNotRead(t *testing.T) {
	whole := v4.ipv4(TCP, v4.syn(1))
	long := append([]byte{}, whole...)
	long[0] = 4<<4 | 15 // a header of 60 bytes
	for name, b := range map[string][]byte{
		"nothing":                     nil,
		"a header without an end":     whole[:ipv4HeaderLength-1],
		"a segment without an end":    whole[:len(whole)-1],
		"options that are not there":  long,
		"IPv6 in the place of IPv4":   append([]byte{6 << 4}, whole[1:]...),
		"a header that is too short":  append([]byte{4<<4 | 4}, whole[1:]...),
		"a protocol that nobody asks": v4.ipv4(47, make([]byte, 40)),
	} {
		if p, ok := readIPv4(b); ok {
			t.Errorf("%s is read as %v", name, p)
		}
	}
}

// What is summed together with a right checksum gives zero, RFC 1071.
func TestChecksums(t *testing.T) {
	about := payload{run: run, probe: 3}
	if got := sum(v4.pseudoHeader(TCP, tcpHeaderLength), v4.syn(77)); got != 0 {
		t.Errorf("TCP: %#x", got)
	}
	datagram := v4.datagram(about)
	if got := sum(v4.pseudoHeader(UDP, len(datagram)), datagram); got != 0 {
		t.Errorf("UDP: %#x", got)
	}
	if got := sum(v4.echo(about)); got != 0 {
		t.Errorf("ICMP: %#x", got)
	}
	if got := sum([]byte{0xff, 0xff, 0x01}); got != ^uint16(0x0100) {
		t.Errorf("an odd length: %#x", got)
	}
}

// Package probe asks with real packets which traffic gets from one network namespace to another and back, without the
// help of whatever listens there: a TCP port answers a SYN whether it is open or closed, UDP is answered by the prober
// itself at the other end, and echoes by the kernel.
package probe

import (
	"encoding/binary"
	"net/netip"
)

// Protocol is IANA's number of what a probe is carried by; ICMP stands for either family's.
type Protocol uint8

// The protocols that are asked with.
const (
	TCP  Protocol = 6
	UDP  Protocol = 17
	ICMP Protocol = 1
)

const (
	icmpv6           = 58
	echoRequest      = 8
	echoReply        = 0
	echoRequestV6    = 128
	echoReplyV6      = 129
	ipv4HeaderLength = 20
	tcpHeaderLength  = 20
	udpHeaderLength  = 8
	icmpHeaderLength = 8
	payloadLength    = 24
	timeToLive       = 64
)

// TCP's flags, RFC 9293.
const (
	flagSyn = 0x02
	flagRst = 0x04
	flagAck = 0x10
)

// payload tells what a packet is about, whatever happens to its addresses and ports on the way.
type payload struct {
	// run tells the packets of one run from those of another.
	run      uint64
	probe    uint32
	isAnswer bool
}

var magic = [8]byte{'r', 'n', '-', 'p', 'r', 'o', 'b', 'e'}

func (p payload) bytes() []byte {
	b := make([]byte, payloadLength)
	copy(b, magic[:])
	binary.BigEndian.PutUint64(b[8:], p.run)
	binary.BigEndian.PutUint32(b[16:], p.probe)
	if p.isAnswer {
		b[20] = 1
	}
	return b
}

func readPayload(b []byte) (payload, bool) {
	if len(b) < payloadLength || [8]byte(b[:8]) != magic {
		return payload{}, false
	}
	return payload{
		run:      binary.BigEndian.Uint64(b[8:]),
		probe:    binary.BigEndian.Uint32(b[16:]),
		isAnswer: b[20] == 1,
	}, true
}

// sum is the Internet checksum, RFC 1071, of what is given one after the other; all but the last of even length.
func sum(parts ...[]byte) uint16 {
	var total uint32
	for _, part := range parts {
		for ; len(part) > 1; part = part[2:] {
			total += uint32(binary.BigEndian.Uint16(part))
		}
		if len(part) == 1 {
			total += uint32(part[0]) << 8
		}
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return ^uint16(total)
}

// ends are a packet's addresses and ports. Of an echo, the source port is its identifier.
type ends struct {
	source, destination         netip.Addr
	sourcePort, destinationPort uint16
}

// pseudoHeader is what the checksums of TCP and UDP over IPv4 cover besides the segment itself.
func (e ends) pseudoHeader(protocol Protocol, length int) []byte {
	source, destination := e.source.As4(), e.destination.As4()
	b := append(source[:], destination[:]...)
	return append(b, 0, byte(protocol), byte(length>>8), byte(length))
}

// syn opens a connection, with a sequence number that tells which probe it is. Over IPv6 the kernel fills the checksum.
func (e ends) syn(sequence uint32) []byte {
	b := make([]byte, tcpHeaderLength)
	binary.BigEndian.PutUint16(b, e.sourcePort)
	binary.BigEndian.PutUint16(b[2:], e.destinationPort)
	binary.BigEndian.PutUint32(b[4:], sequence)
	b[12] = tcpHeaderLength / 4 << 4
	b[13] = flagSyn
	binary.BigEndian.PutUint16(b[14:], 64240)
	if e.source.Is4() {
		binary.BigEndian.PutUint16(b[16:], sum(e.pseudoHeader(TCP, len(b)), b))
	}
	return b
}

// datagram carries the payload by UDP. Over IPv6 the kernel fills the checksum.
func (e ends) datagram(p payload) []byte {
	b := make([]byte, udpHeaderLength, udpHeaderLength+payloadLength)
	b = append(b, p.bytes()...)
	binary.BigEndian.PutUint16(b, e.sourcePort)
	binary.BigEndian.PutUint16(b[2:], e.destinationPort)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	if e.source.Is4() {
		checksum := sum(e.pseudoHeader(UDP, len(b)), b)
		if checksum == 0 {
			checksum = 0xffff // 0 would mean that there is none.
		}
		binary.BigEndian.PutUint16(b[6:], checksum)
	}
	return b
}

// echo carries the payload in an echo request. Over IPv6 the kernel fills the checksum.
func (e ends) echo(p payload) []byte {
	b := make([]byte, icmpHeaderLength, icmpHeaderLength+payloadLength)
	b = append(b, p.bytes()...)
	b[0] = echoRequest
	if e.destination.Is6() {
		b[0] = echoRequestV6
	}
	binary.BigEndian.PutUint16(b[4:], e.sourcePort)
	binary.BigEndian.PutUint16(b[6:], uint16(p.probe))
	if e.destination.Is4() {
		binary.BigEndian.PutUint16(b[2:], sum(b))
	}
	return b
}

// ipv4 puts a header before a segment. The kernel fills the checksum and the identification.
func (e ends) ipv4(protocol Protocol, segment []byte) []byte {
	b := make([]byte, ipv4HeaderLength, ipv4HeaderLength+len(segment))
	b[0] = 4<<4 | ipv4HeaderLength/4
	binary.BigEndian.PutUint16(b[2:], uint16(ipv4HeaderLength+len(segment)))
	b[8] = timeToLive
	b[9] = byte(protocol)
	source, destination := e.source.As4(), e.destination.As4()
	copy(b[12:], source[:])
	copy(b[16:], destination[:])
	return append(b, segment...)
}

// packet is what a node's sockets have received.
type packet struct {
	protocol Protocol
	ends     ends
	// segment begins with the protocol's own header.
	segment []byte
}

// readIPv4 reads what a raw socket of IPv4 delivers, header and all.
func readIPv4(b []byte) (packet, bool) {
	if len(b) < ipv4HeaderLength || b[0]>>4 != 4 {
		return packet{}, false
	}
	header := int(b[0]&0x0f) * 4
	if header < ipv4HeaderLength || len(b) < header {
		return packet{}, false
	}
	e := ends{source: netip.AddrFrom4([4]byte(b[12:16])), destination: netip.AddrFrom4([4]byte(b[16:20]))}
	return readSegment(Protocol(b[9]), e, b[header:])
}

// readSegment reads what comes behind the addresses.
func readSegment(protocol Protocol, e ends, b []byte) (packet, bool) {
	if protocol == icmpv6 {
		protocol = ICMP
	}
	least := map[Protocol]int{TCP: tcpHeaderLength, UDP: udpHeaderLength, ICMP: icmpHeaderLength}[protocol]
	if least == 0 || len(b) < least {
		return packet{}, false
	}
	if protocol != ICMP {
		e.sourcePort = binary.BigEndian.Uint16(b)
		e.destinationPort = binary.BigEndian.Uint16(b[2:])
	}
	return packet{protocol: protocol, ends: e, segment: b}, true
}

// message is what a packet says about a probe.
type message struct {
	probe    uint32
	isAnswer bool
}

// message reads what a packet says about a probe of the run; false where it is none of the run's.
func (p packet) message(run uint64) (message, bool) {
	if p.protocol == TCP {
		return p.tcpMessage(run)
	}
	header := udpHeaderLength
	isReply := false
	if p.protocol == ICMP {
		header = icmpHeaderLength
		switch kind := p.segment[0]; {
		case p.ends.source.Is4() && kind == echoReply, p.ends.source.Is6() && kind == echoReplyV6:
			isReply = true
		case p.ends.source.Is4() && kind == echoRequest, p.ends.source.Is6() && kind == echoRequestV6:
		default:
			return message{}, false
		}
	}
	found, ok := readPayload(p.segment[header:])
	if !ok || found.run != run {
		return message{}, false
	}
	return message{probe: found.probe, isAnswer: found.isAnswer || isReply}, true
}

// tcpMessage reads the number of a probe from the sequence number, or from the one that is acknowledged.
func (p packet) tcpMessage(run uint64) (message, bool) {
	flags := p.segment[13]
	switch {
	case flags&flagAck != 0 && flags&(flagSyn|flagRst) != 0:
		return message{probe: binary.BigEndian.Uint32(p.segment[8:]) - 1 - uint32(run), isAnswer: true}, true
	case flags&(flagSyn|flagAck|flagRst) == flagSyn:
		return message{probe: binary.BigEndian.Uint32(p.segment[4:]) - uint32(run)}, true
	}
	return message{}, false
}

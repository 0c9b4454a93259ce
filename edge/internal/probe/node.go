//go:build linux

package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// receiveBuffer is how much may wait in a socket: answers come in bursts.
const receiveBuffer = 4 << 20

// Where the kernel puts checksums in segments that are sent over raw sockets of IPv6.
const (
	tcpChecksumOffset = 16
	udpChecksumOffset = 6
)

// node has sockets in a network namespace. Raw sockets get what the namespace's own gates have let in, whatever else
// listens there, and what they send passes those gates like everything that programs send.
type node struct {
	name string
	// port is where its probes come from.
	port uint16
	// out sends packets of IPv4, their headers included.
	out int
	// asker is never sent by: the kernel tells by it which address it would send from.
	asker int
	v4    map[Protocol]*os.File
	v6    map[Protocol]*os.File
	// reserved keep the node's port from others.
	reserved []int
}

// within runs a function in a network namespace, on a thread that ends with it.
func within(namespace string, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // Not unlocked: the thread is of no more use.
		done <- func() error {
			fd, err := unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return err
			}
			return f()
		}()
	}()
	return <-done
}

// open makes a node's sockets; the port is the first of those given that nobody has there.
func open(config Node, ports *portList, hasIPv6 bool) (*node, error) {
	n := &node{name: config.Name, v4: map[Protocol]*os.File{}, v6: map[Protocol]*os.File{}}
	err := within(config.Namespace, func() error {
		if err := n.openIPv4(); err != nil {
			return err
		}
		if hasIPv6 {
			if err := n.openIPv6(); err != nil {
				return err
			}
		}
		return n.reserve(ports, hasIPv6)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", config.Name, err)
	}
	return n, nil
}

func raw(family int, protocol int) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return -1, fmt.Errorf("a raw socket of protocol %d: %w", protocol, err)
	}
	return fd, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer)
}

func (n *node) openIPv4() (err error) {
	if n.out, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW); err != nil {
		return err
	}
	if n.asker, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	for _, protocol := range []Protocol{TCP, UDP, ICMP} {
		fd, err := raw(unix.AF_INET, int(protocol))
		if err != nil {
			return err
		}
		n.v4[protocol] = os.NewFile(uintptr(fd), fmt.Sprintf("%s/%d", n.name, protocol))
	}
	return nil
}

func (n *node) openIPv6() error {
	for protocol, number := range map[Protocol]int{TCP: unix.IPPROTO_TCP, UDP: unix.IPPROTO_UDP, ICMP: icmpv6} {
		fd, err := raw(unix.AF_INET6, number)
		if err != nil {
			return err
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1); err != nil {
			return err
		}
		if offset := map[Protocol]int{TCP: tcpChecksumOffset, UDP: udpChecksumOffset}[protocol]; offset != 0 {
			if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_CHECKSUM, offset); err != nil {
				return err
			}
		}
		n.v6[protocol] = os.NewFile(uintptr(fd), fmt.Sprintf("%s/%d by IPv6", n.name, protocol))
	}
	return nil
}

// reserve binds a port that is free, so that no program of the namespace takes it, and no answer is refused there. The
// kernel ends with a RST what it has no connection of, and so leaves nothing half open at those who were asked.
func (n *node) reserve(ports *portList, hasIPv6 bool) error {
	for {
		port, err := ports.next()
		if err != nil {
			return err
		}
		err = n.bind(port, hasIPv6)
		if errors.Is(err, unix.EADDRINUSE) {
			continue
		}
		n.port = port
		return err
	}
}

func (n *node) bind(port uint16, hasIPv6 bool) error {
	family, address := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(port)})
	if hasIPv6 {
		family, address = unix.AF_INET6, &unix.SockaddrInet6{Port: int(port)}
	}
	for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM} {
		fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		n.reserved = append(n.reserved, fd)
		if err := unix.Bind(fd, address); err != nil {
			return err
		}
	}
	return nil
}

// sourceFor is the address from which the kernel sends to another. Over IPv6 it chooses with every packet.
func (n *node) sourceFor(to netip.Addr) (netip.Addr, error) {
	if to.Is6() {
		return netip.IPv6Unspecified(), nil
	}
	// A socket that has been connected keeps its address until it is told to forget it.
	unspecified := syscall.RawSockaddr{Family: unix.AF_UNSPEC}
	if err := disconnect(n.asker, &unspecified); err != nil {
		return netip.Addr{}, err
	}
	if err := unix.Connect(n.asker, &unix.SockaddrInet4{Port: 9, Addr: to.As4()}); err != nil {
		return netip.Addr{}, err
	}
	own, err := unix.Getsockname(n.asker)
	if err != nil {
		return netip.Addr{}, err
	}
	address, ok := own.(*unix.SockaddrInet4)
	if !ok {
		return netip.Addr{}, errors.New("the kernel tells no address of IPv4")
	}
	return netip.AddrFrom4(address.Addr), nil
}

// disconnect makes a socket forget whom it was connected to; package unix has no address of the family AF_UNSPEC.
func disconnect(fd int, unspecified *syscall.RawSockaddr) error {
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(unspecified)), unix.SizeofSockaddrInet4)
	if errno != 0 {
		return errno
	}
	return nil
}

// send hands a segment to the kernel.
func (n *node) send(protocol Protocol, e ends, segment []byte) error {
	if e.destination.Is4() {
		return unix.Sendto(n.out, e.ipv4(protocol, segment), 0, &unix.SockaddrInet4{Addr: e.destination.As4()})
	}
	connection, err := n.v6[protocol].SyscallConn()
	if err != nil {
		return err
	}
	var control []byte
	if !e.source.IsUnspecified() {
		control = unix.PktInfo6(&unix.Inet6Pktinfo{Addr: e.source.As16()})
	}
	var sent error
	err = connection.Control(func(fd uintptr) {
		to := &unix.SockaddrInet6{Addr: e.destination.As16()}
		sent = unix.Sendmsg(int(fd), segment, control, to, 0)
	})
	return errors.Join(err, sent)
}

// listen hands every packet to take, until the node is closed.
func (n *node) listen(take func(packet)) {
	for _, file := range n.v4 {
		go receive(file, func(b, _ []byte, _ unix.Sockaddr) {
			if p, ok := readIPv4(b); ok {
				take(p)
			}
		})
	}
	for protocol, file := range n.v6 {
		go receive(file, func(b, control []byte, from unix.Sockaddr) {
			if e, ok := endsOfIPv6(control, from); ok {
				if p, ok := readSegment(protocol, e, b); ok {
					take(p)
				}
			}
		})
	}
}

func receive(file *os.File, take func(b, control []byte, from unix.Sockaddr)) {
	connection, err := file.SyscallConn()
	if err != nil {
		return
	}
	b := make([]byte, 2048)
	control := make([]byte, 256)
	for {
		err := connection.Read(func(fd uintptr) bool {
			n, controls, _, from, err := unix.Recvmsg(int(fd), b, control, 0)
			if err == unix.EAGAIN {
				return false
			}
			if err == nil {
				take(b[:n], control[:controls], from)
			}
			return true
		})
		if err != nil {
			return // closed
		}
	}
}

// endsOfIPv6 tells who sent a packet, and to which of the namespace's addresses.
func endsOfIPv6(control []byte, from unix.Sockaddr) (ends, bool) {
	sender, ok := from.(*unix.SockaddrInet6)
	if !ok {
		return ends{}, false
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return ends{}, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= 16 {
			return ends{source: netip.AddrFrom16(sender.Addr), destination: netip.AddrFrom16([16]byte(m.Data[:16]))}, true
		}
	}
	return ends{}, false
}

func (n *node) close() {
	for _, files := range []map[Protocol]*os.File{n.v4, n.v6} {
		for _, file := range files {
			file.Close()
		}
	}
	for _, fd := range append(n.reserved, n.out, n.asker) {
		unix.Close(fd)
	}
}

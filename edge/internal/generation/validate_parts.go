package generation

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

func (v *validator) kernel(d *Document) {
	if len(d.Sysctls) > MaxEntries {
		v.fail("sysctls", "has more than %d entries", MaxEntries)
	}
	for _, key := range sortedKeys(d.Sysctls) {
		place := fmt.Sprintf("sysctls.%q", key)
		v.match(place, sysctlPattern, key, "a name like net.ipv4.ip_forward")
		if value := d.Sysctls[key]; value == "" || len(value) > 256 || strings.ContainsAny(value, "\n\r\x00") {
			v.fail(place, "one line of at most 256 characters is expected")
		}
	}
	if n := d.Nftables; n != nil {
		if !slices.Contains(families, n.Family) {
			v.fail("nftables.family", "one of %s is expected", strings.Join(families, ", "))
		}
		v.match("nftables.table", tablePattern, n.Table, "a table's name")
		if problem := insideBraces(n.Rules); problem != "" {
			v.fail("nftables.rules", "%s", problem)
		}
	}
}

// insideBraces checks that a text cannot leave the braces that are put around it, which would let it change tables
// that are not ours.
func insideBraces(text string) string {
	depth := 0
	for line := range strings.SplitSeq(text, "\n") {
		quoted := false
		if strings.HasPrefix(strings.TrimSpace(line), "include") {
			return "include would read a file that is not part of the generation"
		}
	characters:
		for _, c := range line {
			switch {
			case c == '"':
				quoted = !quoted
			case quoted:
			case c == '#':
				break characters
			case c == '{':
				depth++
			case c == '}':
				depth--
			}
			if depth < 0 {
				return "closes more braces than it opens"
			}
		}
		if quoted {
			return "has a line with an open quote"
		}
	}
	if depth != 0 {
		return "opens more braces than it closes"
	}
	return ""
}

func (v *validator) interfaces(d *Document) {
	unique(v, "interfaces", d.Interfaces, func(i Interface) string { return i.Name })
	for at, i := range d.Interfaces {
		place := fmt.Sprintf("interfaces[%d]", at)
		v.match(place+".name", interfacePattern, i.Name, "an interface's name")
		unique(v, place+".addresses", i.Addresses, func(a string) string { return a })
		for j, address := range i.Addresses {
			if p, err := netip.ParsePrefix(address); err != nil || p.String() != address {
				v.fail(fmt.Sprintf("%s.addresses[%d]", place, j), "an address with prefix length is expected")
			}
		}
		if i.Gateway != "" {
			v.address(place+".gateway", i.Gateway)
		}
		for j, server := range i.Nameservers {
			v.address(fmt.Sprintf("%s.nameservers[%d]", place, j), server)
		}
		if i.MTU != 0 && (i.MTU < 576 || i.MTU > 9216) {
			v.fail(place+".mtu", "576 to 9216 is expected")
		}
		v.vlan(place+".vlan", i, d.Interfaces)
		for j, r := range i.Routes {
			where := fmt.Sprintf("%s.routes[%d]", place, j)
			if p, err := netip.ParsePrefix(r.Destination); err != nil || p != p.Masked() {
				v.fail(where+".destination", "a network is expected")
			}
			v.address(where+".via", r.Via)
		}
	}
}

func (v *validator) vlan(place string, i Interface, all []Interface) {
	if i.VLAN == nil {
		return
	}
	if i.VLAN.ID < 1 || i.VLAN.ID > 4094 {
		v.fail(place+".id", "1 to 4094 is expected")
	}
	// systemd-networkd reads from the file of the interface beneath which tags there are on it.
	if !slices.ContainsFunc(all, func(other Interface) bool { return other.Name == i.VLAN.Link && other.VLAN == nil }) {
		v.fail(place+".link", "an interface of the document without a tag is expected")
	}
}

func (v *validator) address(place, text string) {
	if _, err := netip.ParseAddr(text); err != nil {
		v.fail(place, "an address is expected")
	}
}

func (v *validator) tunnels(d *Document) {
	unique(v, "wireguard", d.WireGuard, func(w WireGuard) string { return w.Interface })
	for i, w := range d.WireGuard {
		place := fmt.Sprintf("wireguard[%d]", i)
		v.match(place+".interface", interfacePattern, w.Interface, "an interface's name")
		v.path(place+".privateKeyFile", w.PrivateKeyFile)
		if w.MTU < 1280 || w.MTU > 9000 {
			v.fail(place+".mtu", "1280 to 9000 is expected")
		}
		if len(w.Addresses) == 0 {
			v.fail(place+".addresses", "is empty")
		}
		for j, address := range w.Addresses {
			if _, err := netip.ParsePrefix(address); err != nil {
				v.fail(fmt.Sprintf("%s.addresses[%d]", place, j), "an address with prefix length is expected")
			}
		}
		v.peers(place, w.Peers)
	}
}

func (v *validator) peers(tunnel string, peers []Peer) {
	list := tunnel + ".peers"
	unique(v, list, peers, func(p Peer) string { return p.PublicKey })
	owner := map[string]int{}
	for i, p := range peers {
		place := fmt.Sprintf("%s[%d]", list, i)
		v.match(place+".name", peerPattern, p.Name, "a name")
		if !isKey(p.PublicKey) {
			v.fail(place+".publicKey", "32 bytes in base64 are expected")
		}
		if p.PresharedKey != "" && !isKey(p.PresharedKey) {
			v.fail(place+".presharedKey", "32 bytes in base64 are expected")
		}
		if p.Endpoint != "" {
			v.match(place+".endpoint", endpointPattern, p.Endpoint, "host:port")
		}
		if p.KeepaliveSeconds < 0 || p.KeepaliveSeconds > 65535 {
			v.fail(place+".keepaliveSeconds", "0 to 65535 is expected")
		}
		for j, allowed := range p.AllowedIPs {
			where := fmt.Sprintf("%s.allowedIPs[%d]", place, j)
			prefix, err := netip.ParsePrefix(allowed)
			if err != nil || prefix != prefix.Masked() {
				v.fail(where, "a network is expected")
				continue
			}
			// The kernel would silently give the network to the last of them.
			if other, taken := owner[prefix.String()]; taken {
				v.fail(where, "belongs to %s[%d] already", list, other)
			}
			owner[prefix.String()] = i
		}
	}
}

func isKey(text string) bool {
	key, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(key) == 32
}

func (v *validator) services(d *Document) {
	unique(v, "services", d.Services, func(s Service) string { return s.Unit })
	for i, s := range d.Services {
		place := fmt.Sprintf("services[%d]", i)
		v.match(place+".unit", unitPattern, s.Unit, "a unit's name with its ending")
		if s.Unit == RevertUnit {
			v.fail(place+".unit", "is the agent's own")
		}
		for _, watched := range slices.Concat(s.Reload, s.Restart) {
			v.path(place, strings.TrimSuffix(watched, "/"))
		}
	}
	unique(v, "checks", d.Checks, func(c Check) string { return c.Checker + " " + c.Path })
	for i, c := range d.Checks {
		place := fmt.Sprintf("checks[%d]", i)
		if !slices.Contains(Checkers, c.Checker) {
			v.fail(place+".checker", "one of %s is expected", strings.Join(Checkers, ", "))
		}
		if !slices.ContainsFunc(d.Files, func(f File) bool { return f.Path == c.Path }) {
			v.fail(place+".path", "is no file of the generation")
		}
	}
	unique(v, "certificates", d.Certificates, func(p string) string { return p })
	for i, p := range d.Certificates {
		v.path(fmt.Sprintf("certificates[%d]", i), p)
	}
}

// derived checks what the agent adds against what the document has.
func (v *validator) derived(d *Document) {
	files, services := d.derive()
	for _, file := range files {
		if slices.ContainsFunc(d.Files, func(f File) bool { return f.Path == file.Path }) {
			v.fail(fmt.Sprintf("files (%q)", file.Path), "is written by the agent itself, from another part of the document")
		}
	}
	for _, service := range services {
		if slices.ContainsFunc(d.Services, func(s Service) bool { return s.Unit == service.Unit }) {
			v.fail(fmt.Sprintf("services (%q)", service.Unit), "is run by the agent itself, from another part of the document")
		}
	}
}

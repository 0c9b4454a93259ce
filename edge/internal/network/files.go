package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

const notice = "# Written by reef-agent from the host's generation; changes here will be lost.\n"

func vlansOn(link string, all []generation.Interface) []string {
	var names []string
	for _, i := range all {
		if i.VLAN != nil && i.VLAN.Link == link {
			names = append(names, i.Name)
		}
	}
	return names
}

// networkdFiles come before everything else that matches an interface, netplan's among them (10-netplan-…).
func networkdFiles(all []generation.Interface) []generation.File {
	var files []generation.File
	for _, i := range all {
		name := "/etc/systemd/network/05-reef-agent-" + i.Name
		if i.VLAN != nil {
			text := fmt.Sprintf("%s[NetDev]\nName=%s\nKind=vlan\n\n[VLAN]\nId=%d\n", notice, i.Name, i.VLAN.ID)
			files = append(files, file(name+".netdev", "0644", text))
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%s[Match]\nName=%s\n", notice, i.Name)
		if i.MTU != 0 {
			fmt.Fprintf(&text, "\n[Link]\nMTUBytes=%d\n", i.MTU)
		}
		text.WriteString("\n[Network]\nDHCP=no\n")
		for _, line := range slices.Concat(
			fields("Address", i.Addresses), fields("Gateway", some(i.Gateway)), fields("DNS", i.Nameservers), fields("VLAN", vlansOn(i.Name, all)),
		) {
			text.WriteString(line + "\n")
		}
		for _, r := range i.Routes {
			fmt.Fprintf(&text, "\n[Route]\nDestination=%s\nGateway=%s\n", r.Destination, r.Via)
		}
		files = append(files, file(name+".network", "0644", text.String()))
	}
	return files
}

func fields(name string, values []string) []string {
	var lines []string
	for _, value := range values {
		lines = append(lines, name+"="+value)
	}
	return lines
}

func some(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// profile is the name of an interface's connection in NetworkManager.
func profile(name string) string { return "reef-agent-" + name }

// uuid is one that follows from a name, in the form of a version 8 (custom) UUID.
func uuid(name string) string {
	sum := []byte(generation.Sum([]byte("reef-agent " + name)))
	sum[12], sum[16] = '8', 'a'
	return fmt.Sprintf("%s-%s-%s-%s-%s", sum[:8], sum[8:12], sum[12:16], sum[16:20], sum[20:32])
}

// networkManagerFiles are connections that are preferred to any other of their interface.
func networkManagerFiles(all []generation.Interface) []generation.File {
	var files []generation.File
	for _, i := range all {
		kind := "ethernet"
		if i.VLAN != nil {
			kind = "vlan"
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%s[connection]\nid=%s\nuuid=%s\ntype=%s\ninterface-name=%s\nautoconnect-priority=100\n",
			notice, profile(i.Name), uuid(i.Name), kind, i.Name)
		if i.MTU != 0 || i.VLAN == nil {
			text.WriteString("\n[ethernet]\n")
		}
		if i.MTU != 0 {
			fmt.Fprintf(&text, "mtu=%d\n", i.MTU)
		}
		if i.VLAN != nil {
			// REORDER_HDR, the kernel's own default.
			fmt.Fprintf(&text, "\n[vlan]\nparent=%s\nid=%d\nflags=1\n", i.VLAN.Link, i.VLAN.ID)
		}
		text.WriteString(networkManagerFamily(i, "ipv4", "disabled", netip.Addr.Is4))
		text.WriteString(networkManagerFamily(i, "ipv6", "auto", netip.Addr.Is6))
		files = append(files, file("/etc/NetworkManager/system-connections/"+profile(i.Name)+".nmconnection", "0600", text.String()))
	}
	return files
}

func networkManagerFamily(i generation.Interface, section, without string, is func(netip.Addr) bool) string {
	var text strings.Builder
	for n, address := range of(i.Addresses, is) {
		fmt.Fprintf(&text, "address%d=%s\n", n+1, address)
	}
	method := "manual"
	if text.Len() == 0 {
		method = without
	}
	for _, gateway := range of(some(i.Gateway), is) {
		fmt.Fprintf(&text, "gateway=%s\n", gateway)
	}
	if servers := of(i.Nameservers, is); len(servers) > 0 {
		fmt.Fprintf(&text, "dns=%s;\n", strings.Join(servers, ";"))
	}
	n := 0
	for _, r := range i.Routes {
		if len(of([]string{r.Via}, is)) > 0 {
			n++
			fmt.Fprintf(&text, "route%d=%s,%s\n", n, r.Destination, r.Via)
		}
	}
	return fmt.Sprintf("\n[%s]\nmethod=%s\n%s", section, method, text.String())
}

// of returns those of some addresses, with or without prefix length, that are of a family.
func of(addresses []string, is func(netip.Addr) bool) []string {
	var some []string
	for _, address := range addresses {
		bare, _, _ := strings.Cut(address, "/")
		if parsed, err := netip.ParseAddr(bare); err == nil && is(parsed) {
			some = append(some, address)
		}
	}
	return some
}

const dhcpcdPath = "/etc/dhcpcd.conf"

// dhcpcdFiles is the one file that dhcpcd has, with our blocks in place of those that were there for our interfaces.
func (h Host) dhcpcdFiles(all []generation.Interface) ([]generation.File, error) {
	base, mode, found, err := h.base(dhcpcdPath)
	if err != nil {
		return nil, err
	}
	if !found {
		mode = "0644"
	}
	var text strings.Builder
	ours := false
	for line := range strings.Lines(base) {
		words := strings.Fields(line)
		if len(words) == 2 && slices.Contains([]string{"interface", "ssid", "profile", "arping"}, words[0]) {
			ours = words[0] == "interface" && slices.ContainsFunc(all, func(i generation.Interface) bool { return i.Name == words[1] })
		}
		if !ours {
			text.WriteString(line)
		}
	}
	var errs []error
	for _, i := range all {
		four, six := of(i.Addresses, netip.Addr.Is4), of(i.Addresses, netip.Addr.Is6)
		switch {
		case i.VLAN != nil:
			errs = append(errs, fmt.Errorf("%s: dhcpcd, which configures interfaces here, knows no VLANs", i.Name))
		case i.MTU != 0:
			errs = append(errs, fmt.Errorf("%s: dhcpcd, which configures interfaces here, sets no MTU", i.Name))
		case len(four) != 1 || len(six) > 1:
			errs = append(errs, fmt.Errorf("%s: dhcpcd, which configures interfaces here, takes one IPv4 address per interface and at most one of IPv6", i.Name))
		}
		fmt.Fprintf(&text, "\n%sinterface %s\n", notice, i.Name)
		write := func(option string, values ...string) {
			if len(values) > 0 {
				fmt.Fprintf(&text, "static %s=%s\n", option, strings.Join(values, " "))
			}
		}
		write("ip_address", four...)
		write("ip6_address", six...)
		write("routers", some(i.Gateway)...)
		write("domain_name_servers", i.Nameservers...)
		var routes []string
		for _, r := range i.Routes {
			routes = append(routes, r.Destination+" "+r.Via)
		}
		write("classless_static_routes", routes...)
	}
	return []generation.File{file(dhcpcdPath, mode, text.String())}, errors.Join(errs...)
}

const (
	interfacesPath   = "/etc/network/interfaces"
	interfacesFolder = "/etc/network/interfaces.d"
	ifupdownPath     = interfacesFolder + "/reef-agent"
)

// ifupdownFiles are one of our own, and each that had something about our interfaces, without that: ifupdown would do
// both.
func (h Host) ifupdownFiles(all []generation.Interface) ([]generation.File, error) {
	names, err := h.names(interfacesFolder)
	if err != nil {
		return nil, err
	}
	paths := []string{interfacesPath}
	for _, name := range names {
		paths = append(paths, path.Join(interfacesFolder, name))
	}
	var files []generation.File
	sourced := false
	for _, p := range paths {
		base, mode, found, err := h.base(p)
		if err != nil {
			return nil, err
		}
		if !found || p == ifupdownPath {
			continue
		}
		sourced = sourced || p == interfacesPath && strings.Contains(base, interfacesFolder)
		if left := withoutStanzas(base, all); left != base {
			files = append(files, file(p, mode, left))
		}
	}
	if !sourced {
		return nil, fmt.Errorf("%s does not read %s, where the interfaces would be written", interfacesPath, interfacesFolder)
	}
	var text strings.Builder
	text.WriteString(notice)
	for _, i := range all {
		text.WriteString(stanzas(i))
	}
	return append(files, file(ifupdownPath, "0644", text.String())), nil
}

// withoutStanzas leaves out what a file says about some interfaces.
func withoutStanzas(text string, all []generation.Interface) string {
	ours := func(name string) bool {
		return slices.ContainsFunc(all, func(i generation.Interface) bool { return i.Name == name })
	}
	var left strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) > 1 && words[0] == "iface":
			inside = ours(words[1])
		case len(words) > 1 && (words[0] == "auto" || strings.HasPrefix(words[0], "allow-")):
			inside = false
			names := slices.DeleteFunc(slices.Clone(words[1:]), ours)
			if len(names) == len(words)-1 {
				break
			}
			if len(names) > 0 {
				left.WriteString(words[0] + " " + strings.Join(names, " ") + "\n")
			}
			continue
		case len(words) > 0 && (words[0] == "mapping" || words[0] == "rename" || strings.HasPrefix(words[0], "source")):
			inside = false
		}
		if !inside {
			left.WriteString(line)
		}
	}
	return left.String()
}

func stanzas(i generation.Interface) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\nauto %s\n", i.Name)
	if len(i.Addresses) == 0 {
		fmt.Fprintf(&text, "iface %s inet manual\n", i.Name)
	}
	for n, address := range i.Addresses {
		family := "inet"
		is := netip.Addr.Is4
		if strings.Contains(address, ":") {
			family, is = "inet6", netip.Addr.Is6
		}
		fmt.Fprintf(&text, "iface %s %s static\n    address %s\n", i.Name, family, address)
		if first := of(i.Addresses, is)[0]; first == address {
			for _, gateway := range of(some(i.Gateway), is) {
				fmt.Fprintf(&text, "    gateway %s\n", gateway)
			}
		}
		if n > 0 {
			continue
		}
		text.WriteString(firstStanza(i))
	}
	if len(i.Addresses) == 0 {
		text.WriteString(firstStanza(i))
		fmt.Fprintf(&text, "    up ip link set dev %s up\n", i.Name)
	}
	return text.String()
}

// firstStanza is what an interface needs once.
func firstStanza(i generation.Interface) string {
	var text strings.Builder
	if i.VLAN != nil {
		fmt.Fprintf(&text, "    pre-up ip link show dev %[1]s >/dev/null 2>&1 || ip link add link %[2]s name %[1]s type vlan id %[3]d\n", i.Name, i.VLAN.Link, i.VLAN.ID)
	}
	if i.MTU != 0 {
		fmt.Fprintf(&text, "    up ip link set dev %s mtu %d\n", i.Name, i.MTU)
	}
	if len(i.Nameservers) > 0 {
		fmt.Fprintf(&text, "    dns-nameservers %s\n", strings.Join(i.Nameservers, " "))
	}
	for _, r := range i.Routes {
		fmt.Fprintf(&text, "    up ip route replace %s via %s dev %s\n", r.Destination, r.Via, i.Name)
	}
	return text.String()
}

const (
	directPath = "/etc/reef-agent/interfaces.json"
	directUnit = "reef-agent-interfaces.service"
)

const directUnitText = notice + `[Unit]
Description=The addresses of this host's generation
Wants=network.target
Before=network.target
After=` + generation.RevertUnit + `

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=` + generation.AgentPath + ` interfaces

[Install]
WantedBy=multi-user.target
`

// directFiles are for the agent itself, where nobody else configures interfaces.
func (h Host) directFiles(all []generation.Interface) ([]generation.File, []generation.Service, error) {
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		// Strings and numbers always have a JSON form.
		panic(err)
	}
	files := []generation.File{
		file(directPath, "0644", string(text)+"\n"), file("/etc/systemd/system/"+directUnit, "0644", directUnitText),
	}
	resolvers, err := h.resolverFiles(all)
	return append(files, resolvers...), []generation.Service{{Unit: directUnit}}, err
}

const resolverPath = "/etc/resolv.conf"

// resolverFiles is the list of nameservers, of which the C library reads three at most, unless it is a link: then
// whoever made the link keeps the list.
func (h Host) resolverFiles(all []generation.Interface) ([]generation.File, error) {
	var text strings.Builder
	var seen []string
	for _, i := range all {
		for _, server := range i.Nameservers {
			if !slices.Contains(seen, server) {
				seen = append(seen, server)
				fmt.Fprintf(&text, "nameserver %s\n", server)
			}
		}
	}
	found, err := h.before(resolverPath)
	if err != nil || len(seen) == 0 || found.Kind == rootfs.Link {
		return nil, err
	}
	return []generation.File{file(resolverPath, "0644", notice+text.String())}, nil
}

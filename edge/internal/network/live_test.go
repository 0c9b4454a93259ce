package network

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
)

// live is eth0 with what `ip` says of it.
func (b bed) live(addresses, routes string) {
	b.runner.Answer = func(c command.Command) ([]byte, error) {
		switch c.String() {
		case "ip -json address show":
			return []byte(`[{"ifname":"lo","flags":["UP"],"addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},
				{"ifname":"eth0","flags":["UP"],"mtu":1500,"addr_info":[` + addresses + `]}]`), nil
		case "ip -json -4 route show":
			return []byte("[" + routes + "]"), nil
		}
		return nil, nil
	}
}

const (
	ten       = `{"family":"inet","local":"10.1.0.10","prefixlen":24,"scope":"global"}`
	leased    = `{"family":"inet","local":"10.1.0.10","prefixlen":24,"scope":"global","dynamic":true}`
	other     = `{"family":"inet","local":"10.1.0.99","prefixlen":24,"scope":"global"}`
	automatic = `{"family":"inet6","local":"2001:db8::1","prefixlen":64,"scope":"global","dynamic":true},{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}`
	gateway   = `{"dst":"default","gateway":"10.1.0.1","dev":"eth0"},{"dst":"10.1.0.0/24","dev":"eth0"}`
	older     = `{"dst":"default","gateway":"10.1.0.2","dev":"eth0"},{"dst":"10.8.0.0/16","gateway":"10.1.0.3","dev":"eth0"}`
)

func simple() generation.Interface {
	return generation.Interface{Name: "eth0", Addresses: []string{"10.1.0.10/24"}, Gateway: "10.1.0.1"}
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct{ addresses, routes, want string }{
		{ten + "," + automatic, gateway, "[]"},
		{leased, gateway, "[has 10.1.0.10/24 for a time only]"},
		{ten + "," + other, gateway, "[has 10.1.0.99/24]"},
		{other, older, "[lacks 10.1.0.10/24 has 10.1.0.99/24 has no route to default via 10.1.0.1]"},
	} {
		b := newBed(t)
		b.live(c.addresses, c.routes)
		live, err := Read(t.Context(), b.Runner)
		must(t, err)
		if got := fmt.Sprint(Differences(simple(), live["eth0"])); got != c.want {
			t.Errorf("%s, not %s", got, c.want)
		}
	}
	if got := fmt.Sprint(Differences(simple(), original.Interface{})); got != "[does not exist]" {
		t.Error(got)
	}
	with := simple()
	with.MTU = 9000
	if got := fmt.Sprint(Differences(with, original.Interface{Exists: true, MTU: 1500})); !strings.Contains(got, "is down has an MTU of 1500, not 9000") {
		t.Error(got)
	}
}

// changes are the commands that change something.
func (b bed) changes() []string {
	return slices.DeleteFunc(b.runner.Ran(), func(typed string) bool { return strings.HasPrefix(typed, "ip -json") })
}

func (b bed) set(c Change) ([]string, error) { return b.Set(context.Background(), c) }

func TestWhatIsRightIsNotTouched(t *testing.T) {
	for _, renderer := range []string{Networkd, NetworkManager, Dhcpcd, Ifupdown, Direct} {
		b := newBed(t, slices.DeleteFunc([]string{unitOf(renderer)}, func(name string) bool { return name == "" })...)
		b.live(ten, gateway)
		changed, err := b.set(Change{Renderer: renderer, Wanted: []generation.Interface{simple()},
			Leaving: map[string]original.Interface{"lo": {Exists: true}}})
		if err != nil || len(changed)+len(b.changes())+len(b.units.Actions) > 0 {
			t.Error(renderer, changed, b.changes(), b.units.Actions, err)
		}
	}
}

func TestDirect(t *testing.T) {
	b := newBed(t)
	b.live(leased+","+other, older)
	before := simple()
	before.Routes = []generation.InterfaceRoute{{Destination: "10.8.0.0/16", Via: "10.1.0.3"}}
	changed, err := b.set(Change{Renderer: Direct, Wanted: []generation.Interface{simple()}, Before: []generation.Interface{before}})
	must(t, err)
	want := []string{
		"ip address replace 10.1.0.10/24 dev eth0", "ip address delete 10.1.0.99/24 dev eth0", "ip address replace 10.1.0.10/24 dev eth0",
		"ip route delete 10.8.0.0/16 via 10.1.0.3 dev eth0", "ip route delete default via 10.1.0.2 dev eth0",
		"ip route replace default via 10.1.0.1 dev eth0",
	}
	if !slices.Equal(b.changes(), want) || fmt.Sprint(changed) != "[eth0]" {
		t.Errorf("%v\n%s", changed, strings.Join(b.changes(), "\n"))
	}
}

func TestDirectKeepsTheListOfNameservers(t *testing.T) {
	one, two := simple(), simple()
	one.Nameservers, two.Name, two.Nameservers = []string{"1.1.1.1", "8.8.8.8"}, "eth1", []string{"8.8.8.8", "9.9.9.9"}
	list := func(b bed) string {
		for _, f := range b.derive(t, []generation.Interface{one, two}).Files {
			if f.Path == resolverPath {
				return strings.TrimPrefix(string(f.Content), notice)
			}
		}
		return ""
	}
	const both = "nameserver 1.1.1.1\nnameserver 8.8.8.8\nnameserver 9.9.9.9\n"
	b := newBed(t)
	expect(t, list(b), both)
	must(t, rootfs.Replace(b.FS, resolverPath, []byte("nameserver 10.1.0.1\n"), 0o644, 0, 0))
	expect(t, list(b), both)
	must(t, b.FS.Remove(resolverPath))
	must(t, b.FS.Symlink("/run/systemd/resolve/stub-resolv.conf", resolverPath))
	expect(t, list(b), "")
	expect(t, list(newBed(t, "NetworkManager.service")), "")
	one.Nameservers, two.Nameservers = nil, nil
	expect(t, list(newBed(t)), "")
}

func TestDirectMakesAndRemovesVLANs(t *testing.T) {
	b := newBed(t)
	b.live(ten, gateway)
	all := []generation.Interface{{Name: "vlan40", Addresses: []string{"10.64.40.10/24"}, VLAN: &generation.VLAN{Link: "eth0", ID: 40}}, simple()}
	_, err := b.set(Change{Renderer: Direct, Wanted: all})
	must(t, err)
	expect(t, strings.Join(b.changes(), "\n"), "ip link add link eth0 name vlan40 type vlan id 40\nip link set dev vlan40 up\nip address replace 10.64.40.10/24 dev vlan40")
	b = newBed(t)
	b.live(ten, gateway)
	_, err = b.set(Change{Renderer: Direct, Leaving: map[string]original.Interface{"eth0": {}}})
	must(t, err)
	expect(t, strings.Join(b.changes(), "\n"), "ip link delete dev eth0")
}

func TestDirectGivesBack(t *testing.T) {
	b := newBed(t)
	b.live(ten, gateway)
	found := original.Interface{Exists: true, Up: true, MTU: 1500, Addresses: []string{"10.1.0.99/24"}, Routes: []original.Route{{Destination: "default", Via: "10.1.0.2"}}}
	_, err := b.set(Change{Renderer: Ifupdown, Leaving: map[string]original.Interface{"eth0": found}})
	must(t, err)
	expect(t, strings.Join(b.changes(), "\n"), `ip address replace 10.1.0.99/24 dev eth0
ip address delete 10.1.0.10/24 dev eth0
ip address replace 10.1.0.99/24 dev eth0
ip route delete default via 10.1.0.1 dev eth0
ip route replace default via 10.1.0.2 dev eth0`)
}

// TestManagersAreAsked lets the program do its work when it is asked to.
func TestManagersAreAsked(t *testing.T) {
	for renderer, want := range map[string]string{
		Networkd:       "networkctl reload\nnetworkctl reconfigure eth0",
		NetworkManager: "nmcli connection reload\nnmcli --wait 30 connection up id reef-agent-eth0",
	} {
		b := newBed(t, unitOf(renderer))
		b.live(other, older)
		before := b.runner.Answer
		b.runner.Answer = func(c command.Command) ([]byte, error) {
			if strings.HasSuffix(c.String(), "eth0") {
				b.live(ten, gateway)
			}
			return before(c)
		}
		_, err := b.set(Change{Renderer: renderer, Wanted: []generation.Interface{simple()}})
		must(t, err)
		expect(t, strings.Join(b.changes(), "\n"), want)
	}
}

func TestDhcpcdLeavesNothingBehind(t *testing.T) {
	b := newBed(t, "dhcpcd.service")
	b.live(ten+","+other, gateway)
	before := b.runner.Answer
	b.runner.Answer = func(c command.Command) ([]byte, error) {
		if c.String() == "ip address delete 10.1.0.99/24 dev eth0" {
			b.live(ten, gateway)
		}
		return before(c)
	}
	_, err := b.set(Change{Renderer: Dhcpcd, Wanted: []generation.Interface{simple()}})
	must(t, err)
	expect(t, strings.Join(b.changes(), "\n"), "ip address delete 10.1.0.99/24 dev eth0")
	expect(t, fmt.Sprint(b.units.Actions), "[restart dhcpcd.service]")
	// Leased before, so that what comes back is not known; what was ours goes.
	b.live(ten, gateway)
	_, err = b.set(Change{Renderer: Dhcpcd, Before: []generation.Interface{simple()},
		Leaving: map[string]original.Interface{"eth0": {Exists: true, Addresses: []string{"10.1.0.50/24"}, Dynamic: []string{"10.1.0.50/24"}}}})
	must(t, err)
	expect(t, b.changes()[1], "ip address delete 10.1.0.10/24 dev eth0")
}

// TestNetworkdThatDoesNotAnswer is started anew.
func TestNetworkdThatDoesNotAnswer(t *testing.T) {
	b := newBed(t, "systemd-networkd.service")
	b.live(other, older)
	before := b.runner.Answer
	b.runner.Answer = func(c command.Command) ([]byte, error) {
		if c.Argv[0] == "networkctl" {
			b.live(ten, gateway)
			return nil, &command.ExitError{Code: 1, Output: "no answer"}
		}
		return before(c)
	}
	_, err := b.set(Change{Renderer: Networkd, Wanted: []generation.Interface{simple()}})
	must(t, err)
	expect(t, fmt.Sprint(b.changes(), b.units.Actions), "[networkctl reload] [restart systemd-networkd.service]")
}

// TestManagerThatDoesNotRun is the boot: its files are there when it starts.
func TestManagerThatDoesNotRun(t *testing.T) {
	for _, renderer := range []string{Networkd, NetworkManager, Dhcpcd} {
		b := newBed(t)
		b.live(other, older)
		changed, err := b.set(Change{Renderer: renderer, Wanted: []generation.Interface{simple()}})
		if err != nil || len(changed)+len(b.changes())+len(b.units.Actions) > 0 {
			t.Error(renderer, changed, b.changes(), err)
		}
	}
}

func TestBootReadsItsOwnFile(t *testing.T) {
	b := newBed(t)
	for _, f := range b.derive(t, []generation.Interface{simple()}).Files {
		_, err := rootfs.MkdirAll(b.FS, "/etc/reef-agent", 0o755)
		must(t, err)
		if f.Path == directPath {
			b.put(t, directPath, string(f.Content))
		}
	}
	b.live(other, older)
	must(t, b.Boot(t.Context()))
	if !slices.Contains(b.changes(), "ip address replace 10.1.0.10/24 dev eth0") {
		t.Error(b.changes())
	}
}

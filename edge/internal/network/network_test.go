package network

import (
	"strings"
	"testing"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wanted has one of everything.
func wanted() []generation.Interface {
	return []generation.Interface{
		{Name: "eth0", Addresses: []string{"10.1.0.10/24", "fd00::10/64"}, Gateway: "10.1.0.1", Nameservers: []string{"1.1.1.1", "9.9.9.9"},
			MTU: 1400, Routes: []generation.InterfaceRoute{{Destination: "10.9.0.0/16", Via: "10.1.0.254"}}},
		{Name: "vlan40", Addresses: []string{"10.64.40.10/24"}, VLAN: &generation.VLAN{Link: "eth0", ID: 40}},
	}
}

type bed struct {
	Host
	runner *command.Fake
	units  *unit.Fake
}

// newBed is a host on which some units run.
func newBed(t *testing.T, running ...string) bed {
	t.Helper()
	fs := rootfs.NewMemory()
	for _, folder := range []string{"/etc", "/etc/network", "/etc/network/interfaces.d"} {
		must(t, fs.Mkdir(folder, 0o755))
	}
	units := unit.NewFake(fs)
	units.Load = func(string) (string, error) { return "", nil }
	for _, name := range running {
		units.Preset[name] = true
		must(t, units.Do(t.Context(), unit.Start, name))
	}
	units.Actions = nil
	runner := &command.Fake{}
	return bed{Host{FS: fs, Runner: runner, Units: units, Originals: original.Store{FS: fs, Folder: "/originals"}}, runner, units}
}

func (b bed) put(t *testing.T, p, content string) {
	t.Helper()
	must(t, rootfs.Replace(b.FS, p, []byte(content), 0o644, 0, 0))
}

func (b bed) derive(t *testing.T, all []generation.Interface) generation.Part {
	t.Helper()
	part, err := b.Derive(t.Context(), &generation.Document{Interfaces: all})
	must(t, err)
	return part
}

func content(t *testing.T, part generation.Part, p string) string {
	t.Helper()
	for _, f := range part.Files {
		if f.Path == p {
			return strings.TrimPrefix(string(f.Content), notice)
		}
	}
	t.Fatalf("%s is not there", p)
	return ""
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhoConfigures(t *testing.T) {
	for want, running := range map[string][]string{
		NetworkManager: {"networking.service", "NetworkManager.service", "systemd-networkd.service"},
		Networkd:       {"systemd-networkd.service", "networking.service"},
		Dhcpcd:         {"dhcpcd.service", "networking.service"},
		Ifupdown:       {"networking.service"},
		Direct:         nil,
	} {
		b := newBed(t, running...)
		if got, err := b.detect(t.Context(), wanted()); err != nil || got != want {
			t.Errorf("%s: %s %v", want, got, err)
		}
	}
	b := newBed(t, "NetworkManager.service", "networking.service")
	b.runner.Answer = func(command.Command) ([]byte, error) { return []byte("lo:unmanaged\neth0:unmanaged\n"), nil }
	if got, err := b.detect(t.Context(), wanted()); err != nil || got != Ifupdown {
		t.Errorf("NetworkManager is told not to: %s %v", got, err)
	}
}

func TestNothingIsDerivedWithoutInterfaces(t *testing.T) {
	b := newBed(t, "NetworkManager.service")
	if part := b.derive(t, nil); part.Renderer != "" || len(part.Files) > 0 || len(b.runner.Ran()) > 0 {
		t.Error(part, b.runner.Ran())
	}
}

func TestNetworkd(t *testing.T) {
	part := newBed(t, "systemd-networkd.service").derive(t, wanted())
	expect(t, content(t, part, "/etc/systemd/network/05-reef-agent-eth0.network"), `[Match]
Name=eth0

[Link]
MTUBytes=1400

[Network]
DHCP=no
Address=10.1.0.10/24
Address=fd00::10/64
Gateway=10.1.0.1
DNS=1.1.1.1
DNS=9.9.9.9
VLAN=vlan40

[Route]
Destination=10.9.0.0/16
Gateway=10.1.0.254
`)
	expect(t, content(t, part, "/etc/systemd/network/05-reef-agent-vlan40.netdev"), "[NetDev]\nName=vlan40\nKind=vlan\n\n[VLAN]\nId=40\n")
	expect(t, content(t, part, "/etc/systemd/network/05-reef-agent-vlan40.network"), "[Match]\nName=vlan40\n\n[Network]\nDHCP=no\nAddress=10.64.40.10/24\n")
}

func TestNetworkManager(t *testing.T) {
	part := newBed(t, "NetworkManager.service").derive(t, wanted())
	first := content(t, part, "/etc/NetworkManager/system-connections/reef-agent-eth0.nmconnection")
	expect(t, first, `[connection]
id=reef-agent-eth0
uuid=`+uuid("eth0")+`
type=ethernet
interface-name=eth0
autoconnect-priority=100

[ethernet]
mtu=1400

[ipv4]
method=manual
address1=10.1.0.10/24
gateway=10.1.0.1
dns=1.1.1.1;9.9.9.9;
route1=10.9.0.0/16,10.1.0.254

[ipv6]
method=manual
address1=fd00::10/64
`)
	expect(t, content(t, part, "/etc/NetworkManager/system-connections/reef-agent-vlan40.nmconnection"), `[connection]
id=reef-agent-vlan40
uuid=`+uuid("vlan40")+`
type=vlan
interface-name=vlan40
autoconnect-priority=100

[vlan]
parent=eth0
id=40
flags=1

[ipv4]
method=manual
address1=10.64.40.10/24

[ipv6]
method=auto
`)
	if part.Files[0].Mode != "0600" || len(uuid("eth0")) != 36 {
		t.Error(part.Files[0].Mode, uuid("eth0"))
	}
}

func TestDhcpcdKeepsWhatIsNotOurs(t *testing.T) {
	b := newBed(t, "dhcpcd.service")
	b.put(t, dhcpcdPath, "hostname\npersistent\n\ninterface eth0\nstatic ip_address=10.0.0.1/8\n\ninterface wlan0\nstatic ip_address=10.5.0.1/24\n")
	all := wanted()[:1]
	all[0].MTU = 0
	want := "hostname\npersistent\n\ninterface wlan0\nstatic ip_address=10.5.0.1/24\n\n" + notice + `interface eth0
static ip_address=10.1.0.10/24
static ip6_address=fd00::10/64
static routers=10.1.0.1
static domain_name_servers=1.1.1.1 9.9.9.9
static classless_static_routes=10.9.0.0/16 10.1.0.254
`
	expect(t, content(t, b.derive(t, all), dhcpcdPath), want)
	// Our own file is not what the next one begins with.
	index, err := b.Originals.Load()
	must(t, err)
	must(t, b.Originals.Remember(index, dhcpcdPath))
	must(t, b.Originals.Save(index))
	b.put(t, dhcpcdPath, want)
	expect(t, content(t, b.derive(t, all), dhcpcdPath), want)
	for _, refused := range [][]generation.Interface{wanted()[:1], {simple(), {Name: "vlan40", VLAN: &generation.VLAN{Link: "eth0", ID: 40}}}, {{Name: "eth0"}}} {
		if _, err := b.Derive(t.Context(), &generation.Document{Interfaces: refused}); err == nil || !strings.Contains(err.Error(), "dhcpcd, which configures") {
			t.Error(err)
		}
	}
}

func TestIfupdownSaysItOnce(t *testing.T) {
	b := newBed(t, "networking.service")
	b.put(t, interfacesPath, "source /etc/network/interfaces.d/*\n\nauto lo eth0\niface lo inet loopback\n\nallow-hotplug eth0\niface eth0 inet dhcp\n    metric 5\niface wlan0 inet dhcp\n")
	b.put(t, interfacesFolder+"/cloud", "auto eth0\niface eth0 inet6 auto\n")
	b.put(t, interfacesFolder+"/other", "auto eth9\niface eth9 inet dhcp\n")
	part := b.derive(t, wanted())
	if len(part.Files) != 3 {
		t.Fatal(part.Files)
	}
	expect(t, content(t, part, interfacesPath), "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\niface wlan0 inet dhcp\n")
	expect(t, content(t, part, interfacesFolder+"/cloud"), "")
	expect(t, content(t, part, ifupdownPath), `
auto eth0
iface eth0 inet static
    address 10.1.0.10/24
    gateway 10.1.0.1
    up ip link set dev eth0 mtu 1400
    dns-nameservers 1.1.1.1 9.9.9.9
    up ip route replace 10.9.0.0/16 via 10.1.0.254 dev eth0
iface eth0 inet6 static
    address fd00::10/64

auto vlan40
iface vlan40 inet static
    address 10.64.40.10/24
    pre-up ip link show dev vlan40 >/dev/null 2>&1 || ip link add link eth0 name vlan40 type vlan id 40
`)
	b.put(t, interfacesPath, "iface lo inet loopback\n")
	if _, err := b.Derive(t.Context(), &generation.Document{Interfaces: wanted()}); err == nil || !strings.Contains(err.Error(), "does not read") {
		t.Error(err)
	}
}

func TestAFileOfTheDocumentIsNotTakenAway(t *testing.T) {
	b := newBed(t, "dhcpcd.service")
	d := &generation.Document{Interfaces: wanted()[:1], Files: []generation.File{{Path: dhcpcdPath}}}
	if _, err := b.Derive(t.Context(), d); err == nil || !strings.Contains(err.Error(), "written by the agent itself") {
		t.Error(err)
	}
}

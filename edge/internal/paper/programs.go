package paper

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
)

// Programs stands in for the programs of a host made of files. What would change the host is written down, and
// remembered where somebody will ask for it.
type Programs struct{ Host Host }

// Has implements [command.Runner].
func (Programs) Has(string) bool { return true }

// Run implements [command.Runner].
func (p Programs) Run(_ context.Context, c command.Command) ([]byte, error) {
	argv := c.Argv
	last := argv[len(argv)-1]
	switch argv[0] {
	case "dpkg-query":
		return p.installed(argv), nil
	case "sysctl":
		return p.sysctl(last)
	case "wg":
		if len(argv) == 4 && argv[1] == "show" && argv[3] == "allowed-ips" {
			return p.allowedIPs(argv[2])
		}
	case "ip":
		if slices.Contains(argv, "address") && slices.Contains(argv, "show") {
			return p.addresses()
		}
		if slices.Contains(argv, "route") && slices.Contains(argv, "show") {
			return p.routes()
		}
	case "nft":
		return nil, p.running(c, generation.NftablesUnit)
	case "unshare":
		if slices.Contains(argv, "--net") {
			// Compared with what nft says above: the rules that run are those of the file.
			return nil, nil
		}
		// The checkers find nothing wrong, and the agent among them reads our documents.
		return []byte(`{"formats":["` + generation.Format + `"]}`), nil
	}
	if err := p.Host.note("%s", c); err != nil {
		return nil, err
	}
	switch argv[0] {
	case "apt-get":
		return nil, p.install(argv)
	case "useradd":
		if err := p.addUser(last); err != nil {
			return nil, err
		}
		return nil, p.join(last, option(argv, "--groups"))
	case "userdel":
		return nil, p.removeUser(last)
	case "usermod":
		return nil, p.join(last, option(argv, "--groups"))
	}
	return nil, nil
}

// running is the error of a command that asks about something that a unit would have made.
func (p Programs) running(c command.Command, unit string) error {
	if p.Host.is(active, unit) {
		return nil
	}
	return &command.ExitError{Command: c.String(), Code: 1, Output: "No such file or directory"}
}

const packages = "packages"

func (p Programs) installed(argv []string) []byte {
	var out strings.Builder
	for _, name := range argv[slices.Index(argv, "--")+1:] {
		if p.Host.is(packages, name) {
			fmt.Fprintf(&out, "%s install ok installed\n", name)
		}
	}
	return []byte(out.String())
}

// accounts are those that packages make and files of ours belong to.
var accounts = map[string]string{
	"coturn": "turnserver", "etcd-server": "etcd", "haproxy": "haproxy", "keepalived": "keepalived_script", "prometheus": "prometheus",
	"prometheus-alertmanager": "prometheus", "prometheus-node-exporter": "prometheus", "redis-server": "redis",
	"postgresql-15": "postgres", "tinyproxy": "tinyproxy", "unbound": "unbound", "chrony": "_chrony",
}

func (p Programs) install(argv []string) error {
	at := slices.Index(argv, "--")
	if !slices.Contains(argv, "install") || at < 0 {
		return nil
	}
	for _, name := range argv[at+1:] {
		if account, has := accounts[name]; has {
			if err := p.addUser(account); err != nil {
				return err
			}
		}
		if err := p.Host.set(packages, name, ""); err != nil {
			return err
		}
	}
	return nil
}

func (p Programs) sysctl(what string) ([]byte, error) {
	key, value, write := strings.Cut(what, "=")
	if write {
		if err := p.Host.note("sysctl %s", what); err != nil {
			return nil, err
		}
		return nil, p.Host.set("sysctl", key, value+"\n")
	}
	content, err := os.ReadFile(p.Host.fact("sysctl", key))
	if os.IsNotExist(err) {
		return []byte("0\n"), nil
	}
	return content, err
}

// tunnels reads the networks of each peer from the files of the tunnels that would run, by interface and key.
func (p Programs) tunnels() (map[string]map[string][]string, error) {
	files, err := filepath.Glob(p.Host.path("/etc/wireguard/*.conf"))
	if err != nil {
		return nil, err
	}
	tunnels := map[string]map[string][]string{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".conf")
		if !p.Host.is(active, "wg-quick@"+name+".service") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		tunnels[name] = map[string][]string{}
		key := ""
		lines := bufio.NewScanner(strings.NewReader(string(content)))
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), " = ")
			switch field {
			case "PublicKey":
				key = value
			case "AllowedIPs":
				tunnels[name][key] = strings.Split(value, ", ")
			}
		}
	}
	return tunnels, nil
}

func (p Programs) allowedIPs(name string) ([]byte, error) {
	tunnels, err := p.tunnels()
	if err != nil {
		return nil, err
	}
	if tunnels[name] == nil {
		return nil, &command.ExitError{Command: "wg show", Code: 1, Output: "No such device"}
	}
	var out strings.Builder
	for key, networks := range tunnels[name] {
		fmt.Fprintf(&out, "%s\t%s\n", key, strings.Join(networks, " "))
	}
	return []byte(out.String()), nil
}

// interfaces are always what their file says: nobody else configures any here.
func (p Programs) interfaces() ([]generation.Interface, error) {
	text, err := os.ReadFile(p.Host.path("/etc/reef-agent/interfaces.json"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []generation.Interface
	err = json.Unmarshal(text, &all)
	return all, err
}

type address struct {
	Family string `json:"family"`
	Local  string `json:"local"`
	Length int    `json:"prefixlen"`
	Scope  string `json:"scope"`
}

type link struct {
	Name      string    `json:"ifname"`
	Flags     []string  `json:"flags"`
	MTU       int       `json:"mtu"`
	Addresses []address `json:"addr_info"`
}

func (p Programs) addresses() ([]byte, error) {
	interfaces, err := p.interfaces()
	if err != nil {
		return nil, err
	}
	links := []link{}
	for _, i := range interfaces {
		l := link{Name: i.Name, Flags: []string{"UP"}, MTU: i.MTU}
		for _, text := range i.Addresses {
			prefix, err := netip.ParsePrefix(text)
			if err != nil {
				return nil, err
			}
			family := map[bool]string{true: "inet", false: "inet6"}[prefix.Addr().Is4()]
			l.Addresses = append(l.Addresses, address{family, prefix.Addr().String(), prefix.Bits(), "global"})
		}
		links = append(links, l)
	}
	return json.Marshal(links)
}

// routes are those that wg-quick would have made, and those of the interfaces.
func (p Programs) routes() ([]byte, error) {
	tunnels, err := p.tunnels()
	if err != nil {
		return nil, err
	}
	interfaces, err := p.interfaces()
	if err != nil {
		return nil, err
	}
	routes := []map[string]string{}
	for _, i := range interfaces {
		if i.Gateway != "" {
			routes = append(routes, map[string]string{"dst": "default", "gateway": i.Gateway, "dev": i.Name})
		}
		for _, r := range i.Routes {
			routes = append(routes, map[string]string{"dst": r.Destination, "gateway": r.Via, "dev": i.Name})
		}
	}
	for name, peers := range tunnels {
		for _, networks := range peers {
			for _, network := range networks {
				routes = append(routes, map[string]string{"dst": network, "dev": name})
			}
		}
	}
	return json.Marshal(routes)
}

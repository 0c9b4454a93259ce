package generation

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

func (w *WireGuard) derive() ([]File, []Service) {
	dropIn := fmt.Sprintf("%swg-quick@%s.service.d/reef-agent.conf", unitFolder, w.Interface)
	files := []File{file(w.ConfigPath(), "0600", w.Config(), w.hasSecret()), file(dropIn, "0644", reloadDropIn, false)}
	services := []Service{{Unit: w.Unit(), Reload: []string{w.ConfigPath()}}}
	if w.calls() {
		name := unitFolder + "reef-agent-refresh-" + w.Interface
		files = append(files,
			file(name+".service", "0644", fmt.Sprintf(refreshService, w.Unit(), AgentPath, w.Interface), false),
			file(name+".timer", "0644", fmt.Sprintf(refreshTimer, w.Interface, refreshSeconds), false))
		services = append(services, Service{Unit: "reef-agent-refresh-" + w.Interface + ".timer"})
	}
	return files, services
}

// calls says that some peer is called, which must be looked after: see `wireguard-refresh`.
func (w *WireGuard) calls() bool {
	return slices.ContainsFunc(w.Peers, func(p Peer) bool { return p.Endpoint != "" })
}

// NamedEndpoint is the field of an endpoint that only wireguard-refresh reads. To wg it is a comment: it would not bring
// a tunnel up as long as a name cannot be resolved, and forget that name when it has been.
const NamedEndpoint = "#Endpoint"

func (p *Peer) endpointField() string {
	if _, err := netip.ParseAddrPort(p.Endpoint); err == nil {
		return "Endpoint"
	}
	return NamedEndpoint
}

// refreshSeconds is how often peers that do not answer are called.
const refreshSeconds = 30

const refreshService = notice + `[Unit]
Description=Calls the tunnel's peers that do not answer
Requisite=%[1]s
After=%[1]s

[Service]
Type=oneshot
ExecStart=%[2]s wireguard-refresh %[3]s
LogLevelMax=notice
`

const refreshTimer = notice + `[Unit]
Description=Calls the peers of %[1]s that do not answer, every %[2]d seconds

[Timer]
OnActiveSec=%[2]d
OnUnitActiveSec=%[2]d
AccuracySec=1

[Install]
WantedBy=timers.target
`

// ConfigPath is where wg-quick reads the interface's settings.
func (w *WireGuard) ConfigPath() string { return "/etc/wireguard/" + w.Interface + ".conf" }

// Unit runs the interface.
func (w *WireGuard) Unit() string { return "wg-quick@" + w.Interface + ".service" }

func (w *WireGuard) hasSecret() bool {
	return slices.ContainsFunc(w.Peers, func(p Peer) bool { return p.PresharedKey != "" })
}

// reloadDropIn makes a reload keep the private key, which is not in the file, and bring the routes along.
const reloadDropIn = notice + `[Service]
ExecReload=
ExecReload=` + AgentPath + ` wireguard-sync %i
`

// Config is the file of wg-quick. The private key is no part of it: it is read from its own file at the start.
func (w *WireGuard) Config() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s[Interface]\nAddress = %s\n", notice, strings.Join(w.Addresses, ", "))
	if w.ListenPort != 0 {
		fmt.Fprintf(&text, "ListenPort = %d\n", w.ListenPort)
	}
	fmt.Fprintf(&text, "MTU = %d\nPostUp = wg set %%i private-key %s\n", w.MTU, w.PrivateKeyFile)
	if w.calls() {
		fmt.Fprintf(&text, "PostUp = %s wireguard-refresh %%i\n", AgentPath)
	}
	for _, p := range w.Peers {
		fmt.Fprintf(&text, "\n# %s\n[Peer]\nPublicKey = %s\n", p.Name, p.PublicKey)
		if p.PresharedKey != "" {
			fmt.Fprintf(&text, "PresharedKey = %s\n", p.PresharedKey)
		}
		if p.Endpoint != "" {
			fmt.Fprintf(&text, "%s = %s\n", p.endpointField(), p.Endpoint)
		}
		fmt.Fprintf(&text, "AllowedIPs = %s\n", strings.Join(p.AllowedIPs, ", "))
		if p.KeepaliveSeconds != 0 {
			fmt.Fprintf(&text, "PersistentKeepalive = %d\n", p.KeepaliveSeconds)
		}
	}
	return text.String()
}

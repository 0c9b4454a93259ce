package generation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Paths of what the agent writes from the parts of a document that are not files.
const (
	SysctlPath   = "/etc/sysctl.d/90-reef-agent.conf"
	NftablesPath = "/etc/reef-agent/table.nft"
	NftablesUnit = "reef-agent-table.service"
	unitFolder   = "/etc/systemd/system/"
	notice       = "# Written by reef-agent from the host's generation; changes here will be lost.\n"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Generation is a document with its number, and with everything that it means in terms of files and units.
type Generation struct {
	Number int
	Document
	// AllFiles has the document's files and those derived from its other parts, sorted by path.
	AllFiles []File
	// AllServices has the derived units first, then the document's, in the order of starting.
	AllServices []Service
	// Renderer is the program that configures the interfaces on the host; empty where there are none.
	Renderer string
	// AllChecks has the document's checks and those that follow from what is in it.
	AllChecks []Check
}

// Part is what a document means on one host only.
type Part struct {
	Renderer string
	Files    []File
	Services []Service
}

// New makes a generation of a valid document, with what it means on this host only.
func New(number int, d Document, here ...Part) *Generation {
	files, services := d.derive()
	g := &Generation{Number: number, Document: d}
	for _, part := range here {
		files, services, g.Renderer = slices.Concat(files, part.Files), slices.Concat(part.Services, services), part.Renderer
	}
	g.AllFiles = slices.Concat(d.Files, files)
	slices.SortFunc(g.AllFiles, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	g.AllServices = slices.Concat(services, d.Services)
	g.AllChecks = slices.Concat(d.Checks, g.impliedChecks())
	slices.SortFunc(g.AllChecks, func(a, b Check) int { return strings.Compare(a.Checker+" "+a.Path, b.Checker+" "+b.Path) })
	g.AllChecks = slices.Compact(g.AllChecks)
	return g
}

// Baseline is generation 0: the host as it was found.
func Baseline() *Generation { return New(0, Document{Format: Format}) }

// File returns the file at a path.
func (g *Generation) File(p string) (File, bool) {
	i, found := slices.BinarySearchFunc(g.AllFiles, p, func(f File, p string) int { return strings.Compare(f.Path, p) })
	if !found {
		return File{}, false
	}
	return g.AllFiles[i], true
}

// Secrets returns what must appear nowhere: the secret files' contents, and the preshared keys.
func (g *Generation) Secrets() [][]byte {
	var secrets [][]byte
	for _, f := range g.AllFiles {
		if f.Secret {
			secrets = append(secrets, f.Content)
		}
	}
	for _, w := range g.WireGuard {
		for _, p := range w.Peers {
			if p.PresharedKey != "" {
				secrets = append(secrets, []byte(p.PresharedKey))
			}
		}
	}
	return secrets
}

// Bytes is how much all files together have.
func (g *Generation) Bytes() int64 {
	var total int64
	for _, f := range g.AllFiles {
		total += int64(len(f.Content))
	}
	return total
}

func file(path, mode, content string, secret bool) File {
	return File{Path: path, Mode: mode, Owner: "root:root", Content: []byte(content), SHA256: Sum([]byte(content)), Secret: secret}
}

func (d *Document) derive() ([]File, []Service) {
	var files []File
	var services []Service
	if len(d.Sysctls) > 0 {
		var text strings.Builder
		text.WriteString(notice)
		for _, key := range sortedKeys(d.Sysctls) {
			fmt.Fprintf(&text, "%s = %s\n", key, d.Sysctls[key])
		}
		files = append(files, file(SysctlPath, "0644", text.String(), false))
	}
	if d.Nftables != nil {
		files = append(files,
			file(NftablesPath, "0600", d.Nftables.Text(), false),
			file(unitFolder+NftablesUnit, "0644", d.Nftables.unit(), false))
		services = append(services, Service{Unit: NftablesUnit, Reload: []string{NftablesPath}})
	}
	for _, w := range d.WireGuard {
		more, units := w.derive()
		files, services = append(files, more...), append(services, units...)
	}
	if d.Metrics {
		files = append(files,
			file(unitFolder+"reef-agent-metrics.service", "0644", fmt.Sprintf(metricsService, AgentPath, MetricsPath), false),
			file(unitFolder+metricsTimer, "0644", fmt.Sprintf(metricsTimerText, metricsSeconds), false))
		services = append(services, Service{Unit: metricsTimer})
	}
	return files, services
}

// MetricsPath is where Debian's node exporter reads text files.
const MetricsPath = "/var/lib/prometheus/node-exporter/reef_agent.prom"

const (
	metricsTimer   = "reef-agent-metrics.timer"
	metricsSeconds = 60
)

const metricsService = notice + `[Unit]
Description=Writes down for the node exporter what has drifted

[Service]
Type=oneshot
ExecStart=%s status --prometheus --output %s
Nice=10
LogLevelMax=notice
`

const metricsTimerText = notice + `[Unit]
Description=Writes down for the node exporter what has drifted, again and again

[Timer]
OnActiveSec=5
OnUnitActiveSec=%d
AccuracySec=1

[Install]
WantedBy=timers.target
`

// Text is the table as a file that nft takes as one transaction. It is declared before it is deleted, so that deleting
// never fails.
func (n *Nftables) Text() string {
	name := n.Family + " " + n.Table
	return fmt.Sprintf("%stable %s\ndelete table %s\ntable %s {\n%s\n}\n", notice, name, name, name, strings.TrimRight(n.Rules, "\n"))
}

func (n *Nftables) unit() string {
	return fmt.Sprintf(`%s[Unit]
Description=The nftables table of this host's generation
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
After=local-fs.target %s
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f %s
ExecReload=/usr/sbin/nft -f %s
ExecStop=/usr/sbin/nft delete table %s %s

[Install]
WantedBy=sysinit.target
`, notice, RevertUnit, NftablesPath, NftablesPath, n.Family, n.Table)
}

// impliedChecks finds the files that a known program will read, so that none goes unchecked for want of a line.
func (g *Generation) impliedChecks() []Check {
	var checks []Check
	for _, f := range g.AllFiles {
		if name := checkerOf(f.Path); name != "" {
			checks = append(checks, Check{Checker: name, Path: f.Path})
		}
	}
	return checks
}

func checkerOf(p string) string {
	switch {
	case p == AgentPath:
		return "agent"
	case p == "/etc/haproxy/haproxy.cfg":
		return "haproxy"
	case strings.HasPrefix(p, "/etc/nginx/") && !strings.HasSuffix(p, ".pem") && !strings.HasSuffix(p, ".key"):
		return "nginx"
	case p == "/etc/ssh/sshd_config", strings.HasPrefix(p, "/etc/ssh/sshd_config.d/"):
		return "sshd"
	case p == "/etc/prometheus/prometheus.yml":
		return "prometheus"
	case p == "/etc/sudoers", strings.HasPrefix(p, "/etc/sudoers.d/"):
		return "sudoers"
	case p == "/etc/nftables.conf", strings.HasSuffix(p, ".nft"):
		return "nft"
	case strings.HasPrefix(p, "/etc/wireguard/") && strings.HasSuffix(p, ".conf"):
		return "wireguard"
	case strings.HasPrefix(p, unitFolder) && strings.Count(p, "/") == 4:
		return "unit"
	default:
		return ""
	}
}

// Effect is what a unit must do about a changed file; empty for nothing.
func (s Service) Effect(p string) string {
	switch {
	case p == unitFolder+s.Unit, strings.HasPrefix(p, unitFolder+s.Unit+".d/"), matches(s.Restart, p):
		return Restart
	case matches(s.Reload, p):
		return Reload
	default:
		return ""
	}
}

// What a unit does to take up a changed file.
const (
	Restart = "restart"
	Reload  = "reload"
)

func matches(watched []string, p string) bool {
	return slices.ContainsFunc(watched, func(w string) bool {
		return w == p || (strings.HasSuffix(w, "/") && strings.HasPrefix(p, w))
	})
}

// IsUnitFile reports whether systemd must read its units anew when this file changes.
func IsUnitFile(p string) bool {
	return strings.HasPrefix(p, "/etc/systemd/system/") || strings.HasPrefix(p, "/usr/lib/systemd/system/")
}

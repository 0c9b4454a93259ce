// Package status compares what a host's generation intends with what the host is.
package status

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"blackroad.io/edge/internal/account"
	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/converge"
	"blackroad.io/edge/internal/deb"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/network"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
	"blackroad.io/edge/internal/wireguard"
)

// Format of the report.
const Format = "reef-status/1"

// Drift is one deviation.
type Drift struct {
	// Part is `generation`, `file`, `key`, `unit`, `package`, `user`, `sysctl`, `interface`, `nftables`, `wireguard`, `route`
	// or `certificate`.
	Part string `json:"part"`
	Name string `json:"name"`
	How  string `json:"how"`
}

// Certificate is one that the generation names.
type Certificate struct {
	Path    string    `json:"path"`
	Expires time.Time `json:"expires"`
}

// Report is what `status` prints.
type Report struct {
	Format string `json:"format"`
	Agent  string `json:"agent"`
	Host   string `json:"host"`
	// Generation is the committed one; Digest is that of its document.
	Generation int    `json:"generation"`
	Digest     string `json:"digest"`
	Phase      string `json:"phase"`
	// Open is the generation under way, 0 if there is none; Missing are the paths that it waits for, for so long.
	Open          int            `json:"open,omitempty"`
	Missing       []string       `json:"missing,omitempty"`
	SecondsLeft   int            `json:"secondsLeft,omitempty"`
	Units         map[string]any `json:"units"`
	Certificates  []Certificate  `json:"certificates,omitempty"`
	Drift         []Drift        `json:"drift"`
	CouldNotCheck []string       `json:"couldNotCheck,omitempty"`
	// Owed is what units must do about drift that no file shows: `reload` or `restart`, by unit.
	Owed map[string]string `json:"-"`
}

// Observer looks at a host.
type Observer struct{ converge.Host }

// Look fills in a report everything that concerns one generation: the committed one, or the one that waits.
func (o Observer) Look(ctx context.Context, g *generation.Generation, r *Report) {
	r.Units, r.Drift, r.Owed = map[string]any{}, []Drift{}, map[string]string{}
	for _, part := range []struct {
		name string
		look func(context.Context, *generation.Generation, *Report) error
	}{
		{"files", o.files}, {"keys", o.keys}, {"units", o.units}, {"packages", o.packages}, {"users", o.users}, {"sysctls", o.sysctls},
		{"nftables", o.nftables}, {"wireguard", o.wireguard}, {"interfaces", o.interfaces}, {"routes", o.routes}, {"certificates", o.certificates},
	} {
		if err := part.look(ctx, g, r); err != nil {
			r.CouldNotCheck = append(r.CouldNotCheck, fmt.Sprintf("%s: %v", part.name, err))
		}
	}
}

// Damaged adds that the committed generation is not whole on the disk, if that is so.
func (r *Report) Damaged(number int, damage error) {
	if damage != nil {
		r.drifted("generation", strconv.Itoa(number), "%v", damage)
	}
}

func (r *Report) drifted(part, name, how string, args ...any) {
	r.Drift = append(r.Drift, Drift{part, name, fmt.Sprintf(how, args...)})
}

func (o Observer) files(_ context.Context, g *generation.Generation, r *Report) error {
	index, err := o.Originals.Load()
	if err != nil {
		return err
	}
	changes, err := o.Changes(g, index)
	for _, c := range changes {
		switch {
		case c.Have.Kind == 0:
			r.drifted("file", c.Path, "is missing")
		case c.Remove():
			r.drifted("file", c.Path, "should not be there")
		case c.Have.Kind != c.Want.Kind:
			r.drifted("file", c.Path, "is not a regular file")
		case c.Have.SHA256 != c.Want.SHA256:
			r.drifted("file", c.Path, "has another content")
		default:
			r.drifted("file", c.Path, "has mode %04o and owner %d:%d, not %04o and %d:%d",
				c.Have.Mode, c.Have.UID, c.Have.GID, c.Want.Mode, c.Want.UID, c.Want.GID)
		}
	}
	// A file that cannot be compared is not as it should be.
	for _, problem := range converge.PathErrors(err) {
		r.drifted("file", problem.Path, "cannot be compared: %v", problem.Err)
		err = nil
	}
	return err
}

func (o Observer) keys(_ context.Context, g *generation.Generation, r *Report) error {
	index, err := o.Originals.Load()
	if err != nil {
		return err
	}
	changes, err := o.KeyChanges(g, index)
	for _, c := range changes {
		r.drifted("key", c.Path, "has mode %04o and owner %d:%d, not %04o and %d:%d",
			c.Have.Mode, c.Have.UID, c.Have.GID, c.Want.Mode, c.Want.UID, c.Want.GID)
	}
	for _, problem := range converge.PathErrors(err) {
		r.drifted("key", problem.Path, "cannot be compared: %v", problem.Err)
		err = nil
	}
	return err
}

func (o Observer) units(ctx context.Context, g *generation.Generation, r *Report) error {
	var names []string
	for _, s := range g.AllServices {
		names = append(names, s.Unit)
	}
	states, err := o.Units.States(ctx, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		state := states[name]
		r.Units[name] = state
		if how := unitDrift(state); how != "" {
			r.drifted("unit", name, "%s", how)
		}
	}
	return nil
}

func unitDrift(s unit.State) string {
	switch {
	case !s.Exists:
		return "does not exist"
	case s.Failed:
		return "has failed"
	case !s.Active:
		return "does not run"
	case !s.Enabled:
		return "does not start at boot"
	default:
		return ""
	}
}

func (o Observer) packages(ctx context.Context, g *generation.Generation, r *Report) error {
	missing, err := deb.Missing(ctx, o.Runner, g.Packages)
	for _, p := range missing {
		r.drifted("package", p, "is not installed")
	}
	return err
}

func (o Observer) users(_ context.Context, g *generation.Generation, r *Report) error {
	users, err := account.Read(o.FS)
	if err != nil {
		return err
	}
	for _, u := range g.Users {
		switch {
		case !users.Has(u.Name):
			r.drifted("user", u.Name, "does not exist")
		case users.Lacks(u):
			r.drifted("user", u.Name, "is not in all of its groups")
		}
	}
	return nil
}

func (o Observer) sysctls(ctx context.Context, g *generation.Generation, r *Report) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(g.Sysctls)) {
		have, err := converge.ReadSysctl(ctx, o.Runner, key)
		errs = append(errs, err)
		if want := strings.Join(strings.Fields(g.Sysctls[key]), " "); err == nil && have != want {
			r.drifted("sysctl", key, "is %s, not %s", have, want)
		}
	}
	return errors.Join(errs...)
}

// nftables compares the table in force with the one that its file would make, by loading the file into a network
// namespace of its own: the kernel writes rules differently than people do. Elements of sets are left out, since rules
// that count or remember add some.
func (o Observer) nftables(ctx context.Context, g *generation.Generation, r *Report) error {
	if g.Nftables == nil {
		return nil
	}
	n := g.Nftables
	list := []string{"nft", "--stateless", "--terse", "list", "table", n.Family, n.Table}
	name := n.Family + " " + n.Table
	have, err := o.Runner.Run(ctx, command.Command{Argv: list})
	if err != nil {
		var exit *command.ExitError
		if !errors.As(err, &exit) {
			return err
		}
		r.drifted("nftables", name, "is not in force")
		r.Owed[generation.NftablesUnit] = generation.Reload
		return nil
	}
	script := `nft -f - && exec "$@"`
	want, err := o.Runner.Run(ctx, command.Command{
		Argv:  append([]string{"unshare", "--net", "sh", "-c", script, "sh"}, list...),
		Stdin: []byte(n.Text()),
	})
	if err != nil {
		return err
	}
	if string(have) != string(want) {
		r.drifted("nftables", name, "has other rules")
		r.Owed[generation.NftablesUnit] = generation.Reload
	}
	return nil
}

func (o Observer) wireguard(ctx context.Context, g *generation.Generation, r *Report) error {
	for _, w := range g.WireGuard {
		drift, err := wireguard.Drift(ctx, o.Runner, w)
		if len(drift) > 0 {
			r.Owed[w.Unit()] = generation.Reload
		}
		if err != nil {
			drift = []string{err.Error()}
			r.Owed[w.Unit()] = generation.Restart
		}
		for _, how := range drift {
			r.drifted("wireguard", w.Interface, "%s", how)
		}
	}
	return nil
}

func (o Observer) interfaces(ctx context.Context, g *generation.Generation, r *Report) error {
	if len(g.Interfaces) == 0 {
		return nil
	}
	live, err := network.Read(ctx, o.Runner)
	if err != nil {
		return err
	}
	for _, i := range g.Interfaces {
		for _, how := range network.Differences(i, live[i.Name]) {
			r.drifted("interface", i.Name, "%s", how)
		}
	}
	return nil
}

func (o Observer) routes(ctx context.Context, g *generation.Generation, r *Report) error {
	if len(g.Routes) == 0 {
		return nil
	}
	out, err := o.Runner.Run(ctx, command.Command{Argv: []string{"ip", "-json", "route", "show", "table", "all"}})
	if err != nil {
		return err
	}
	var routes []struct {
		Destination string `json:"dst"`
		Gateway     string `json:"gateway"`
		Device      string `json:"dev"`
	}
	if err := json.Unmarshal(out, &routes); err != nil {
		return err
	}
	for _, want := range g.Routes {
		found := false
		for _, have := range routes {
			found = found || strings.TrimSuffix(want.Destination, "/32") == strings.TrimSuffix(have.Destination, "/32") &&
				(want.Via == "" || want.Via == have.Gateway) && (want.Interface == "" || want.Interface == have.Device)
		}
		if !found {
			r.drifted("route", want.Destination, "is missing, or leads elsewhere")
			r.routeOwed(g, want)
		}
	}
	return nil
}

// routeOwed lets a tunnel make a route again that is one of its own.
func (r *Report) routeOwed(g *generation.Generation, route generation.Route) {
	for _, w := range g.WireGuard {
		if w.Interface == route.Interface && r.Owed[w.Unit()] == "" {
			r.Owed[w.Unit()] = generation.Reload
		}
	}
}

func (o Observer) certificates(_ context.Context, g *generation.Generation, r *Report) error {
	for _, p := range g.Certificates {
		data, err := o.FS.ReadFile(p)
		if rootfs.Missing(err) {
			r.drifted("certificate", p, "is missing")
			continue
		}
		if err != nil {
			return err
		}
		expires, err := expiry(data)
		if err != nil {
			r.drifted("certificate", p, "is none: %v", err)
			continue
		}
		r.Certificates = append(r.Certificates, Certificate{p, expires})
		if !o.Clock.Now().Before(expires) {
			r.drifted("certificate", p, "has expired on %s", expires.Format(time.DateOnly))
		}
	}
	return nil
}

// expiry is when the first certificate of a PEM file, which is the leaf, ends.
func expiry(data []byte) (time.Time, error) {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return time.Time{}, errors.New("no certificate in PEM")
		}
		if block.Type == "CERTIFICATE" {
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return time.Time{}, err
			}
			return certificate.NotAfter.UTC(), nil
		}
		data = rest
	}
}

// Prometheus writes a report as metrics.
func (r *Report) Prometheus() string {
	var out strings.Builder
	metric := func(name, help string) { fmt.Fprintf(&out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name) }
	metric("reef_agent_info", "What runs here; always 1.")
	fmt.Fprintf(&out, "reef_agent_info{host=%q,version=%q,digest=%q,phase=%q} 1\n", r.Host, r.Agent, r.Digest, r.Phase)
	metric("reef_agent_generation", "Number of the committed generation.")
	fmt.Fprintf(&out, "reef_agent_generation %d\n", r.Generation)
	metric("reef_agent_open_generation", "Number of the generation under way, or 0.")
	fmt.Fprintf(&out, "reef_agent_open_generation %d\n", r.Open)
	metric("reef_agent_drift", "Deviations from the generation, by part.")
	counts := map[string]int{}
	for _, part := range []string{"certificate", "file", "generation", "interface", "key", "nftables", "package", "route", "sysctl", "unit", "user", "wireguard"} {
		counts[part] = 0
	}
	for _, d := range r.Drift {
		counts[d.Part]++
	}
	for _, part := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&out, "reef_agent_drift{part=%q} %d\n", part, counts[part])
	}
	metric("reef_agent_unchecked_parts", "Parts that could not be compared.")
	fmt.Fprintf(&out, "reef_agent_unchecked_parts %d\n", len(r.CouldNotCheck))
	if len(r.Certificates) > 0 {
		metric("reef_agent_certificate_expiry_timestamp_seconds", "When a certificate ends.")
	}
	for _, c := range r.Certificates {
		fmt.Fprintf(&out, "reef_agent_certificate_expiry_timestamp_seconds{path=%q} %d\n", c.Path, c.Expires.Unix())
	}
	return out.String()
}

// Package wireguard brings a running tunnel to its file without dropping a session, and reads its peers.
package wireguard

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// Sync takes over the file of an interface that runs: peers, addresses, MTU and routes. Unlike `wg syncconf` of the
// stripped file alone, it keeps the private key, which is not in the file.
func Sync(ctx context.Context, fs rootfs.FS, runner command.Runner, name string) error {
	config, err := fs.ReadFile("/etc/wireguard/" + name + ".conf")
	if err != nil {
		return err
	}
	settings := parse(string(config))
	stripped, err := runner.Run(ctx, command.Command{Argv: []string{"wg-quick", "strip", name}})
	if err != nil {
		return err
	}
	if settings.keyFile != "" {
		key, err := fs.ReadFile(settings.keyFile)
		if err != nil {
			return err
		}
		stripped = append(stripped, []byte("\n[Interface]\nPrivateKey = "+strings.TrimSpace(string(key))+"\n")...)
	}
	if _, err := runner.Run(ctx, command.Command{Argv: []string{"wg", "syncconf", name, "/dev/stdin"}, Stdin: stripped}); err != nil {
		return err
	}
	if settings.mtu != "" {
		if _, err := runner.Run(ctx, command.Command{Argv: []string{"ip", "link", "set", "dev", name, "mtu", settings.mtu}}); err != nil {
			return err
		}
	}
	if err := syncAddresses(ctx, runner, name, settings.addresses); err != nil {
		return err
	}
	if err := syncRoutes(ctx, runner, name, settings.networks); err != nil {
		return err
	}
	// Endpoints by name are not in what wg has taken over; also one that answers may have got another name.
	return callAll(ctx, runner, name, settings.peers)
}

type settings struct {
	keyFile, mtu        string
	addresses, networks []string
	peers               []peer
}

type peer struct{ key, endpoint, keepalive string }

// parse reads what `wg` itself does not: wg-quick's own lines.
func parse(config string) settings {
	var s settings
	// at is the peer whose lines these are; the interface has none of them.
	at := &peer{}
	for line := range strings.SplitSeq(config, "\n") {
		if endpoint, named := strings.CutPrefix(line, generation.NamedEndpoint+" = "); named {
			at.endpoint = endpoint
		}
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "[Peer]" {
			s.peers = append(s.peers, peer{})
			at = &s.peers[len(s.peers)-1]
		}
		key, value, found := strings.Cut(line, "=")
		if !found {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "address":
			s.addresses = append(s.addresses, list(value)...)
		case "allowedips":
			s.networks = append(s.networks, list(value)...)
		case "publickey":
			at.key = value
		case "endpoint":
			at.endpoint = value
		case "persistentkeepalive":
			at.keepalive = value
		case "mtu":
			s.mtu = value
		case "postup":
			if file, ok := strings.CutPrefix(value, "wg set %i private-key "); ok {
				s.keyFile = file
			}
		}
	}
	return s
}

func list(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
}

func syncAddresses(ctx context.Context, runner command.Runner, name string, wanted []string) error {
	out, err := runner.Run(ctx, command.Command{Argv: []string{"ip", "-json", "address", "show", "dev", name}})
	if err != nil {
		return err
	}
	var links []struct {
		Addresses []struct {
			Family string `json:"family"`
			Local  string `json:"local"`
			Length int    `json:"prefixlen"`
			Scope  string `json:"scope"`
		} `json:"addr_info"`
	}
	if err := json.Unmarshal(out, &links); err != nil {
		return fmt.Errorf("ip address: %w", err)
	}
	var have []string
	for _, link := range links {
		for _, a := range link.Addresses {
			if a.Scope != "link" {
				have = append(have, fmt.Sprintf("%s/%d", a.Local, a.Length))
			}
		}
	}
	return change(ctx, runner, "address", name, have, wanted)
}

// syncRoutes changes the routes that wg-quick makes, which have the protocol `boot`.
func syncRoutes(ctx context.Context, runner command.Runner, name string, wanted []string) error {
	out, err := runner.Run(ctx, command.Command{Argv: []string{"ip", "-json", "-4", "route", "show", "dev", name, "proto", "boot"}})
	if err != nil {
		return err
	}
	have, err := destinations(out)
	if err != nil {
		return err
	}
	// wg-quick gives a default route a table of its own, which is not ours to play with.
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(n string) bool { return strings.Contains(n, ":") || strings.HasSuffix(n, "/0") })
	return change(ctx, runner, "route", name, have, wanted)
}

func destinations(out []byte) ([]string, error) {
	var routes []struct {
		Destination string `json:"dst"`
	}
	if err := json.Unmarshal(out, &routes); err != nil {
		return nil, fmt.Errorf("ip route: %w", err)
	}
	var have []string
	for _, r := range routes {
		if r.Destination != "default" && !strings.Contains(r.Destination, "/") {
			r.Destination += "/32"
		}
		have = append(have, r.Destination)
	}
	return have, nil
}

func change(ctx context.Context, runner command.Runner, object, name string, have, wanted []string) error {
	for _, w := range wanted {
		if slices.Contains(have, w) {
			continue
		}
		if _, err := runner.Run(ctx, command.Command{Argv: []string{"ip", object, "replace", w, "dev", name}}); err != nil {
			return err
		}
	}
	for _, h := range have {
		if slices.Contains(wanted, h) {
			continue
		}
		if _, err := runner.Run(ctx, command.Command{Argv: []string{"ip", object, "delete", h, "dev", name}}); err != nil {
			return err
		}
	}
	return nil
}

// Drift compares a running tunnel's peers with the intended ones. It never repeats a key but the public ones.
func Drift(ctx context.Context, runner command.Runner, w generation.WireGuard) ([]string, error) {
	out, err := runner.Run(ctx, command.Command{Argv: []string{"wg", "show", w.Interface, "allowed-ips"}})
	if err != nil {
		return nil, fmt.Errorf("%s does not run", w.Interface)
	}
	have := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 0 {
			networks := slices.DeleteFunc(fields[1:], func(n string) bool { return n == "(none)" })
			have[fields[0]] = slices.Sorted(slices.Values(networks))
		}
	}
	var drift []string
	for _, p := range w.Peers {
		networks, found := have[p.PublicKey]
		switch {
		case !found:
			drift = append(drift, fmt.Sprintf("peer %s is missing", p.Name))
		case !slices.Equal(networks, slices.Sorted(slices.Values(p.AllowedIPs))):
			drift = append(drift, fmt.Sprintf("peer %s has %s", p.Name, strings.Join(networks, ", ")))
		}
		delete(have, p.PublicKey)
	}
	for key := range have {
		drift = append(drift, fmt.Sprintf("peer %s is a stranger", key))
	}
	slices.Sort(drift)
	return drift, nil
}

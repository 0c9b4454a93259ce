package network

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
)

// Read returns how the host's interfaces are, by name. Addresses are those of global scope, without those that IPv6
// gives itself.
func Read(ctx context.Context, runner command.Runner) (map[string]original.Interface, error) {
	var links []struct {
		Name      string   `json:"ifname"`
		Flags     []string `json:"flags"`
		MTU       int      `json:"mtu"`
		Addresses []struct {
			Family  string `json:"family"`
			Local   string `json:"local"`
			Length  int    `json:"prefixlen"`
			Scope   string `json:"scope"`
			Dynamic bool   `json:"dynamic"`
		} `json:"addr_info"`
	}
	if err := ask(ctx, runner, &links, "address", "show"); err != nil {
		return nil, err
	}
	live := map[string]original.Interface{}
	for _, link := range links {
		// Where one lies on another the name is followed by that one's: `vlan10@eth0`.
		name, _, _ := strings.Cut(link.Name, "@")
		i := original.Interface{Exists: true, Up: slices.Contains(link.Flags, "UP"), MTU: link.MTU}
		for _, a := range link.Addresses {
			if a.Scope != "global" || a.Family == "inet6" && a.Dynamic {
				continue
			}
			address := fmt.Sprintf("%s/%d", a.Local, a.Length)
			i.Addresses = append(i.Addresses, address)
			if a.Dynamic {
				i.Dynamic = append(i.Dynamic, address)
			}
		}
		live[name] = i
	}
	for _, family := range []string{"-4", "-6"} {
		if err := readRoutes(ctx, runner, family, live); err != nil {
			return nil, err
		}
	}
	return live, nil
}

func readRoutes(ctx context.Context, runner command.Runner, family string, live map[string]original.Interface) error {
	var routes []struct {
		Destination string `json:"dst"`
		Gateway     string `json:"gateway"`
		Device      string `json:"dev"`
		Protocol    string `json:"protocol"`
	}
	if err := ask(ctx, runner, &routes, family, "route", "show"); err != nil {
		return err
	}
	for _, r := range routes {
		i, known := live[r.Device]
		if !known || r.Gateway == "" || r.Protocol == "ra" {
			continue
		}
		if p, err := netip.ParseAddr(r.Destination); err == nil {
			r.Destination = netip.PrefixFrom(p, p.BitLen()).String()
		}
		i.Routes = append(i.Routes, original.Route{Destination: r.Destination, Via: r.Gateway})
		live[r.Device] = i
	}
	return nil
}

func ask(ctx context.Context, runner command.Runner, into any, args ...string) error {
	out, err := runner.Run(ctx, command.Command{Argv: append([]string{"ip", "-json"}, args...)})
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(out))) == 0 {
		return nil
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("ip %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// routesOf are an interface's routes, the default one included.
func routesOf(i generation.Interface) []original.Route {
	var routes []original.Route
	if i.Gateway != "" {
		routes = append(routes, original.Route{Destination: "default", Via: i.Gateway})
	}
	for _, r := range i.Routes {
		routes = append(routes, original.Route{Destination: r.Destination, Via: r.Via})
	}
	return routes
}

// Differences tells what of an interface is not as it should be.
func Differences(want generation.Interface, have original.Interface) []string {
	if !have.Exists {
		return []string{"does not exist"}
	}
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if !have.Up {
		say("is down")
	}
	if want.MTU != 0 && want.MTU != have.MTU {
		say("has an MTU of %d, not %d", have.MTU, want.MTU)
	}
	for _, address := range want.Addresses {
		switch {
		case !slices.Contains(have.Addresses, address):
			say("lacks %s", address)
		case slices.Contains(have.Dynamic, address):
			say("has %s for a time only", address)
		}
	}
	for _, address := range have.Addresses {
		if !slices.Contains(want.Addresses, address) {
			say("has %s", address)
		}
	}
	for _, route := range routesOf(want) {
		if !slices.Contains(have.Routes, route) {
			say("has no route to %s via %s", route.Destination, route.Via)
		}
	}
	return all
}

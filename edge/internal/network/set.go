package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/unit"
)

// Change is what is to become of a host's interfaces.
type Change struct {
	Renderer string
	Wanted   []generation.Interface
	// Before are those of the generation that is left, whose routes go.
	Before []generation.Interface
	// Leaving are ours no longer, with how they were before.
	Leaving map[string]original.Interface
}

// Set makes the interfaces what their files say by now. One that is so already is not touched. What it returns are the
// interfaces that were.
func (h Host) Set(ctx context.Context, c Change) (changed []string, err error) {
	if len(c.Wanted)+len(c.Leaving) == 0 {
		return nil, nil
	}
	live, err := Read(ctx, h.Runner)
	if err != nil {
		return nil, err
	}
	var wanted []generation.Interface
	for _, i := range c.Wanted {
		if len(Differences(i, live[i.Name])) > 0 || len(stale(c.Before, i, live[i.Name])) > 0 {
			wanted, changed = append(wanted, i), append(changed, i.Name)
		}
	}
	var leaving []string
	for _, name := range slices.Sorted(maps.Keys(c.Leaving)) {
		if !same(c.Leaving[name], live[name]) {
			leaving, changed = append(leaving, name), append(changed, name)
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	manager := unitOf(c.Renderer)
	if manager == "" || c.Renderer == Ifupdown {
		return changed, h.direct(ctx, c, wanted, leaving, live)
	}
	states, err := h.Units.States(ctx, []string{manager})
	if err != nil || !states[manager].Active {
		// It reads its files when it starts, as in the boot.
		return nil, err
	}
	if err := h.takeUp(ctx, c.Renderer, wanted, leaving, live); err != nil {
		return changed, err
	}
	if c.Renderer == Dhcpcd {
		if err := h.removeLeftovers(ctx, c, wanted, leaving); err != nil {
			return changed, err
		}
	}
	return changed, errors.Join(h.await(ctx, c.Renderer, wanted), h.awaitReturn(ctx, c.Leaving, leaving))
}

// removeLeftovers removes addresses that dhcpcd, as Debian configures it, leaves behind when it ends.
func (h Host) removeLeftovers(ctx context.Context, c Change, wanted []generation.Interface, leaving []string) error {
	live, err := Read(ctx, h.Runner)
	if err != nil {
		return err
	}
	var errs []error
	remove := func(name string, addresses, kept []string) {
		for _, address := range addresses {
			if slices.Contains(live[name].Addresses, address) && !slices.Contains(kept, address) {
				errs = append(errs, h.run(ctx, "ip", "address", "delete", address, "dev", name))
			}
		}
	}
	for _, i := range wanted {
		remove(i.Name, live[i.Name].Addresses, i.Addresses)
	}
	for _, i := range c.Before {
		if slices.Contains(leaving, i.Name) {
			remove(i.Name, i.Addresses, c.Leaving[i.Name].Addresses)
		}
	}
	return errors.Join(errs...)
}

// returnAttempts is for how many pauses a program may take to give interfaces back.
const returnAttempts = 24

// awaitReturn sees that interfaces which are ours no longer are what they were. A program knows nothing of what others
// had set, and so cannot bring that back: then we do.
func (h Host) awaitReturn(ctx context.Context, before map[string]original.Interface, leaving []string) error {
	var live map[string]original.Interface
	for range returnAttempts {
		var err error
		if live, err = Read(ctx, h.Runner); err != nil {
			return err
		}
		// An address that was leased may be another one by now.
		leaving = slices.DeleteFunc(leaving, func(name string) bool {
			return len(before[name].Dynamic) > 0 || same(before[name], live[name])
		})
		if len(leaving) == 0 {
			return nil
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	var errs []error
	for _, name := range leaving {
		errs = append(errs, h.giveBack(ctx, name, before[name], live[name]))
	}
	return errors.Join(errs...)
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(awaitPause):
		return nil
	}
}

// Boot gives the interfaces what their file says, where the agent itself is who configures them.
func (h Host) Boot(ctx context.Context) error {
	text, err := h.FS.ReadFile(directPath)
	if err != nil {
		return err
	}
	var all []generation.Interface
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("%s: %w", directPath, err)
	}
	_, err = h.Set(ctx, Change{Renderer: Direct, Wanted: all})
	return err
}

func same(a, b original.Interface) bool {
	return a.Exists == b.Exists && a.MTU == b.MTU && equal(a.Addresses, b.Addresses) && equal(a.Routes, b.Routes)
}

func equal[T comparable](a, b []T) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x T) bool { return !slices.Contains(b, x) })
}

// stale are the routes that an interface still has from a generation that is left.
func stale(before []generation.Interface, want generation.Interface, have original.Interface) []original.Route {
	var routes []original.Route
	for _, i := range before {
		if i.Name != want.Name {
			continue
		}
		for _, r := range routesOf(i) {
			if !slices.Contains(routesOf(want), r) && slices.Contains(have.Routes, r) {
				routes = append(routes, r)
			}
		}
	}
	return routes
}

func (h Host) run(ctx context.Context, argv ...string) error {
	_, err := h.Runner.Run(ctx, command.Command{Argv: argv})
	return err
}

// answerTimeout is how long a program may take to say that it will read its files.
const answerTimeout = 10 * time.Second

// takeUp lets the program that configures interfaces read its files anew.
func (h Host) takeUp(ctx context.Context, renderer string, wanted []generation.Interface, leaving []string, live map[string]original.Interface) error {
	switch renderer {
	case Networkd:
		reload := command.Command{Argv: []string{"networkctl", "reload"}, Timeout: answerTimeout}
		if _, err := h.Runner.Run(ctx, reload); err != nil {
			// It does not answer; starting anew, it reads everything.
			return h.Units.Do(ctx, unit.Restart, unitOf(Networkd))
		}
		names := slices.Clone(leaving)
		for _, i := range wanted {
			name := i.Name
			// A VLAN is made by the interface beneath.
			if i.VLAN != nil && !live[name].Exists {
				name = i.VLAN.Link
			}
			names = append(names, name)
		}
		slices.Sort(names)
		var errs []error
		for _, name := range slices.Compact(names) {
			errs = append(errs, h.run(ctx, "networkctl", "reconfigure", name))
		}
		return errors.Join(errs...)
	case NetworkManager:
		// Where our connection is gone, NetworkManager goes on with what the interface had before.
		if err := h.run(ctx, "nmcli", "connection", "reload"); err != nil {
			return err
		}
		var errs []error
		for _, i := range wanted {
			errs = append(errs, h.run(ctx, "nmcli", "--wait", "30", "connection", "up", "id", profile(i.Name)))
		}
		return errors.Join(errs...)
	default:
		return h.Units.Do(ctx, unit.Restart, unitOf(renderer))
	}
}

const (
	awaitAttempts = 80
	awaitPause    = 250 * time.Millisecond
)

// await sees that the program has done it.
func (h Host) await(ctx context.Context, renderer string, wanted []generation.Interface) error {
	var errs []error
	for range awaitAttempts {
		live, err := Read(ctx, h.Runner)
		if err != nil {
			return err
		}
		errs = nil
		for _, i := range wanted {
			if differences := Differences(i, live[i.Name]); len(differences) > 0 {
				errs = append(errs, fmt.Errorf("%s %s", i.Name, strings.Join(differences, ", ")))
			}
		}
		if len(errs) == 0 {
			return nil
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s has not taken up its files: %w", renderer, errors.Join(errs...))
}

// direct changes running interfaces by ip(8), for programs that would not, or not without taking them down.
func (h Host) direct(ctx context.Context, c Change, wanted []generation.Interface, leaving []string, live map[string]original.Interface) error {
	var errs []error
	// Whom others lie on comes first.
	slices.SortStableFunc(wanted, func(a, b generation.Interface) int { return tagged(a) - tagged(b) })
	for _, i := range wanted {
		if err := h.change(ctx, i, live[i.Name], stale(c.Before, i, live[i.Name])); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", i.Name, err))
		}
	}
	for _, name := range leaving {
		if err := h.giveBack(ctx, name, c.Leaving[name], live[name]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func tagged(i generation.Interface) int {
	if i.VLAN != nil {
		return 1
	}
	return 0
}

// giveBack makes an interface that is ours no longer what it was.
func (h Host) giveBack(ctx context.Context, name string, before, have original.Interface) error {
	if !have.Exists {
		// What was there when we came and is no more was not taken by us.
		return nil
	}
	if !before.Exists {
		return h.run(ctx, "ip", "link", "delete", "dev", name)
	}
	want := generation.Interface{Name: name, Addresses: before.Addresses, MTU: before.MTU}
	for _, r := range before.Routes {
		if r.Destination == "default" && want.Gateway == "" {
			want.Gateway = r.Via
			continue
		}
		want.Routes = append(want.Routes, generation.InterfaceRoute{Destination: r.Destination, Via: r.Via})
	}
	var gone []original.Route
	for _, r := range have.Routes {
		if !slices.Contains(before.Routes, r) {
			gone = append(gone, r)
		}
	}
	return h.change(ctx, want, have, gone)
}

func (h Host) change(ctx context.Context, want generation.Interface, have original.Interface, gone []original.Route) error {
	name := want.Name
	if !have.Exists {
		if want.VLAN == nil {
			return errors.New("does not exist")
		}
		err := h.run(ctx, "ip", "link", "add", "link", want.VLAN.Link, "name", name, "type", "vlan", "id", strconv.Itoa(want.VLAN.ID))
		if err != nil {
			return err
		}
	}
	var steps [][]string
	step := func(argv ...string) { steps = append(steps, append([]string{"ip"}, argv...)) }
	if want.MTU != 0 && want.MTU != have.MTU {
		step("link", "set", "dev", name, "mtu", strconv.Itoa(want.MTU))
	}
	if !have.Up {
		step("link", "set", "dev", name, "up")
	}
	add := func() {
		for _, address := range want.Addresses {
			step("address", "replace", address, "dev", name)
		}
	}
	add()
	removed := false
	for _, address := range have.Addresses {
		if !slices.Contains(want.Addresses, address) {
			step("address", "delete", address, "dev", name)
			removed = true
		}
	}
	if removed {
		// With the first address of a network the kernel may remove its others.
		add()
	}
	for _, r := range gone {
		step("route", "delete", r.Destination, "via", r.Via, "dev", name)
	}
	for _, r := range have.Routes {
		if r.Destination == "default" && want.Gateway != "" && r.Via != want.Gateway && !slices.Contains(gone, r) {
			step("route", "delete", r.Destination, "via", r.Via, "dev", name)
		}
	}
	for _, r := range routesOf(want) {
		step("route", "replace", r.Destination, "via", r.Via, "dev", name)
	}
	for _, argv := range steps {
		// A route may have gone with its address.
		if err := h.run(ctx, argv...); err != nil && argv[2] != "delete" {
			return err
		}
	}
	return nil
}

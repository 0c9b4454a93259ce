package paper

import (
	"context"
	"strings"

	"blackroad.io/edge/internal/unit"
)

// Units is the systemd of a host made of files: nothing runs, and it is remembered what would.
type Units struct{ Host Host }

const (
	enabled = "units/enabled"
	active  = "units/active"
)

// States implements [unit.Manager]. Every unit exists: whether a package would have brought it is not known here.
func (u Units) States(_ context.Context, names []string) (map[string]unit.State, error) {
	states := map[string]unit.State{}
	for _, name := range names {
		states[name] = unit.State{Exists: true, Enabled: u.Host.is(enabled, name), Active: u.Host.is(active, name)}
	}
	return states, nil
}

// DaemonReload implements [unit.Manager].
func (u Units) DaemonReload(context.Context) error { return u.Host.note("systemctl daemon-reload") }

// Enable implements [unit.Manager].
func (u Units) Enable(_ context.Context, names ...string) error {
	for _, name := range names {
		if err := u.Host.note("systemctl enable %s", name); err != nil {
			return err
		}
		if err := u.Host.set(enabled, name, ""); err != nil {
			return err
		}
	}
	return nil
}

// Disable implements [unit.Manager].
func (u Units) Disable(_ context.Context, names ...string) error {
	for _, name := range names {
		if err := u.Host.note("systemctl disable %s", name); err != nil {
			return err
		}
		if err := u.Host.unset(enabled, name); err != nil {
			return err
		}
	}
	return nil
}

// Do implements [unit.Manager].
func (u Units) Do(_ context.Context, action unit.Action, name string) error {
	if err := u.Host.note("systemctl %s %s", action, name); err != nil {
		return err
	}
	if action == unit.Stop {
		return u.Host.unset(active, name)
	}
	return u.Host.set(active, name, "")
}

// Arm implements [unit.Manager]. Nobody runs the timer: what is late is found by the next command.
func (u Units) Arm(_ context.Context, timer unit.Timer) error {
	return u.Host.note("systemd-run %s every %s: %s", timer.Name, timer.Every, strings.Join(timer.Argv, " "))
}

// Disarm implements [unit.Manager].
func (u Units) Disarm(_ context.Context, name string) error {
	return u.Host.note("systemctl stop %s.timer", name)
}

// Package unit runs a host's systemd units. [Systemctl] is the real thing, [Fake] a host without a systemd.
package unit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"blackroad.io/edge/internal/command"
)

// State is how a unit is now.
type State struct {
	// Exists says that systemd has found a file for it.
	Exists bool `json:"exists"`
	// Enabled says that it starts at boot, or needs no enabling for that.
	Enabled bool `json:"enabled"`
	Active  bool `json:"active"`
	Failed  bool `json:"failed"`
	// Queued says that systemd is about to do something with it, as with most units during the boot.
	Queued bool `json:"queued,omitempty"`
}

// Action is something that a running systemd does with a unit.
type Action string

// The actions. ReloadOrRestart reloads where the unit can, else restarts; both start what does not run.
const (
	Start           Action = "start"
	Stop            Action = "stop"
	Restart         Action = "restart"
	ReloadOrRestart Action = "reload-or-restart"
)

// Timer runs a program again and again, so much time after its last run has ended, also if whoever set it is gone. It
// does not survive a reboot.
type Timer struct {
	Name  string
	Every time.Duration
	Argv  []string
}

// Manager is a host's systemd.
type Manager interface {
	States(ctx context.Context, units []string) (map[string]State, error)
	// DaemonReload makes systemd read its units' files anew.
	DaemonReload(ctx context.Context) error
	// Enable and Disable change what starts at boot. The running systemd learns of it by [Manager.DaemonReload]: it is
	// the dearest thing to ask of it, and one does for all.
	Enable(ctx context.Context, units ...string) error
	Disable(ctx context.Context, units ...string) error
	Do(ctx context.Context, action Action, unit string) error
	Arm(ctx context.Context, timer Timer) error
	// Disarm is content if there is no such timer.
	Disarm(ctx context.Context, name string) error
}

// Systemctl is the host's own systemd.
type Systemctl struct {
	Runner command.Runner
	// NoBlock asks for actions without waiting for them: a unit that is itself part of the boot would wait for ever
	// for units ordered behind it.
	NoBlock bool
}

const actionTimeout = 90 * time.Second

func (s Systemctl) run(ctx context.Context, args ...string) ([]byte, error) {
	argv := append([]string{"systemctl", "--no-pager", "--no-ask-password"}, args...)
	return s.Runner.Run(ctx, command.Command{Argv: argv, Timeout: actionTimeout})
}

// States implements [Manager].
func (s Systemctl) States(ctx context.Context, units []string) (map[string]State, error) {
	states := map[string]State{}
	if len(units) == 0 {
		return states, nil
	}
	args := append([]string{"show", "--property=Id,LoadState,UnitFileState,ActiveState,Job", "--"}, units...)
	out, err := s.run(ctx, args...)
	if err != nil {
		return nil, err
	}
	blocks := strings.Split(strings.TrimSpace(string(out)), "\n\n")
	if len(blocks) != len(units) {
		return nil, fmt.Errorf("systemctl show told of %d units, not of %d", len(blocks), len(units))
	}
	for i, block := range blocks {
		states[units[i]] = parseState(block)
	}
	return states, nil
}

func parseState(block string) State {
	properties := map[string]string{}
	for line := range strings.SplitSeq(block, "\n") {
		if name, value, ok := strings.Cut(line, "="); ok {
			properties[name] = value
		}
	}
	enabled := []string{"enabled", "enabled-runtime", "static", "alias", "indirect", "generated"}
	active := []string{"active", "reloading", "activating"}
	return State{
		Exists:  properties["LoadState"] != "not-found",
		Enabled: slices.Contains(enabled, properties["UnitFileState"]),
		Active:  slices.Contains(active, properties["ActiveState"]),
		Failed:  properties["ActiveState"] == "failed",
		Queued:  properties["Job"] != "" && properties["Job"] != "0",
	}
}

// DaemonReload implements [Manager].
func (s Systemctl) DaemonReload(ctx context.Context) error {
	_, err := s.run(ctx, "daemon-reload")
	return err
}

// Enable implements [Manager].
func (s Systemctl) Enable(ctx context.Context, units ...string) error {
	return s.link(ctx, "enable", units)
}

func (s Systemctl) link(ctx context.Context, verb string, units []string) error {
	if len(units) == 0 {
		return nil
	}
	_, err := s.run(ctx, append([]string{verb, "--no-reload", "--quiet", "--"}, units...)...)
	return err
}

// Disable implements [Manager].
func (s Systemctl) Disable(ctx context.Context, units ...string) error {
	return s.link(ctx, "disable", units)
}

// Do implements [Manager]. The error of a unit that does not start has the end of what it said.
func (s Systemctl) Do(ctx context.Context, action Action, unit string) error {
	if action != Stop {
		// systemd refuses to start what has failed too often of late; that was under another configuration.
		_, _ = s.run(ctx, "reset-failed", "--", unit)
	}
	args := []string{string(action)}
	if s.NoBlock {
		args = append(args, "--no-block")
	}
	_, err := s.run(ctx, append(args, "--", unit)...)
	if err == nil || action == Stop && isNotLoaded(err) {
		return nil
	}
	said, logErr := s.Runner.Run(ctx, command.Command{
		Argv:    []string{"journalctl", "--no-pager", "--quiet", "--output=cat", "--lines=8", "--unit=" + unit},
		Timeout: 10 * time.Second,
	})
	if logErr != nil || len(said) == 0 {
		return err
	}
	return fmt.Errorf("%w\n%s said last:\n%s", err, unit, strings.TrimSpace(string(said)))
}

// Arm implements [Manager]. Its time is monotonic: it does not heed the calendar.
func (s Systemctl) Arm(ctx context.Context, timer Timer) error {
	every := fmt.Sprintf("%dms", timer.Every.Milliseconds())
	argv := []string{
		"systemd-run", "--quiet", "--collect", "--unit=" + timer.Name,
		"--on-active=" + every, "--on-unit-inactive=" + every, "--timer-property=AccuracySec=100ms",
		"--property=Type=oneshot", "--property=TimeoutStartSec=infinity", "--property=StartLimitIntervalSec=0",
		"--property=LogLevelMax=notice", "--",
	}
	_, err := s.Runner.Run(ctx, command.Command{Argv: append(argv, timer.Argv...)})
	return err
}

// Disarm implements [Manager].
func (s Systemctl) Disarm(ctx context.Context, name string) error {
	_, err := s.run(ctx, "stop", "--", name+".timer")
	if isNotLoaded(err) {
		return nil
	}
	return err
}

// isNotLoaded says that there is no such unit.
func isNotLoaded(err error) bool {
	const notLoaded = 5
	var exit *command.ExitError
	return errors.As(err, &exit) && exit.Code == notLoaded
}

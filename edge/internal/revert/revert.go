// Package revert arms what brings the previous generation back when nobody confirms the new one: a timer, for a host
// that goes on running, and a unit, for one that boots.
//
// Both run the keeper: a copy of the agent that began the change, in the state folder, which no generation replaces.
package revert

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strconv"
	"time"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

// Keeper is where the copy of the agent lies below the state folder.
const Keeper = "agent/reef-agent"

// TimerName names the timer of one generation, so that a late one cannot be taken for another's.
func TimerName(number int) string { return fmt.Sprintf("reef-agent-revert-%d", number) }

const unitPath = "/etc/systemd/system/" + generation.RevertUnit

// bootUnit comes before everything that could read a file of ours: every ordinary unit starts behind sysinit.target.
const bootUnit = `# Written by reef-agent.
[Unit]
Description=Puts the previous generation back if the last one was never confirmed
DefaultDependencies=no
RequiresMountsFor=%[1]s /etc /usr/local
After=local-fs.target systemd-remount-fs.service
Wants=network-pre.target
Before=sysinit.target network-pre.target systemd-sysctl.service shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
ExecStart=%[1]s/%[2]s boot
TimeoutStartSec=300

[Install]
WantedBy=sysinit.target
`

// Self is the program that runs now.
type Self interface {
	Content() ([]byte, error)
}

// Arming is what both reverts need.
type Arming struct {
	FS    rootfs.FS
	Units unit.Manager
	Self  Self
	State string
}

// Prepare puts the keeper and the boot's unit in place, durably. It changes nothing of a generation.
func (a Arming) Prepare(ctx context.Context) error {
	if err := a.Keep(); err != nil {
		return err
	}
	text := fmt.Appendf(nil, bootUnit, a.State, Keeper)
	have, err := a.FS.ReadFile(unitPath)
	if err != nil && !rootfs.Missing(err) {
		return err
	}
	if !bytes.Equal(have, text) {
		if _, err := rootfs.MkdirAll(a.FS, path.Dir(unitPath), 0o755); err != nil {
			return err
		}
		if err := rootfs.Replace(a.FS, unitPath, text, 0o644, 0, 0); err != nil {
			return err
		}
	}
	states, err := a.Units.States(ctx, []string{generation.RevertUnit})
	if err != nil {
		return err
	}
	// The systemd that runs need not know of it: the one of the next boot reads the disk.
	if !states[generation.RevertUnit].Enabled {
		if err := a.Units.Enable(ctx, generation.RevertUnit); err != nil {
			return err
		}
	}
	// The link that enabling made is nobody's to sync but ours. Cheap where nothing is dirty.
	return a.FS.SyncAll()
}

// Keep makes the running program the keeper.
func (a Arming) Keep() error {
	content, err := a.Self.Content()
	if err != nil {
		return fmt.Errorf("the agent cannot read itself: %w", err)
	}
	keeper := path.Join(a.State, Keeper)
	have, err := a.FS.ReadFile(keeper)
	if err == nil && bytes.Equal(have, content) {
		return nil
	}
	if _, err := rootfs.MkdirAll(a.FS, path.Dir(keeper), 0o700); err != nil {
		return err
	}
	return rootfs.Replace(a.FS, keeper, content, 0o700, 0, 0)
}

// watchEvery is how often the timer looks: how long a host stays half changed when its apply was killed, and by how
// much a confirmation can be late.
const watchEvery = 2 * time.Second

// Start sets the timer of a generation.
func (a Arming) Start(ctx context.Context, number int) error {
	argv := []string{path.Join(a.State, Keeper), "watch", strconv.Itoa(number)}
	return a.Units.Arm(ctx, unit.Timer{Name: TimerName(number), Every: watchEvery, Argv: argv})
}

// Stop takes the timer of a generation away.
func (a Arming) Stop(ctx context.Context, number int) error {
	return a.Units.Disarm(ctx, TimerName(number))
}

package unit

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"blackroad.io/edge/internal/rootfs"
)

// Fake is a systemd whose units are files of a [rootfs.FS], with what a power cut takes from it: what runs, and the
// timers, but not what is enabled.
type Fake struct {
	FS rootfs.FS
	// Step is called before each change; what it returns is what the call returns, and nothing happens then.
	Step func(what string) error
	// Load returns what a unit takes in when it starts, restarts or reloads; its error keeps the unit from running.
	Load func(unit string) (string, error)
	// Preset are units whose files come with packages, not with a generation.
	Preset map[string]bool

	// Running has what each running unit has taken in.
	Running map[string]string
	// Failed are the units that did not start.
	Failed map[string]bool
	// Timers that are set.
	Timers map[string]Timer
	// Actions so far.
	Actions []string
	// known are the unit files that systemd has read.
	known map[string]string
}

// NewFake returns a systemd on which nothing runs.
func NewFake(fs rootfs.FS) *Fake {
	f := &Fake{FS: fs, Preset: map[string]bool{}}
	f.Reboot()
	return f
}

const (
	fakeFolder = "/etc/systemd/system"
	fakeWants  = fakeFolder + "/multi-user.target.wants"
)

func (f *Fake) step(what string) error {
	if f.Step != nil {
		if err := f.Step(what); err != nil {
			return err
		}
	}
	f.Actions = append(f.Actions, what)
	return nil
}

// Reboot ends all that runs, and reads the units. What was enabled is started by [Fake.Boot].
func (f *Fake) Reboot() {
	f.Running, f.Failed, f.Timers = map[string]string{}, map[string]bool{}, map[string]Timer{}
	f.readUnits()
}

// Boot starts what is enabled and still has a file; of the others it says nothing, as systemd does.
func (f *Fake) Boot() {
	names, err := f.FS.ReadFolder(fakeWants)
	if err != nil {
		return
	}
	for _, name := range names {
		if f.has(name) && f.Running[name] == "" {
			_ = f.start(name)
		}
	}
}

func (f *Fake) readUnits() {
	f.known = map[string]string{}
	names, err := f.FS.ReadFolder(fakeFolder)
	if err != nil {
		return
	}
	for _, name := range names {
		if content, err := f.FS.ReadFile(path.Join(fakeFolder, name)); err == nil {
			f.known[name] = string(content)
		}
	}
}

func (f *Fake) has(unit string) bool {
	_, known := f.known[unit]
	return known || f.Preset[unit]
}

// States implements [Manager].
func (f *Fake) States(_ context.Context, units []string) (map[string]State, error) {
	states := map[string]State{}
	for _, unit := range units {
		enabled, err := rootfs.Exists(f.FS, path.Join(fakeWants, unit))
		if err != nil {
			return nil, err
		}
		_, active := f.Running[unit]
		states[unit] = State{Exists: f.has(unit), Enabled: enabled, Active: active, Failed: f.Failed[unit]}
	}
	return states, nil
}

// DaemonReload implements [Manager].
func (f *Fake) DaemonReload(context.Context) error {
	if err := f.step("daemon-reload"); err != nil {
		return err
	}
	f.readUnits()
	return nil
}

// Enable implements [Manager]. As with systemd, the links are not durable until somebody syncs.
func (f *Fake) Enable(_ context.Context, units ...string) error {
	for _, unit := range units {
		if err := f.enable(unit); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fake) enable(unit string) error {
	if err := f.step("enable " + unit); err != nil {
		return err
	}
	// systemctl reads the file itself, not what systemd has read of it.
	there, err := rootfs.Exists(f.FS, path.Join(fakeFolder, unit))
	if err != nil {
		return err
	}
	if !there && !f.Preset[unit] {
		return fmt.Errorf("unit %s not found", unit)
	}
	if err := f.FS.Mkdir(fakeWants, 0o755); err != nil && !strings.Contains(err.Error(), "exist") {
		return err
	}
	err = f.FS.Symlink(path.Join(fakeFolder, unit), path.Join(fakeWants, unit))
	if err != nil && strings.Contains(err.Error(), "exist") {
		return nil
	}
	return err
}

// Disable implements [Manager].
func (f *Fake) Disable(_ context.Context, units ...string) error {
	for _, unit := range units {
		if err := f.step("disable " + unit); err != nil {
			return err
		}
		if err := rootfs.RemoveIfThere(f.FS, path.Join(fakeWants, unit)); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fake) start(unit string) error {
	if !f.has(unit) {
		return fmt.Errorf("unit %s not found", unit)
	}
	loaded, err := f.Load(unit)
	if err != nil {
		delete(f.Running, unit)
		f.Failed[unit] = true
		return err
	}
	delete(f.Failed, unit)
	f.Running[unit] = loaded + "\n" + f.known[unit]
	return nil
}

// Do implements [Manager].
func (f *Fake) Do(_ context.Context, action Action, unit string) error {
	if err := f.step(string(action) + " " + unit); err != nil {
		return err
	}
	_, running := f.Running[unit]
	switch {
	case action == Stop:
		delete(f.Running, unit)
		delete(f.Failed, unit)
		return nil
	case action == Start && running:
		return nil
	default:
		return f.start(unit)
	}
}

// Arm implements [Manager].
func (f *Fake) Arm(_ context.Context, timer Timer) error {
	if err := f.step("arm " + timer.Name); err != nil {
		return err
	}
	if _, set := f.Timers[timer.Name]; set {
		return errors.New("the timer is set already")
	}
	f.Timers[timer.Name] = timer
	return nil
}

// Disarm implements [Manager].
func (f *Fake) Disarm(_ context.Context, name string) error {
	if err := f.step("disarm " + name); err != nil {
		return err
	}
	delete(f.Timers, name)
	return nil
}

// Did reports whether an action was asked for.
func (f *Fake) Did(what string) bool { return slices.Contains(f.Actions, what) }

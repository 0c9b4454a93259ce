// Package stepped lets a test decide before which of its steps an agent on a real host dies, or stops to be cut off.
//
// A step is a change to the disk, a run of a program, or an action on a unit. An agent with this package reads what is
// to happen from [Folder]/next, one line for each run of a command, `apply kill 17`: the first line for its command is
// taken and removed. `stop` halts the process before the step until it is continued, so that in the meantime the
// machine's power can be cut or its disk filled. Each step is a line of [Folder]/log.
//
// A container keeps what was never synced when it is killed, so what a power cut could undo is kept as well: whatever
// stood at a path before it was replaced or removed has a second name in [Shadows].
package stepped

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/transaction"
	"blackroad.io/edge/internal/unit"
)

const (
	// Folder holds instructions and the log; it does not survive a boot.
	Folder = "/run/reef-agent-steps"
	// Shadows holds what was replaced, by number of the step.
	Shadows = "/var/lib/reef-agent-steps"
	// reserve is the file that a run removes to have room.
	reserve = generation.StateFolder + "/reserve"
)

// Counter counts the steps of one run.
type Counter struct {
	command string
	action  string
	at      int
	steps   int
	log     *os.File
	// calendar is how far the calendar is off.
	calendar time.Duration
}

// Open takes the instruction for a command, if there is one. Without [Folder] nothing is counted.
func Open(name string) (*Counter, error) {
	c := &Counter{command: name}
	if _, err := os.Stat(Folder); errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err := os.MkdirAll(Shadows, 0o700); err != nil {
		return nil, err
	}
	var err error
	if c.log, err = os.OpenFile(filepath.Join(Folder, "log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	if text, err := os.ReadFile(filepath.Join(Folder, "calendar")); err == nil {
		if c.calendar, err = time.ParseDuration(strings.TrimSpace(string(text))); err != nil {
			return nil, err
		}
	}
	return c, c.take()
}

// take removes the first line for this command from the instructions.
func (c *Counter) take() error {
	next := filepath.Join(Folder, "next")
	text, err := os.ReadFile(next)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, line := range lines {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != c.command {
			continue
		}
		if c.at, err = strconv.Atoi(words[2]); err != nil {
			return err
		}
		c.action = words[1]
		lines = slices.Delete(lines, i, i+1)
		return os.WriteFile(next, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
	}
	return nil
}

// step does what was wished for before a step, and notes the step.
func (c *Counter) step(what string, paths ...string) error {
	c.steps++
	if c.steps == c.at {
		signal := unix.SIGKILL
		if c.action == "stop" {
			signal = unix.SIGSTOP
		}
		c.note(fmt.Sprintf("%s before %d", c.action, c.steps))
		if err := unix.Kill(os.Getpid(), signal); err != nil {
			return err
		}
		// The signal may reach another thread first.
		time.Sleep(100 * time.Millisecond)
	}
	if c.log == nil {
		return nil
	}
	for _, p := range paths {
		// A second name would keep the space that is set aside.
		if p == reserve {
			continue
		}
		if err := os.Link(p, c.shadow()); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOSPC) {
			return err
		}
	}
	c.note(strings.Join(append([]string{strconv.Itoa(c.steps), what}, paths...), " "))
	return nil
}

func (c *Counter) shadow() string {
	return filepath.Join(Shadows, fmt.Sprintf("%d-%d", os.Getpid(), c.steps))
}

func (c *Counter) note(text string) {
	if c.log != nil {
		_, _ = fmt.Fprintf(c.log, "%s %d %s\n", c.command, os.Getpid(), text)
	}
}

// Wrap puts the counter between an agent and its host.
func (c *Counter) Wrap(a *transaction.Agent) {
	a.FS = files{a.FS, c}
	a.Originals.FS = a.FS
	a.Runner = programs{a.Runner, c}
	if systemctl, ours := a.Units.(unit.Systemctl); ours {
		systemctl.Runner = a.Runner
		a.Units = systemctl
	}
	a.Clock = shifted{a.Clock, c.calendar}
}

// files counts what changes the disk.
type files struct {
	rootfs.FS
	c *Counter
}

func (f files) Create(p string, content []byte, mode uint32, uid, gid int) error {
	if err := f.c.step("create " + p); err != nil {
		return err
	}
	return f.FS.Create(p, content, mode, uid, gid)
}

func (f files) Append(p string, content []byte) error {
	info, err := f.Lstat(p)
	if err != nil {
		return err
	}
	// What was there before may have been synced.
	if err := f.c.step(fmt.Sprintf("append %s %d", p, info.Size)); err != nil {
		return err
	}
	return f.FS.Append(p, content)
}

func (f files) Truncate(p string, size int64) error {
	if err := f.c.step("truncate " + p); err != nil {
		return err
	}
	return f.FS.Truncate(p, size)
}

func (f files) Reserve(p string, size int64) error {
	if err := f.c.step("reserve " + p); err != nil {
		return err
	}
	return f.FS.Reserve(p, size)
}

func (f files) Symlink(target, p string) error {
	if err := f.c.step("symlink " + p); err != nil {
		return err
	}
	return f.FS.Symlink(target, p)
}

func (f files) Mkdir(p string, mode uint32) error {
	if err := f.c.step("mkdir " + p); err != nil {
		return err
	}
	return f.FS.Mkdir(p, mode)
}

func (f files) Rename(oldPath, newPath string) error {
	if err := f.c.step("rename "+oldPath, newPath); err != nil {
		return err
	}
	return f.FS.Rename(oldPath, newPath)
}

func (f files) Remove(p string) error {
	// To remove what is not there is no step.
	info, err := f.Lstat(p)
	if err != nil {
		return f.FS.Remove(p)
	}
	what := "remove"
	if info.Kind == rootfs.Folder {
		what = "rmdir"
	}
	if err := f.c.step(what, p); err != nil {
		return err
	}
	return f.FS.Remove(p)
}

func (f files) Own(p string, mode uint32, uid, gid int) error {
	if err := f.c.step("own " + p); err != nil {
		return err
	}
	return f.FS.Own(p, mode, uid, gid)
}

func (f files) SyncFile(p string) error {
	if err := f.c.step("syncfile " + p); err != nil {
		return err
	}
	return f.FS.SyncFile(p)
}

func (f files) SyncFolder(p string) error {
	if err := f.c.step("syncfolder " + p); err != nil {
		return err
	}
	return f.FS.SyncFolder(p)
}

func (f files) SyncAll() error {
	if err := f.c.step("syncall"); err != nil {
		return err
	}
	return f.FS.SyncAll()
}

// programs counts what is run, units' actions among it.
type programs struct {
	command.Runner
	c *Counter
}

func (p programs) Run(ctx context.Context, run command.Command) ([]byte, error) {
	if err := p.c.step("run " + run.String()); err != nil {
		return nil, err
	}
	return p.Runner.Run(ctx, run)
}

// shifted is a clock whose calendar is wrong.
type shifted struct {
	clock.Clock
	by time.Duration
}

func (s shifted) Now() time.Time { return s.Clock.Now().Add(s.by) }

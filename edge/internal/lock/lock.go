// Package lock lets one run of the agent at a time change the host, and tells the others who that is.
package lock

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Holder is the run that has the lock.
type Holder struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
	// Started is the process's start in ticks since the boot of the kernel: with the id it names one process.
	Started int64     `json:"started"`
	Since   time.Time `json:"since"`
}

// HeldError says that another run has the lock.
type HeldError struct{ Holder Holder }

func (e *HeldError) Error() string {
	if e.Holder.PID == 0 {
		return "another run of reef-agent is at work"
	}
	return fmt.Sprintf("another run of reef-agent is at work: `reef-agent %s`, process %d, since %s",
		e.Holder.Command, e.Holder.PID, e.Holder.Since.Format(time.RFC3339))
}

// Locker gives the lock out.
type Locker interface {
	// Acquire returns the function that gives the lock back, or a *[HeldError].
	Acquire(command string) (release func(), err error)
	// Seize is Acquire for who may not wait for ever: after the given time it kills the holder.
	Seize(command string, patience time.Duration) (release func(), err error)
}

// File locks by a file, which the kernel unlocks when its holder ends in whatever way.
type File struct{ Path string }

// Acquire implements [Locker].
func (f File) Acquire(command string) (func(), error) {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(f.Path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		return nil, &HeldError{Holder: f.holder()}
	}
	started, err := startOf(os.Getpid())
	if err == nil {
		err = write(file, Holder{PID: os.Getpid(), Command: command, Started: started, Since: time.Now()})
	}
	// A full disk may keep us from leaving our name; that must not keep us from reverting.
	if err != nil && !errors.Is(err, unix.ENOSPC) {
		_ = file.Close()
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}

func write(file *os.File, holder Holder) error {
	text, err := json.Marshal(holder)
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt(text, 0)
	return err
}

// holder reads who has the lock; zero if that cannot be read just now.
func (f File) holder() Holder {
	var holder Holder
	text, err := os.ReadFile(f.Path)
	if err != nil || json.Unmarshal(text, &holder) != nil {
		return Holder{}
	}
	return holder
}

const pause = 200 * time.Millisecond

// Seize implements [Locker]. The holder is killed only if it still is the process that wrote its name.
func (f File) Seize(command string, patience time.Duration) (func(), error) {
	var held *HeldError
	attempts := int(patience/pause) + 1
	for range attempts {
		release, err := f.Acquire(command)
		if err == nil || !errors.As(err, &held) {
			return release, err
		}
		time.Sleep(pause)
	}
	if started, err := startOf(held.Holder.PID); err != nil || started != held.Holder.Started {
		return nil, fmt.Errorf("%w; it cannot be told which process that is", held)
	}
	if err := unix.Kill(held.Holder.PID, unix.SIGKILL); err != nil {
		return nil, fmt.Errorf("%w, and cannot be killed: %w", held, err)
	}
	for range 50 {
		release, err := f.Acquire(command)
		if err == nil || !errors.As(err, &held) {
			return release, err
		}
		time.Sleep(pause)
	}
	return nil, held
}

// Fake is a lock within one test.
type Fake struct {
	Holder *Holder
	// Killed holds whom Seize would have killed.
	Killed []Holder
}

// Acquire implements [Locker].
func (f *Fake) Acquire(command string) (func(), error) {
	if f.Holder != nil {
		return nil, &HeldError{Holder: *f.Holder}
	}
	f.Holder = &Holder{PID: 1, Command: command}
	return func() { f.Holder = nil }, nil
}

// Seize implements [Locker].
func (f *Fake) Seize(command string, _ time.Duration) (func(), error) {
	if f.Holder != nil {
		f.Killed = append(f.Killed, *f.Holder)
		f.Holder = nil
	}
	return f.Acquire(command)
}

// Describe is what a human is told of a holder's command line: the subcommand, never what it was given.
func Describe(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return strings.ToLower(args[0])
}

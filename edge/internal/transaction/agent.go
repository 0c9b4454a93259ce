package transaction

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"blackroad.io/edge/internal/checker"
	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/converge"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/journal"
	"blackroad.io/edge/internal/lock"
	"blackroad.io/edge/internal/revert"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/stage"
)

// Agent changes one host. Everything that it touches stands behind an interface.
type Agent struct {
	converge.Host
	// State is the agent's folder: `/var/lib/reef-agent`.
	State  string
	Lock   lock.Locker
	Self   revert.Self
	Caller confirm.Caller
	Random io.Reader
	// Log tells a human what happens.
	Log func(format string, args ...any)
	// Keep is how many committed generations stay, the current one included.
	Keep int
}

// Kept is how many committed generations stay on a host.
const Kept = 5

// RefusedError says that nothing was changed.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() + "\nNothing was changed." }

func (e *RefusedError) Unwrap() error { return e.Err }

func refused(err error) error {
	if err == nil {
		return nil
	}
	return &RefusedError{err}
}

// WaitingError says that another generation waits for its confirmation.
type WaitingError struct {
	Generation int
	Left       time.Duration
}

func (e *WaitingError) Error() string {
	return fmt.Sprintf("generation %d waits for its confirmation for another %s: confirm or revert it first, or apply with --supersede",
		e.Generation, e.Left.Round(time.Second))
}

func (a *Agent) store() stage.Store {
	return stage.Store{FS: a.FS, Folder: path.Join(a.State, "generations")}
}

func (a *Agent) arming() revert.Arming {
	return revert.Arming{FS: a.FS, Units: a.Units, Self: a.Self, State: a.State}
}

func (a *Agent) reserve() string { return path.Join(a.State, "reserve") }

// Situation reads where the host stands.
func (a *Agent) Situation() (Situation, error) {
	s, _, err := ReadSituation(a.FS, a.Clock, a.State)
	return s, err
}

// Generation reads a stored generation; 0 is the host as it was found.
func (a *Agent) Generation(number int) (*generation.Generation, error) { return a.store().Load(number) }

// Committed reads the committed generation. Where that one is damaged on the disk, what is lost is taken from elsewhere;
// where that cannot be, the newest older one that is whole stands in for it. In both cases damage says so.
func (a *Agent) Committed(s Situation) (g *generation.Generation, damage, err error) {
	g, damage, lost := a.store().LoadDamaged(s.Current)
	if lost == nil {
		return g, damage, nil
	}
	damage = lost
	numbers, err := a.store().Numbers()
	if err != nil {
		return nil, damage, err
	}
	for _, number := range slices.Backward(numbers) {
		// What is stored and older has been committed: every commit removes what was not.
		if number >= s.Current {
			continue
		}
		if g, err := a.store().Load(number); err == nil {
			return g, fmt.Errorf("%w; generation %d stands in for it", damage, number), nil
		}
	}
	return nil, damage, fmt.Errorf("%w, %w", damage, errNothingWhole)
}

var errNothingWhole = errors.New("and so is every older one that is stored")

// adopt takes a host on which no stored generation is whole for one that was found as it is now. There is no other way
// back to be had, and without one nothing could ever be applied here again.
func (a *Agent) adopt() error {
	if err := a.Originals.Settle(generation.Baseline()); err != nil {
		return err
	}
	return rootfs.Replace(a.FS, path.Join(a.State, pointer), []byte("0\n"), 0o600, 0, 0)
}

// Journal reads what happened so far.
func (a *Agent) Journal() ([]journal.Record, error) {
	_, j, err := ReadSituation(a.FS, a.Clock, a.State)
	if err != nil {
		return nil, err
	}
	return j.Records(), nil
}

// begin makes the state folder, and finishes whatever an earlier run has begun and not ended. The lock must be held.
//
// What it returns is Idle, or Applied where a generation waits for its confirmation in good time.
func (a *Agent) begin(ctx context.Context, booting bool) (Situation, *journal.Journal, error) {
	if _, err := rootfs.MkdirAll(a.FS, a.State, 0o700); err != nil {
		return Situation{}, nil, err
	}
	s, j, err := ReadSituation(a.FS, a.Clock, a.State)
	if err != nil {
		return s, j, err
	}
	if err := a.cleanState(s); err != nil {
		return s, j, err
	}
	if s.Damaged {
		if s, err = a.mend(s, j); err != nil {
			return s, j, err
		}
	}
	switch s.Phase {
	case Idle:
		return s, j, a.removeUnknown(s)
	case Staged:
		err = a.forget(j, s, "it was never armed")
	case Committing:
		// The run that was cut off may not have come to make the pointer durable.
		if err = a.FS.SyncFolder(a.State); err == nil {
			err = a.finishCommit(ctx, s, j)
		}
	case Applied:
		if !booting && !s.Deadline.Passed(a.Clock) {
			return s, j, nil
		}
		err = a.revert(ctx, s, j, "nobody confirmed it in time")
	case Armed, Reverting:
		err = a.revert(ctx, s, j, "the run that applied it was cut off")
	}
	if err != nil {
		return s, j, err
	}
	s, j, err = ReadSituation(a.FS, a.Clock, a.State)
	return s, j, err
}

// cleanState removes temporary files of the state folder.
func (a *Agent) cleanState(s Situation) error {
	for _, name := range []string{pointer, journal.Name, journal.Name + ".damaged", numbersName, revert.Keeper} {
		if err := rootfs.RemoveIfThere(a.FS, rootfs.TempName(path.Join(a.State, name))); err != nil {
			return err
		}
	}
	if err := rootfs.RemoveIfThere(a.FS, rootfs.TempName("/etc/systemd/system/"+generation.RevertUnit)); err != nil {
		return err
	}
	if err := a.cleanFolder(a.Originals.Folder); err != nil {
		return err
	}
	if s.Phase == Idle || s.Phase == Staged {
		if err := rootfs.RemoveIfThere(a.FS, a.reserve()); err != nil {
			return err
		}
	}
	return a.store().Clean()
}

// removeUnknown removes what was staged by a run that was cut off before it could say so.
func (a *Agent) removeUnknown(s Situation) error {
	numbers, err := a.store().Numbers()
	if err != nil {
		return err
	}
	for _, number := range numbers {
		if number >= s.Next {
			if err := a.store().Remove(number); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Agent) cleanFolder(folder string) error {
	names, err := a.FS.ReadFolder(folder)
	if rootfs.Missing(err) {
		return nil
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".reef-new") {
			err = errors.Join(err, a.FS.Remove(path.Join(folder, name)))
		}
	}
	return err
}

// mend makes a damaged journal usable. What was under way cannot be told any more, so it counts as cut off.
func (a *Agent) mend(s Situation, j *journal.Journal) (Situation, error) {
	a.Log("the journal is damaged; going back to generation %d, which is the committed one", s.Current)
	if err := j.Mend(); err != nil {
		return s, err
	}
	numbers, err := a.store().Numbers()
	if err != nil {
		return s, err
	}
	s.Damaged, s.Phase, s.Open = false, Reverting, s.Current
	if len(numbers) > 0 {
		s.Open = max(s.Current, numbers[len(numbers)-1])
	}
	s.Next = max(s.Next, s.Open+1)
	return s, nil
}

// forget ends a generation that has changed nothing.
func (a *Agent) forget(j *journal.Journal, s Situation, reason string) error {
	if err := a.store().Remove(s.Open); err != nil {
		return err
	}
	return j.Add(journal.Record{Kind: journal.Reverted, Generation: s.Open, Reason: reason})
}

// revert puts the committed generation back. It may be repeated until it succeeds.
func (a *Agent) revert(ctx context.Context, s Situation, j *journal.Journal, reason string) error {
	a.Log("generation %d is reverted, since %s; putting generation %d back", s.Open, reason, s.Current)
	// First of all, for on a full disk nothing else would work.
	if err := rootfs.RemoveIfThere(a.FS, a.reserve()); err != nil {
		return err
	}
	if s.Phase != Reverting {
		if err := j.Add(journal.Record{Kind: journal.Reverting, Generation: s.Open, Reason: reason}); err != nil {
			// The record only explains. That the generation is not committed is what brings us here again.
			a.Log("the journal could not be written: %v", err)
		}
	}
	target, damage, err := a.Committed(s)
	if err != nil {
		return fmt.Errorf("the generation to go back to cannot be read: %w", err)
	}
	if damage != nil {
		a.Log("%v", damage)
		if err := a.remember(ctx, target); err != nil {
			a.Log("what generation %d replaces cannot be remembered: %v", target.Number, err)
		}
	}
	from := a.leavers(s.Open)
	result, err := a.Run(ctx, target, converge.Options{
		From:    from,
		Pending: s.Pending,
		Intend: func(units map[string]string) error {
			// Tried again and again, on a full disk too, it must not fill the journal.
			if maps.Equal(units, s.Pending) {
				return nil
			}
			return j.Add(journal.Record{Kind: journal.Pending, Generation: s.Open, Units: units})
		},
		KeepGoing: true,
	})
	secrets := target.Secrets()
	for _, g := range from {
		secrets = append(secrets, g.Secrets()...)
	}
	a.report(result, secrets)
	if err != nil {
		return fmt.Errorf("generation %d could not be put back yet: %s", s.Current, checker.Mask(err.Error(), secrets))
	}
	if err := a.Originals.Settle(target); err != nil {
		return err
	}
	outcome := ""
	if problems := errors.Join(result.Problems...); problems != nil {
		outcome = checker.Mask(problems.Error(), secrets)
	}
	if err := j.Add(journal.Record{Kind: journal.Reverted, Generation: s.Open, Reason: outcome}); err != nil {
		return err
	}
	if err := a.arming().Stop(ctx, s.Open); err != nil {
		// A timer that goes off now finds nothing to do.
		a.Log("the timer could not be stopped: %v", err)
	}
	return nil
}

// remember adds what stands where an older generation, which was settled and forgotten, is about to be put.
func (a *Agent) remember(ctx context.Context, g *generation.Generation) error {
	var names []string
	for _, service := range g.AllServices {
		names = append(names, service.Unit)
	}
	states, err := a.Units.States(ctx, names)
	if err != nil {
		return err
	}
	if err := a.RememberState(ctx, g, states); err != nil {
		return err
	}
	return a.RememberFiles(g)
}

// leavers are the generations that may have left files or units: the one under way. One that cannot be read has left
// what the originals know of.
func (a *Agent) leavers(number int) []*generation.Generation {
	g, err := a.store().Load(number)
	if err != nil {
		a.Log("%v", err)
		return nil
	}
	return []*generation.Generation{g}
}

func (a *Agent) report(r converge.Result, secrets [][]byte) {
	for _, p := range r.Written {
		a.Log("wrote %s", p)
	}
	for _, p := range r.Removed {
		a.Log("removed %s", p)
	}
	for _, u := range r.Units {
		a.Log("%s", u)
	}
	for _, p := range r.Problems {
		a.Log("problem: %s", checker.Mask(p.Error(), secrets))
	}
}

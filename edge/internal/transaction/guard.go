package transaction

import (
	"context"
	"errors"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/lock"
)

// patience is how long a run that must happen waits for one that is at work before it kills it: longer than any
// single command takes that is not a package's installation.
const patience = 2 * time.Minute

// Revert puts the committed generation back if another one is under way, and returns that one's number, or 0.
func (a *Agent) Revert(ctx context.Context, reason string) (reverted int, err error) {
	release, err := a.Lock.Seize("revert", patience)
	if err != nil {
		return 0, err
	}
	defer release()
	before, err := a.Situation()
	if err != nil {
		return 0, err
	}
	s, j, err := a.begin(ctx, false)
	switch {
	case err != nil:
		return 0, err
	case s.Phase == Applied:
		return s.Open, a.revert(ctx, s, j, reason)
	case before.Phase == Armed || before.Phase == Reverting || before.Phase == Applied:
		return before.Open, nil
	default:
		return 0, nil
	}
}

// Watch is run by the timer, again and again while a generation is under way: it reverts one whose apply has died,
// at once, and one that is late, even if its apply still hangs. It does nothing where an apply is at work in time.
func (a *Agent) Watch(ctx context.Context, number int) error {
	release, err := a.Lock.Acquire("watch")
	var held *lock.HeldError
	if errors.As(err, &held) {
		s, _, situationErr := ReadSituation(a.FS, a.Clock, a.State)
		if situationErr != nil {
			return situationErr
		}
		late := (s.Phase == Armed || s.Phase == Applied) && s.Deadline.Passed(a.Clock)
		if !late {
			return nil
		}
		release, err = a.Lock.Seize("watch", patience)
	}
	if err != nil {
		return err
	}
	defer release()
	s, _, err := a.begin(ctx, false)
	if err != nil || s.Open == number {
		return err
	}
	return a.arming().Stop(ctx, number)
}

// Boot finishes what was under way when the host went down. An unconfirmed generation does not survive a reboot.
func (a *Agent) Boot(ctx context.Context) error {
	release, err := a.Lock.Seize("boot", patience)
	if err != nil {
		return err
	}
	defer release()
	_, _, err = a.begin(ctx, true)
	return err
}

// Left is how long the open generation may still wait.
func (a *Agent) Left(s Situation) time.Duration {
	return s.Deadline.Since - clock.At(a.Clock, 0).Since
}

package transaction

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"blackroad.io/edge/internal/checker"
	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/converge"
	"blackroad.io/edge/internal/deb"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/journal"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

// Outcome is what an apply has led to.
type Outcome struct {
	Generation int    `json:"generation"`
	Digest     string `json:"digest"`
	// Attempt is the highest number that a generation has had here, or that an apply was told.
	Attempt int `json:"attempt"`
	// Changed is false where the host was on this generation already, and nothing had drifted.
	Changed bool `json:"changed"`
	// Resumed is true where the generation had been applied before and waits anew, with this token.
	Resumed bool `json:"resumed,omitempty"`
	// Token confirms; empty where nothing changed.
	Token string `json:"token,omitempty"`
	// Paths must confirm; where there are none, one confirmation without a path is enough.
	Paths []string `json:"paths,omitempty"`
	// ConfirmSeconds is how long the confirmations may take from now on.
	ConfirmSeconds int      `json:"confirmSeconds,omitempty"`
	Written        []string `json:"written,omitempty"`
	Removed        []string `json:"removed,omitempty"`
	Units          []string `json:"units,omitempty"`
	Packages       []string `json:"packages,omitempty"`
}

// changeTime bounds the changes themselves, packages included; the time to confirm follows it.
const changeTime = 20 * time.Minute

// ApplyOptions of one apply.
type ApplyOptions struct {
	// Number is what the generation is to have for its number; 0 is the next one. A number that was used before is
	// not used again: the next one is then. A number that is new supersedes.
	Number int
	// Supersede goes on with a generation that waits for its confirmation if it is of the same document, and reverts
	// another one, instead of refusing.
	Supersede bool
	// Command is who applies, for others to read: `apply`.
	Command string
	// By is the management path by which the apply has come, if its number is to be remembered for that path: the
	// number that it was told, since that is what whoever told it will compare.
	By string
}

// Apply brings the host to a document's generation, and arms its return. Then it is for others to confirm.
//
// The error is a *[RefusedError] where nothing was changed. After any other the previous generation is back, or the
// error says that it is not.
func (a *Agent) Apply(ctx context.Context, d *generation.Document, o ApplyOptions) (Outcome, error) {
	release, err := a.Lock.Acquire(o.Command)
	if err != nil {
		return Outcome{}, refused(err)
	}
	defer release()
	outcome, err := a.apply(ctx, d, o)
	if err == nil && o.By != "" {
		// What was done stands; without the note it is done once more.
		number := o.Number
		if number == 0 {
			number = outcome.Attempt
		}
		if noted := a.note(o.By, number); noted != nil {
			a.Log("the number cannot be noted: %v", noted)
		}
	}
	return outcome, err
}

func (a *Agent) apply(ctx context.Context, d *generation.Document, o ApplyOptions) (Outcome, error) {
	s, j, err := a.begin(ctx, false)
	if err != nil {
		return Outcome{}, err
	}
	if s.Phase == Applied {
		outcome, resumed, err := a.resume(ctx, s, j, d, o)
		if err != nil || resumed {
			return outcome, err
		}
		if s, j, err = a.supersede(ctx, s, j); err != nil {
			return Outcome{}, err
		}
	}
	current, damage, err := a.Committed(s)
	if errors.Is(err, errNothingWhole) {
		a.Log("%v; this host counts as found as it is now", err)
		s.Current, current, err = 0, generation.Baseline(), a.adopt()
	}
	if err != nil {
		return Outcome{}, refused(errors.Join(err, told(j, o.Number)))
	}
	here, err := a.Network().Derive(ctx, d)
	if err != nil {
		return Outcome{}, refused(errors.Join(err, told(j, o.Number)))
	}
	t := &transfer{Agent: a, j: j, s: s, current: current, g: generation.New(max(s.Next, o.Number), *d, here)}
	same, err := t.compare(ctx, damage)
	if err == nil && same {
		err = told(j, o.Number)
		return Outcome{Generation: current.Number, Digest: current.Digest(), Attempt: max(s.Attempt(), o.Number)}, refused(err)
	}
	if err == nil {
		err = t.fetch()
	}
	if err == nil {
		err = t.prepare(ctx)
	}
	if err != nil {
		return Outcome{}, refused(errors.Join(err, told(j, o.Number)))
	}
	return t.change(ctx)
}

// transfer is one apply under way.
type transfer struct {
	*Agent
	j       *journal.Journal
	s       Situation
	current *generation.Generation
	g       *generation.Generation
	// missing packages, and checks that wait for one of them.
	missing  []string
	deferred []checker.Call
	before   map[string]unit.State
	changes  []converge.Change
	// owed is what units must do to put right what has drifted in the kernel only.
	owed  map[string]string
	token confirm.Token
}

// Margins that must stay free, for everyone else.
const (
	marginBytes = 16 << 20
	marginFiles = 256
)

// space refuses a generation that would not fit with its way back: staged, beside what it replaces, and the reserve.
func (t *transfer) space() error {
	content, err := t.Self.Content()
	if err != nil {
		return err
	}
	// Staged content is there once more while it takes its place.
	need := uint64(2*t.g.Bytes()+t.reserveBytes()) + uint64(len(content)) + marginBytes
	files := uint64(4*len(t.g.AllFiles)) + marginFiles
	for _, folder := range []string{t.State, "/etc"} {
		space, err := t.FS.Space(folder)
		if rootfs.Missing(err) {
			continue
		}
		if err != nil {
			return err
		}
		if space.Bytes < need {
			return fmt.Errorf("the disk of %s has %d MiB left, and this needs %d", folder, space.Bytes>>20, need>>20+1)
		}
		if space.TotalFiles > 0 && space.Files < files {
			return fmt.Errorf("the disk of %s has room for %d more files, and this needs %d", folder, space.Files, files)
		}
	}
	return nil
}

// reserveBytes is what going back takes on a disk that has filled up meanwhile.
func (t *transfer) reserveBytes() int64 {
	const journalAndIndex = 1 << 20
	total := int64(journalAndIndex)
	for _, c := range t.changes {
		total += int64(c.Have.Bytes()) + 4096
	}
	return total
}

// prepare stages and checks. Nothing of the host has changed after it, whatever it returns.
func (t *transfer) prepare(ctx context.Context) error {
	if err := t.space(); err != nil {
		return err
	}
	t.Log("staging generation %d", t.g.Number)
	if err := t.store().Write(t.g); err != nil {
		return errors.Join(err, t.store().Clean())
	}
	digest := t.g.Digest()
	if err := t.j.Add(journal.Record{Kind: journal.Staged, Generation: t.g.Number, Digest: digest, Previous: t.s.Current}); err != nil {
		return errors.Join(err, t.store().Remove(t.g.Number))
	}
	t.s = Situation{Current: t.s.Current, Phase: Staged, Open: t.g.Number}
	err := t.check(ctx)
	if err == nil {
		err = t.FS.Reserve(t.reserve(), t.reserveBytes())
	}
	if err == nil {
		err = t.arm(ctx)
	}
	if err != nil {
		return errors.Join(err, rootfs.RemoveIfThere(t.FS, t.reserve()), t.forget(t.j, t.s, "it was refused"))
	}
	return nil
}

// arm makes the return certain. The first change comes after it.
func (t *transfer) arm(ctx context.Context) error {
	var err error
	if t.token, err = confirm.NewToken(t.g.Number, t.Random); err != nil {
		return err
	}
	if err := t.arming().Prepare(ctx); err != nil {
		return fmt.Errorf("the revert cannot be armed: %w", err)
	}
	if err := t.arming().Start(ctx, t.g.Number); err != nil {
		return fmt.Errorf("the revert cannot be armed: %w", err)
	}
	deadline := clock.At(t.Clock, changeTime)
	return t.j.Add(journal.Record{
		Kind: journal.Armed, Generation: t.g.Number, Previous: t.s.Current, Token: t.token.Hash(), Deadline: &deadline,
	})
}

// change makes the changes; should one fail, all are undone at once.
func (t *transfer) change(ctx context.Context) (Outcome, error) {
	t.s.Phase = Armed
	bounded, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	result, err := t.makeChanges(bounded)
	t.report(result, t.g.Secrets())
	if err == nil {
		err = t.await(bounded)
	}
	if err != nil {
		// Also where we were told to stop: half a generation is nobody's wish.
		s, j, situationErr := ReadSituation(t.FS, t.Clock, t.State)
		if situationErr != nil {
			s, j = t.s, t.j
		}
		if back := t.revert(context.WithoutCancel(ctx), s, j, reasonOf(err, t.g)); back != nil {
			return Outcome{}, fmt.Errorf("%w\nand going back failed as well; the timer and the next boot try again: %w", err, back)
		}
		return Outcome{}, fmt.Errorf("%s\nGeneration %d is back", reasonOf(err, t.g), t.s.Current)
	}
	outcome := Outcome{
		Generation: t.g.Number, Digest: t.g.Digest(), Attempt: t.g.Number, Changed: true,
		Token: t.token.String(), Paths: pathsOf(t.g), ConfirmSeconds: t.g.ConfirmSeconds,
		Written: result.Written, Removed: result.Removed, Units: result.Units, Packages: t.missing,
	}
	return outcome, nil
}

// reasonOf is an error's text without the generation's secrets, which a program may have quoted.
func reasonOf(err error, g *generation.Generation) string {
	return checker.Mask(err.Error(), g.Secrets())
}

func (t *transfer) makeChanges(ctx context.Context) (converge.Result, error) {
	if err := t.RememberState(ctx, t.g, t.before); err != nil {
		return converge.Result{}, err
	}
	if len(t.missing) > 0 {
		t.Log("installing %s", strings.Join(t.missing, ", "))
	}
	if err := deb.Install(ctx, t.Runner, t.missing); err != nil {
		return converge.Result{}, err
	}
	left, err := t.checkWith(ctx, t.deferred)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%s is not installed, although all packages are", left[0].Argv[0])
	}
	if err != nil {
		return converge.Result{}, err
	}
	if err := t.RememberFiles(t.g); err != nil {
		return converge.Result{}, err
	}
	return t.Run(ctx, t.g, converge.Options{
		From:    []*generation.Generation{t.current},
		Pending: t.owed,
		Intend: func(units map[string]string) error {
			return t.j.Add(journal.Record{Kind: journal.Pending, Generation: t.g.Number, Units: units})
		},
	})
}

// await sees that everything runs, and starts the time to confirm: from now on, not from when packages began to come.
func (t *transfer) await(ctx context.Context) error {
	if err := t.unitsRun(ctx, t.g); err != nil {
		return err
	}
	deadline := clock.At(t.Clock, time.Duration(t.g.ConfirmSeconds)*time.Second)
	return t.j.Add(journal.Record{Kind: journal.Applied, Generation: t.g.Number, Deadline: &deadline})
}

// unitsRun tells which units of a generation do not run.
func (a *Agent) unitsRun(ctx context.Context, g *generation.Generation) error {
	var names []string
	for _, service := range g.AllServices {
		names = append(names, service.Unit)
	}
	states, err := a.Units.States(ctx, names)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		if !states[name].Active {
			errs = append(errs, fmt.Errorf("%s does not run", name))
		}
	}
	return errors.Join(errs...)
}

package transaction

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/journal"
	"blackroad.io/edge/internal/rootfs"
)

func (w *world) applyAs(number int, d *generation.Document) (Outcome, error) {
	return w.agent().Apply(context.Background(), d, ApplyOptions{Number: number, Command: "apply"})
}

func (w *world) attemptIs(t *testing.T, want int) {
	t.Helper()
	if s, err := w.agent().Situation(); err != nil || s.Attempt() != want {
		t.Fatalf("attempt %d, want %d (%v)", s.Attempt(), want, err)
	}
}

func TestNumbersAreNeverUsedAgain(t *testing.T) {
	w := fresh(t)
	w.attemptIs(t, 0)
	// Where the document is committed and in order, the number is only remembered.
	outcome, err := w.applyAs(5, document(1))
	if err != nil || outcome.Generation != 5 || outcome.Attempt != 5 {
		t.Fatal(outcome, err)
	}
	must(t, confirmAll(w.agent(), outcome))
	for _, number := range []int{6, 6, 3} {
		outcome, err = w.applyAs(number, document(1))
		if err != nil || outcome.Changed || outcome.Token != "" || outcome.Generation != 5 || outcome.Attempt != 6 {
			t.Fatal(outcome, err)
		}
		w.attemptIs(t, 6)
	}
	// One that is refused before anything is staged, and one that its checker refuses.
	d := document(1)
	d.Files[1].Owner, d.Packages = "nobody:nogroup", nil
	if _, err = w.applyAs(8, d); err == nil {
		t.Fatal("applied")
	}
	w.attemptIs(t, 8)
	d = document(1)
	d.Files[0] = text(sshdPath, "REFUSED")
	if _, err = w.applyAs(9, d); err == nil {
		t.Fatal("applied")
	}
	w.attemptIs(t, 9)
	// One that fails halfway, one that nobody confirms, and a number that comes too late.
	d.Files[0] = text(sshdPath, "Port 22")
	d.Files[1] = text("/etc/web/site", "BROKEN")
	if _, err = w.applyAs(0, d); err == nil {
		t.Fatal("applied")
	}
	w.attemptIs(t, 10)
	if outcome, err = w.applyAs(7, document(2)); err != nil || outcome.Generation != 11 {
		t.Fatal(outcome, err)
	}
	w.clock.Pass(time.Hour)
	w.recoverBy(false, 0)
	w.attemptIs(t, 11)
	if number := w.whole("in the end"); number != 5 {
		t.Fatal(number)
	}
	// Whoever holds the token of what was reverted must come once more, although the host is as it should be.
	if s, err := w.agent().Situation(); err != nil || !s.Reverted {
		t.Fatal(s, err)
	}
	if outcome, err = w.applyAs(12, document(1)); err != nil || outcome.Changed {
		t.Fatal(outcome, err)
	}
	if s, err := w.agent().Situation(); err != nil || s.Reverted {
		t.Fatal(s, err)
	}
}

// TestNumberSurvivesDamage breaks a line in the middle of the journal, with the highest number behind it.
func TestNumberSurvivesDamage(t *testing.T) {
	w := fresh(t)
	must(t, w.applyAndConfirm(document(1)))
	_, err := w.applyAs(7, document(1))
	must(t, err)
	p := generation.StateFolder + "/" + journal.Name
	data, err := w.fs.ReadFile(p)
	must(t, err)
	data[20] ^= 1
	must(t, rootfs.Replace(w.fs, p, data, 0o600, 0, 0))
	w.attemptIs(t, 7)
	w.recoverBy(true, 0)
	w.attemptIs(t, 7)
	outcome, err := w.applyAs(0, document(2))
	if err != nil || outcome.Generation != 8 {
		t.Fatal(outcome, err)
	}
}

func TestANewNumberGoesOnWithTheSameDocument(t *testing.T) {
	w := fresh(t)
	first, err := w.applyAs(1, document(1))
	must(t, err)
	if _, err := w.agent().Confirm(t.Context(), token(t, first.Token), "lan"); err != nil {
		t.Fatal(err)
	}
	var waiting *WaitingError
	if _, err = w.applyAs(1, document(1)); !errors.As(err, &waiting) {
		t.Fatal(err)
	}
	w.clock.Pass(50 * time.Second)
	w.units.Actions = nil
	w.agentRandom = 1
	second, err := w.applyAs(2, document(1))
	if err != nil || !second.Resumed || !second.Changed || second.Generation != 1 || second.Attempt != 2 || len(w.units.Actions) > 0 {
		t.Fatal(second, err, w.units.Actions)
	}
	w.clock.Pass(50 * time.Second)
	if _, err = w.agent().Confirm(t.Context(), token(t, first.Token), "tunnel"); err == nil || !strings.Contains(err.Error(), "not the token") {
		t.Fatal(err)
	}
	// What the first token's holder has confirmed does not count.
	if c, err := w.agent().Confirm(t.Context(), token(t, second.Token), "tunnel"); err != nil || c.Committed {
		t.Fatal(c, err)
	}
	if c, err := w.agent().Confirm(t.Context(), token(t, second.Token), "lan"); err != nil || !c.Committed {
		t.Fatal(c, err)
	}
	w.whole("confirmed")
	w.attemptIs(t, 2)
	if outcome, err := w.applyAs(2, document(1)); err != nil || outcome.Changed {
		t.Fatal(outcome, err)
	}
}

func TestANewNumberRevertsAnotherDocument(t *testing.T) {
	for what, change := range map[string]func(w *world) *generation.Document{
		"another document": func(*world) *generation.Document { return document(3) },
		"drifted since": func(w *world) *generation.Document {
			must(w.t, rootfs.Replace(w.fs, "/etc/web/site", []byte("by hand"), 0o644, 0, 0))
			return document(1)
		},
	} {
		w := fresh(t)
		first, err := w.applyAs(1, document(1))
		must(t, err)
		second, err := w.applyAs(2, change(w))
		if err != nil || second.Resumed || second.Generation != 2 {
			t.Fatal(what, second, err)
		}
		if _, err = w.agent().Confirm(t.Context(), token(t, first.Token), "lan"); err == nil {
			t.Fatal(what, "the first is confirmed")
		}
		must(t, confirmAll(w.agent(), second))
		if number := w.whole(what); number != 2 {
			t.Fatal(what, number)
		}
	}
}

func TestSettled(t *testing.T) {
	w := fresh(t)
	if c, err := w.agent().Settled(t.Context()); err != nil || !c.Committed || c.Generation != 0 {
		t.Fatal(c, err)
	}
	_, err := w.applyAs(1, document(1))
	must(t, err)
	if _, err := w.agent().Settled(t.Context()); err == nil || !strings.Contains(err.Error(), "generation 1 waits") {
		t.Fatal(err)
	}
	w.clock.Pass(time.Hour)
	if _, err := w.agent().Settled(t.Context()); err == nil || !strings.Contains(err.Error(), "is reverted") {
		t.Fatal(err)
	}
	if _, err := w.agent().Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestDriftInTheKernelIsPutRight flushes the table by hand, which no file shows.
func TestDriftInTheKernelIsPutRight(t *testing.T) {
	w := fresh(t)
	must(t, w.applyAndConfirm(document(1)))
	w.units.Running[generation.NftablesUnit] = generation.NftablesPath + ": table inet reef {\n}\n\n"
	outcome, err := w.applyAs(2, document(1))
	if err != nil || !outcome.Changed || fmt.Sprint(outcome.Units) != "[reload-or-restart "+generation.NftablesUnit+"]" {
		t.Fatal(outcome, err)
	}
	must(t, confirmAll(w.agent(), outcome))
	w.whole("put right")
}

// engine is what the program does, forgetting everything but its own last number, which it changes only when an apply
// has succeeded: ask, and apply with all confirmations where the number is another one than last time.
func (w *world) engine(d *generation.Document, last *int, fault func()) (ran bool) {
	s, err := w.agent().Situation()
	must(w.t, err)
	committed, err := w.agent().Generation(s.Current)
	must(w.t, err)
	inOrder := s.Phase == Idle && committed.Digest() == d.Digest() && len(w.agent().Drift(context.Background(), committed).Drift) == 0
	number := s.Attempt()
	if !inOrder {
		number++
	}
	if number == *last {
		if !inOrder {
			w.t.Fatalf("not in order, and the engine would do nothing:\n%s", strings.Join(w.log, "\n"))
		}
		return false
	}
	fault()
	var outcome Outcome
	at := w.killAt
	died, err := w.run(func(a *Agent) (err error) {
		outcome, err = a.Apply(context.Background(), d, ApplyOptions{Number: number, Command: "apply"})
		return err
	})
	if died || err != nil {
		return true
	}
	*last = number
	if !outcome.Changed {
		_, err := w.agent().Settled(context.Background())
		must(w.t, err)
		return true
	}
	w.killAt = at
	_, _ = w.run(func(a *Agent) error { return confirmAll(a, outcome) })
	return true
}

// TestEngineConverges lets an engine and its host be cut off at random, in any order, and then go on undisturbed: one
// more run brings the host there, and the next has nothing to do.
func TestEngineConverges(t *testing.T) {
	first := began(t)
	t.Logf("SEED=%d", first)
	for i := range uint64(runs(t, 150)) {
		seed := first + i
		w := newWorld(t, rand.New(rand.NewPCG(seed, 23)))
		last := 0
		for range 4 {
			d := document(1 + w.random.IntN(2))
			w.engine(d, &last, func() { w.steps, w.killAt = 0, 1+w.random.IntN(220) })
			w.killAt = 0
			switch w.random.IntN(4) {
			case 0:
				w.recoverBy(true, w.random.IntN(2))
			case 1:
				w.recoverBy(false, w.random.IntN(2))
			case 2:
				must(t, rootfs.Replace(w.fs, sshdPath, []byte("by hand\n"), 0o644, 0, 0))
			}
		}
		d := document(1 + w.random.IntN(2))
		// An apply that was cut off and has not been watched is in nobody's order yet.
		w.recoverBy(false, 0)
		w.engine(d, &last, func() {})
		if w.engine(d, &last, func() {}) {
			t.Fatalf("SEED=%d: the second run does something:\n%s", seed, strings.Join(w.log, "\n"))
		}
		w.whole(fmt.Sprintf("SEED=%d", seed))
	}
}

package transaction

import (
	"context"
	"fmt"
	"testing"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

func (w *world) leave() (died bool, err error) {
	return w.run(func(a *Agent) error { return a.Leave(context.Background()) })
}

// gone fails the test unless nothing is left of the agent.
func (w *world) gone(where string) {
	w.t.Helper()
	if number := w.whole(where); number != 0 {
		w.t.Fatalf("%s: still on generation %d", where, number)
	}
	for _, p := range []string{generation.StateFolder, generation.StateFolder + ".left", bootUnitPath} {
		if there, err := rootfs.Exists(w.fs, p); there || err != nil {
			w.t.Fatalf("%s: %s was left (%v)", where, p, err)
		}
	}
	if enabled := w.units.Timers; len(enabled) > 0 {
		w.t.Fatalf("%s: timers are still set: %v", where, enabled)
	}
}

func TestLeave(t *testing.T) {
	w := start(t, 1, transition{from: document(2)})
	for range 2 {
		if died, err := w.leave(); died || err != nil {
			t.Fatal(died, err)
		}
		w.gone("left")
	}
	// It may come back, and then starts from nothing.
	must(t, w.applyAndConfirm(document(1)))
	if number := w.whole("back"); number != 1 {
		t.Fatalf("back on generation %d", number)
	}
}

func TestLeaveWithAGenerationThatWaits(t *testing.T) {
	w := start(t, 1, transition{from: document(2)})
	_, err := w.run(func(a *Agent) error {
		_, err := a.Apply(context.Background(), document(3), ApplyOptions{Command: "apply"})
		return err
	})
	must(t, err)
	if died, err := w.leave(); died || err != nil {
		t.Fatal(died, err)
	}
	w.gone("left")
}

// TestLeaveKilledBeforeEveryStep kills it before each step. The host is then on its generation or on none, and to leave
// once more finishes it.
func TestLeaveKilledBeforeEveryStep(t *testing.T) {
	seed := began(t)
	t.Logf("SEED=%d", seed)
	c := transition{from: document(2)}
	w := start(t, seed, c)
	if died, err := w.leave(); died || err != nil {
		t.Fatal(died, err)
	}
	steps := w.steps
	if steps < 40 {
		t.Fatalf("there are only %d steps", steps)
	}
	for at := 1; at <= steps; at++ {
		for _, reboot := range []bool{false, true} {
			w := start(t, seed+uint64(at), c)
			w.killAt = at
			if died, _ := w.leave(); !died {
				t.Fatalf("there is no step %d", at)
			}
			where := fmt.Sprintf("killed before step %d of %d, reboot %v", at, steps, reboot)
			w.recoverBy(reboot, 0)
			w.whole(where)
			if died, err := w.leave(); died || err != nil {
				t.Fatalf("%s, then again: %v", where, err)
			}
			w.gone(where + ", then again")
			must(t, w.applyAndConfirm(document(1)))
			w.whole(where + ", then back")
		}
	}
}

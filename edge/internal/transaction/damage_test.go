package transaction

import (
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// damage spoils a stored generation.
func (w *world) damage(number string) {
	w.t.Helper()
	p := generation.StateFolder + "/generations/" + number + "/tree" + sshdPath
	must(w.t, rootfs.Replace(w.fs, p, []byte("spoilt"), 0o600, 0, 0))
}

func (w *world) content(p string) string {
	w.t.Helper()
	content, err := w.fs.ReadFile(p)
	must(w.t, err)
	return string(content)
}

// lose spoils a stored generation so that nothing of it can be read.
func (w *world) lose(number string) {
	w.t.Helper()
	p := generation.StateFolder + "/generations/" + number + "/manifest.json"
	must(w.t, rootfs.Replace(w.fs, p, []byte("spoilt"), 0o600, 0, 0))
}

// damagedWorld has committed three generations, of which the last is damaged.
func damagedWorld(t *testing.T) *world {
	w := fresh(t)
	for version := range 3 {
		must(t, w.applyAndConfirm(document(version+1)))
	}
	w.damage("3")
	return w
}

func TestDamagedGenerationIsReplaced(t *testing.T) {
	w := damagedWorld(t)
	s, err := w.agent().Situation()
	must(t, err)
	g, damage, err := w.agent().Committed(s)
	if err != nil || g.Number != 3 || damage == nil || !strings.Contains(damage.Error(), "generation 3 is damaged") {
		t.Fatal(g, damage, err)
	}
	// Of the same document too, although no file of the host differs.
	outcome, err := w.apply(document(3))
	if err != nil || !outcome.Changed || outcome.Generation != 4 || len(outcome.Written) > 0 {
		t.Fatal(outcome, err)
	}
	must(t, confirmAll(w.agent(), outcome))
	if number := w.whole("replaced"); number != 4 {
		t.Fatal(number)
	}
	w.tidy("replaced")
}

// TestRevertOverADamagedGeneration finds what is damaged in the files themselves, or else goes back further.
func TestRevertOverADamagedGeneration(t *testing.T) {
	w := damagedWorld(t)
	d := document(3)
	d.Files[1] = text("/etc/web/site", "another")
	_, err := w.apply(d)
	must(t, err)
	w.clock.Pass(time.Hour)
	w.recoverBy(false, 0)
	if got := w.content(sshdPath) + w.content("/etc/web/site"); got != "Port 22 # version 3\nsite 3\n" {
		t.Fatalf("%q", got)
	}
	w.lose("3")
	_, err = w.apply(document(5))
	must(t, err)
	w.clock.Pass(time.Hour)
	w.recoverBy(false, 0)
	s, err := w.agent().Situation()
	if err != nil || s.Phase != Idle || s.Current != 3 {
		t.Fatal(s, err)
	}
	if got := w.content(sshdPath); got != "Port 22 # version 2\n" {
		t.Fatalf("%q, not the older generation", got)
	}
	must(t, w.applyAndConfirm(document(3)))
	w.whole("after the damage")
}

func TestNoGenerationIsWhole(t *testing.T) {
	w := damagedWorld(t)
	for _, number := range []string{"1", "2", "3"} {
		w.lose(number)
	}
	outcome, err := w.apply(document(5))
	if err != nil || outcome.Generation != 4 {
		t.Fatal(outcome, err)
	}
	must(t, w.agent().Watch(t.Context(), 4))
	w.clock.Pass(time.Hour)
	w.recoverBy(false, 0)
	// The way back leads to how it was, as far as anybody knows.
	if got := w.content(sshdPath); got != "Port 22 # version 3\n" {
		t.Fatalf("%q", got)
	}
	must(t, w.applyAndConfirm(document(5)))
	if got := w.content(sshdPath); got != "Port 22 # version 5\n" {
		t.Fatalf("%q", got)
	}
}

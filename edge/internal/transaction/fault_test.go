package transaction

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// began is the seed of the first random run: $SEED, or the time.
func began(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SEED: %v", err)
		}
	}
	return seed
}

func runs(t *testing.T, usual int) int {
	t.Helper()
	if text := os.Getenv("RUNS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("RUNS: %v", err)
		}
		return n
	}
	return usual
}

// transition applies and confirms one document over another, or over nothing, and counts the steps.
type transition struct {
	name     string
	from, to *generation.Document
}

func transitions() []transition {
	empty := &generation.Document{Format: generation.Format, Host: "test", ConfirmSeconds: 60}
	return []transition{
		{"first", nil, document(1)},
		{"change", document(1), document(2)},
		{"back", document(2), document(3)},
		{"empty", document(2), empty},
	}
}

func start(t *testing.T, seed uint64, c transition) *world {
	t.Helper()
	w := newWorld(t, rand.New(rand.NewPCG(seed, 7)))
	if c.from != nil {
		must(t, w.applyAndConfirm(c.from))
		w.whole("the start")
	}
	w.steps = 0
	return w
}

// attempt applies and confirms, and may be killed in either.
func (w *world) attempt(d *generation.Document) (committed bool) {
	var outcome Outcome
	at := w.killAt
	died, err := w.run(func(a *Agent) (err error) {
		outcome, err = a.Apply(context.Background(), d, ApplyOptions{Supersede: true, Command: "apply"})
		return err
	})
	if died || err != nil {
		return false
	}
	w.killAt = at
	died, err = w.run(func(a *Agent) error { return confirmAll(a, outcome) })
	return !died && err == nil
}

// TestKilledBeforeEveryStep kills the agent before each step of an apply with its confirmation, and lets the host come
// to itself in each way: by its timer, and by a reboot with torn files.
func TestKilledBeforeEveryStep(t *testing.T) {
	seed := began(t)
	t.Logf("SEED=%d", seed)
	for _, c := range transitions() {
		w := start(t, seed, c)
		before := w.whole(c.name)
		if !w.attempt(c.to) {
			t.Fatalf("%s fails without a fault:\n%s", c.name, strings.Join(w.log, "\n"))
		}
		if after := w.whole(c.name); after != before+1 {
			t.Fatalf("%s led to generation %d", c.name, after)
		}
		steps := w.steps
		if steps < 40 {
			t.Fatalf("%s has only %d steps", c.name, steps)
		}
		committed := 0
		for at := 1; at <= steps; at++ {
			for _, reboot := range []bool{false, true} {
				w := start(t, seed+uint64(at), c)
				before := w.whole("the start")
				w.killAt = at
				w.attempt(c.to)
				w.recoverBy(reboot, 0)
				where := fmt.Sprintf("%s killed before step %d of %d, reboot %v", c.name, at, steps, reboot)
				after := w.whole(where)
				if after != before {
					committed++
				}
				// What has been settled stays so, whatever the power does then.
				w.recoverBy(true, 0)
				if later := w.whole(where + ", then the power cut"); later != after {
					t.Fatalf("%s: generation %d turned into %d by a power cut", where, after, later)
				}
				// The next run converges, and leaves nothing of the earlier one.
				must(t, w.applyAndConfirm(c.to))
				if end := w.whole(where + ", then again"); end <= before {
					t.Fatalf("%s: still on generation %d", where, end)
				}
				w.tidy(where)
			}
		}
		if committed == 0 || committed == 2*steps {
			t.Errorf("%s: %d of %d runs committed; the kills do not straddle the commit", c.name, committed, 2*steps)
		}
		t.Logf("%s: %d steps, each survived as a kill and as a power cut; %d had been committed", c.name, steps, committed)
	}
}

// tidy fails the test if the state folder has more than what a settled host needs.
func (w *world) tidy(context string) {
	w.t.Helper()
	names, err := w.fs.ReadFolder(generation.StateFolder)
	must(w.t, err)
	for _, name := range names {
		switch name {
		case "agent", "current", "generations", "journal", "originals", "view":
		default:
			w.t.Fatalf("%s: %s was left in the state folder", context, name)
		}
	}
	if there, err := rootfs.Exists(w.fs, rootfs.TempName("/etc/systemd/system/"+generation.RevertUnit)); there || err != nil {
		w.t.Fatalf("%s: the unit's temporary file was left (%v)", context, err)
	}
	numbers, err := w.fs.ReadFolder(generation.StateFolder + "/generations")
	must(w.t, err)
	for _, name := range numbers {
		if _, err := strconv.Atoi(name); err != nil {
			w.t.Fatalf("%s: generation %s was left\n%s", context, name, strings.Join(w.log, "\n"))
		}
	}
	if len(w.units.Timers) > 0 {
		w.t.Fatalf("%s: timers are still set: %v", context, w.units.Timers)
	}
}

// TestRandomFaults applies random documents under random faults, several in a row on the same host: kills, power cuts
// with torn files during recovery too, a full disk, broken files, lock-outs, unreachable packages, missing
// confirmations, a calendar a year back.
func TestRandomFaults(t *testing.T) {
	first := began(t)
	count := runs(t, 400)
	t.Logf("SEED=%d RUNS=%d", first, count)
	outcomes := map[string]int{}
	for i := range uint64(count) {
		seed := first + i
		random := rand.New(rand.NewPCG(seed, 11))
		w := newWorld(t, random)
		for round := range 4 {
			what := w.misfortune(random.IntN(13))
			outcomes[what]++
			w.whole(fmt.Sprintf("SEED=%d round %d (%s)", seed, round, what))
		}
		must(t, w.applyAndConfirm(document(9)))
		where := fmt.Sprintf("SEED=%d at the end", seed)
		w.whole(where)
		w.tidy(where)
	}
	t.Logf("%v", outcomes)
}

// misfortune does one thing to the host that should leave it whole, and names it.
func (w *world) misfortune(kind int) string {
	d := document(1 + w.random.IntN(6))
	w.steps = 0
	w.log = append(w.log, fmt.Sprintf("--- misfortune %d", kind))
	switch kind {
	case 0, 1, 2, 3:
		w.killAt = 1 + w.random.IntN(180)
		w.attempt(d)
		reboot := w.random.IntN(2) == 0
		w.recoverBy(reboot, w.random.IntN(3))
		if reboot {
			return "power cut"
		}
		return "kill"
	case 4:
		return w.fill(d)
	case 5:
		d.Files[0] = text(sshdPath, "REFUSED")
		w.mustFail(d)
		return "refused by its checker"
	case 6:
		d.Files[1] = text("/etc/web/site", "BROKEN"+strconv.Itoa(w.random.IntN(99)))
		w.mustFail(d)
		return "a unit does not start"
	case 7:
		d.Packages = append(d.Packages, fmt.Sprintf("package-%d", w.random.IntN(1000000)))
		w.offline = true
		w.mustFail(d)
		w.offline = false
		return "packages out of reach"
	case 8, 9:
		return w.lockOut(d)
	case 10:
		must(w.t, w.applyAndConfirm(d))
		w.recoverBy(true, 0)
		return "reboot after the commit"
	case 11:
		current, err := ReadPointer(w.fs, generation.StateFolder)
		must(w.t, err)
		if current == 0 {
			return "none"
		}
		w.damage(strconv.Itoa(current))
		must(w.t, w.applyAndConfirm(d))
		return "a damaged generation"
	default:
		must(w.t, w.applyAndConfirm(d))
		return "none"
	}
}

func (w *world) mustFail(d *generation.Document) {
	w.t.Helper()
	_, err := w.run(func(a *Agent) error {
		_, err := a.Apply(context.Background(), d, ApplyOptions{Command: "apply"})
		return err
	})
	if err == nil {
		w.t.Fatalf("applied:\n%s", strings.Join(w.log, "\n"))
	}
	w.log = append(w.log, err.Error())
}

// fill lets the disk become full before a random step.
func (w *world) fill(d *generation.Document) string {
	space := w.fs.Used()
	w.fs.Capacity = space + 64<<20
	w.fullAt = 1 + w.random.IntN(120)
	committed := w.attempt(d)
	w.fullAt = 0
	w.recoverBy(w.random.IntN(2) == 0, 0)
	w.fs.Capacity = 0
	w.recoverBy(false, 0)
	if committed {
		return "disk full too late"
	}
	return "disk full"
}

// lockOut applies what keeps the operator out, who then cannot confirm, or on one path only.
func (w *world) lockOut(d *generation.Document) string {
	d.Files[0] = text(sshdPath, fmt.Sprintf("LOCKOUT %d", w.random.IntN(99)))
	var outcome Outcome
	_, err := w.run(func(a *Agent) (err error) {
		outcome, err = a.Apply(context.Background(), d, ApplyOptions{Command: "apply"})
		return err
	})
	must(w.t, err)
	if !outcome.Changed {
		w.t.Fatal("nothing changed")
	}
	if w.random.IntN(2) == 0 {
		outcome.Paths = outcome.Paths[:1]
		_, err := w.run(func(a *Agent) error { return confirmAll(a, outcome) })
		must(w.t, err)
	}
	w.clock.SetCalendar(-365 * 24 * time.Hour)
	if w.random.IntN(2) == 0 {
		w.recoverBy(true, w.random.IntN(3))
		return "locked out, power cycled"
	}
	w.clock.Pass(61 * time.Second)
	w.recoverBy(false, w.random.IntN(3))
	return "locked out, timer"
}

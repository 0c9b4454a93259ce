package journal

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/rootfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, fs rootfs.FS) *Journal {
	t.Helper()
	j, err := Open(fs, clock.NewFake(), "/")
	must(t, err)
	return j
}

func TestAddAndOpen(t *testing.T) {
	fs := rootfs.NewMemory()
	j := open(t, fs)
	must(t, j.Add(Record{Kind: Staged, Generation: 1, Digest: "d"}))
	must(t, j.Add(Record{Kind: Armed, Generation: 1, Units: map[string]string{"a.service": "reload"}}))
	got := open(t, fs).Records()
	if len(got) != 2 || got[0].Sequence != 1 || got[1].Sequence != 2 || got[1].Units["a.service"] != "reload" {
		t.Fatalf("%+v", got)
	}
}

// TestPowerCut adds records and cuts the power in the middle: the records that were added before are all there, and
// the next one is well placed.
func TestPowerCut(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 3))
		fs := rootfs.NewMemory()
		j := open(t, fs)
		left := random.IntN(12)
		fs.Step = func(string, string) error {
			if left--; left < 0 {
				return errors.New("killed")
			}
			return nil
		}
		added := 0
		for ; added < 5; added++ {
			if j.Add(Record{Kind: Staged, Generation: added}) != nil {
				break
			}
		}
		fs.Step = nil
		fs.CutPower(random)
		again := open(t, fs)
		if n := len(again.Records()); n < added || n > added+1 {
			t.Fatalf("seed %d: added %d, found %d", seed, added, n)
		}
		must(t, again.Add(Record{Kind: Committed, Generation: 99}))
		records := open(t, fs).Records()
		if last := records[len(records)-1]; last.Generation != 99 {
			t.Fatalf("seed %d: %+v", seed, last)
		}
	}
}

func TestDamageIsNotATornEnd(t *testing.T) {
	fs := rootfs.NewMemory()
	j := open(t, fs)
	for i := range 3 {
		must(t, j.Add(Record{Kind: Staged, Generation: i}))
	}
	data, err := fs.ReadFile("/journal")
	must(t, err)
	second := bytes.IndexByte(data, '\n') + 15
	data[second] ^= 1
	must(t, rootfs.Replace(fs, "/journal", data, 0o600, 0, 0))
	damaged, err := Open(fs, clock.NewFake(), "/")
	if !errors.Is(err, ErrDamaged) || len(damaged.Records()) != 1 {
		t.Fatal(err)
	}
	must(t, damaged.Mend())
	mended := open(t, fs)
	if r := mended.Records(); len(r) != 2 || r[1].Kind != Told || r[1].Generation != 2 || mended.Highest() != 2 {
		t.Fatal(r, mended.Highest())
	}
	if there, err := rootfs.Exists(fs, "/journal.damaged"); !there || err != nil {
		t.Fatal("the damaged one is gone", err)
	}
}

func TestCompact(t *testing.T) {
	fs := rootfs.NewMemory()
	j := open(t, fs)
	for i := range 10 {
		must(t, j.Add(Record{Kind: Staged, Generation: i}))
	}
	must(t, j.Compact(func(g int) bool { return g > 7 }))
	if len(j.Records()) != 10 {
		t.Fatal("a small journal was shortened")
	}
	must(t, j.rewrite(func(g int) bool { return g > 7 }))
	must(t, j.Add(Record{Kind: Staged, Generation: 10}))
	if got := open(t, fs).Records(); len(got) != 3 || got[2].Sequence != 11 {
		t.Fatalf("%+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	line, _ := Encode(Record{Kind: Staged, Generation: 1})
	f.Add(line)
	f.Add(append(line, line[:9]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, whole, err := Decode(data)
		if whole > len(data) {
			t.Fatal(whole)
		}
		again, _, errAgain := Decode(data[:whole])
		if len(again) != len(records) || errAgain != nil {
			t.Fatalf("%d records, then %d (%v, %v)", len(records), len(again), err, errAgain)
		}
	})
}

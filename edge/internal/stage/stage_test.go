package stage

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

func example(number int) *generation.Generation {
	content := []byte("hello")
	return generation.New(number, generation.Document{
		Format: generation.Format, Host: "a", ConfirmSeconds: 60,
		Files:    []generation.File{{Path: "/etc/motd", Mode: "0600", Owner: "root:root", Content: content, SHA256: generation.Sum(content)}},
		Nftables: &generation.Nftables{Family: "inet", Table: "reef", Rules: "chain a {\n}"},
	})
}

func TestWriteAndLoad(t *testing.T) {
	s := Store{rootfs.NewMemory(), "/state/generations"}
	g := example(4)
	if err := s.Write(g); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(4)
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest() != g.Digest() || len(got.AllFiles) != 3 || string(got.Files[0].Content) != "hello" || len(got.AllServices) != 1 {
		t.Fatalf("%+v", got)
	}
	if err := s.Remove(4); err != nil {
		t.Fatal(err)
	}
	if numbers, err := s.Numbers(); len(numbers) != 0 || err != nil {
		t.Fatal(numbers, err)
	}
}

func TestLoadRefusesDamage(t *testing.T) {
	for _, name := range []string{"/manifest.json", "/tree/etc/motd", "/tree/etc/reef-agent/table.nft"} {
		fs := rootfs.NewMemory()
		s := Store{fs, "/g"}
		if err := s.Write(example(1)); err != nil {
			t.Fatal(err)
		}
		data, err := fs.ReadFile("/g/1" + name)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := rootfs.Replace(fs, "/g/1"+name, data, 0o600, 0, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(1); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPowerCut shows that a generation is there whole or not at all.
func TestPowerCut(t *testing.T) {
	whole := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 4))
		fs := rootfs.NewMemory()
		s := Store{fs, "/g"}
		left := random.IntN(50)
		fs.Step = func(string, string) error {
			if left--; left < 0 {
				return errors.New("killed")
			}
			return nil
		}
		err := s.Write(example(1))
		fs.Step = nil
		fs.CutPower(random)
		numbers, listErr := s.Numbers()
		if listErr != nil {
			t.Fatal(listErr)
		}
		if len(numbers) == 0 {
			if err == nil {
				t.Fatalf("seed %d: lost", seed)
			}
			if err := s.Clean(); err != nil {
				t.Fatal(err)
			}
			if names, _ := fs.ReadFolder("/g"); len(names) != 0 {
				t.Fatalf("seed %d: left %v", seed, names)
			}
			continue
		}
		whole++
		if _, err := s.Load(1); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if whole == 0 || whole == 300 {
		t.Fatalf("%d of 300 were whole: the cuts never came in the way", whole)
	}
}

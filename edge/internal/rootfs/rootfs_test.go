package rootfs

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// both runs a test on the real file system and on the fake, so that the fake cannot lie.
func both(t *testing.T, test func(t *testing.T, f FS)) {
	t.Run("disk", func(t *testing.T) {
		disk, err := OpenDisk(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = disk.Close() })
		test(t, disk)
	})
	t.Run("memory", func(t *testing.T) { test(t, NewMemory()) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplaceAndRead(t *testing.T) {
	both(t, func(t *testing.T, f FS) {
		made, err := MkdirAll(f, "/etc/a/b", 0o755)
		must(t, err)
		if strings.Join(made, " ") != "/etc /etc/a /etc/a/b" {
			t.Fatalf("made %v", made)
		}
		must(t, Replace(f, "/etc/a/b/c", []byte("one"), 0o644, os.Getuid(), os.Getgid()))
		must(t, Replace(f, "/etc/a/b/c", []byte("two"), 0o4750, os.Getuid(), os.Getgid()))
		content, err := f.ReadFile("/etc/a/b/c")
		must(t, err)
		info, err := f.Lstat("/etc/a/b/c")
		must(t, err)
		if string(content) != "two" || info.Kind != Regular || info.Mode != 0o4750 || info.Size != 3 {
			t.Fatalf("%q %+v", content, info)
		}
		names, err := f.ReadFolder("/etc/a/b")
		must(t, err)
		if len(names) != 1 {
			t.Fatalf("left %v", names)
		}
		must(t, RemoveTree(f, "/etc"))
		if there, err := Exists(f, "/etc"); there || err != nil {
			t.Fatal(there, err)
		}
	})
}

func TestLinksAreNeverFollowed(t *testing.T) {
	both(t, func(t *testing.T, f FS) {
		must(t, f.Mkdir("/real", 0o755))
		must(t, f.Symlink("real", "/link"))
		if err := f.Create("/link/x", nil, 0o644, 0, 0); !errors.Is(err, ErrLink) {
			t.Fatalf("create through a link: %v", err)
		}
		must(t, f.Create("/real/secret", []byte("s"), 0o600, os.Getuid(), os.Getgid()))
		must(t, f.Symlink("secret", "/real/alias"))
		if _, err := f.ReadFile("/real/alias"); err == nil {
			t.Fatal("read through a link")
		}
		must(t, Replace(f, "/real/alias", []byte("own"), 0o644, os.Getuid(), os.Getgid()))
		content, err := f.ReadFile("/real/secret")
		must(t, err)
		if string(content) != "s" {
			t.Fatal("the link's target was written")
		}
		must(t, ReplaceLink(f, "/real/alias", "/elsewhere"))
		info, err := f.Lstat("/real/alias")
		must(t, err)
		if info.Kind != Link || info.Target != "/elsewhere" {
			t.Fatalf("%+v", info)
		}
	})
}

func TestErrorsAreTheSame(t *testing.T) {
	both(t, func(t *testing.T, f FS) {
		for name, err := range map[string]error{
			"read":   second(f.ReadFile("/none")),
			"lstat":  second(f.Lstat("/none/x")),
			"remove": f.Remove("/none"),
			"rename": f.Rename("/none", "/other"),
		} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t, f.Create("/x", nil, 0o600, os.Getuid(), os.Getgid()))
		if err := f.Create("/x", nil, 0o600, 0, 0); !errors.Is(err, fs.ErrExist) {
			t.Errorf("create twice: %v", err)
		}
		for _, bad := range []string{"", "x", "/a/../x", "/x/", "//x"} {
			if err := f.Create(bad, nil, 0o600, 0, 0); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAppendTruncateReserve(t *testing.T) {
	both(t, func(t *testing.T, f FS) {
		must(t, f.Create("/log", []byte("a"), 0o600, os.Getuid(), os.Getgid()))
		must(t, f.Append("/log", []byte("bcd")))
		must(t, f.Truncate("/log", 2))
		must(t, f.SyncFile("/log"))
		content, err := f.ReadFile("/log")
		must(t, err)
		if string(content) != "ab" {
			t.Fatalf("%q", content)
		}
		must(t, f.Reserve("/reserve", 4096))
		info, err := f.Lstat("/reserve")
		must(t, err)
		if info.Size != 4096 {
			t.Fatalf("%+v", info)
		}
		space, err := f.Space("/")
		must(t, err)
		if space.Bytes == 0 {
			t.Fatal("no space at all")
		}
		must(t, f.SyncAll())
	})
}

// TestPowerCut shows that what Replace has finished survives every cut, and what it has not is old or new.
func TestPowerCut(t *testing.T) {
	outcomes := map[string]int{}
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 1))
		m := NewMemory()
		must(t, Replace(m, "/f", []byte("old"), 0o644, 0, 0))
		left := random.IntN(6)
		m.Step = func(string, string) error {
			if left == 0 {
				return errors.New("killed")
			}
			left--
			return nil
		}
		err := Replace(m, "/f", []byte("new"), 0o644, 0, 0)
		m.Step = nil
		m.CutPower(random)
		content, readErr := m.ReadFile("/f")
		must(t, readErr)
		if got := string(content); got != "new" && (err == nil || got != "old") {
			t.Fatalf("seed %d: %q after %v", seed, got, err)
		}
		outcomes[string(content)]++
	}
	if outcomes["old"] == 0 || outcomes["new"] == 0 {
		t.Fatalf("the cuts never came in the way: %v", outcomes)
	}
	// Without the sync the model must show torn files, or it would prove nothing.
	torn := 0
	for seed := range uint64(200) {
		m := NewMemory()
		must(t, m.Create("/f", []byte("content"), 0o644, 0, 0))
		must(t, m.SyncFolder("/"))
		m.CutPower(rand.New(rand.NewPCG(seed, 2)))
		if content, err := m.ReadFile("/f"); err != nil || string(content) != "content" {
			torn++
		}
	}
	if torn < 50 {
		t.Fatalf("only %d of 200 files were torn", torn)
	}
}

func TestDiskStaysBelowItsRoot(t *testing.T) {
	root := t.TempDir()
	must(t, os.Symlink("/etc", filepath.Join(root, "out")))
	disk, err := OpenDisk(root)
	must(t, err)
	defer func() { _ = disk.Close() }()
	if _, err := disk.ReadFile("/out/passwd"); !errors.Is(err, ErrLink) {
		t.Fatalf("left the root: %v", err)
	}
}

package transaction

import (
	"errors"
	"strings"
	"testing"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

const sourcePath = "/root/upload"

// byReference is a document with one file by reference.
func byReference(content string) *generation.Document {
	d := document(1)
	d.Files = append(d.Files, generation.File{
		Path: "/etc/web/big", Mode: "0640", Owner: "root:root", Source: sourcePath, SHA256: generation.Sum([]byte(content)),
	})
	return d
}

func (w *world) upload(content string) {
	w.t.Helper()
	_, err := rootfs.MkdirAll(w.fs, "/root", 0o700)
	must(w.t, err)
	must(w.t, rootfs.Replace(w.fs, sourcePath, []byte(content), 0o600, 0, 0))
}

func TestFilesByReference(t *testing.T) {
	w := fresh(t)
	w.upload("one")
	must(t, w.applyAndConfirm(byReference("one")))
	w.whole("one")
	if content, err := w.fs.ReadFile("/etc/web/big"); err != nil || string(content) != "one" {
		t.Fatalf("%q %v", content, err)
	}
	// The source is needed once: then the file itself has the content, and then a generation.
	must(t, w.fs.Remove(sourcePath))
	if outcome, err := w.apply(byReference("one")); err != nil || outcome.Changed {
		t.Fatal(outcome, err)
	}
	changed := byReference("one")
	changed.Files[0] = text(sshdPath, "Port 22 # another\n")
	must(t, w.applyAndConfirm(changed))
	w.whole("from the file itself")
	w.upload("two")
	must(t, w.applyAndConfirm(byReference("two")))
	must(t, w.applyAndConfirm(byReference("one")))
	w.whole("from a generation")
	inline := byReference("one")
	inline.Files[len(inline.Files)-1].Source, inline.Files[len(inline.Files)-1].Content = "", []byte("one")
	if outcome, err := w.apply(inline); err != nil || outcome.Changed {
		t.Fatal("the same content is another document", outcome, err)
	}
}

func TestSourcesThatAreRefused(t *testing.T) {
	for want, prepare := range map[string]func(w *world){
		"is missing":            func(*world) {},
		"has another content":   func(w *world) { w.upload("torn") },
		"is not a regular file": func(w *world) { must(w.t, w.fs.Mkdir("/root", 0o700)); must(w.t, w.fs.Mkdir(sourcePath, 0o700)) },
		rootfs.ErrLink.Error():  func(w *world) { must(w.t, w.fs.Symlink("etc", "/root")) },
		"upload is not a regular": func(w *world) {
			must(w.t, w.fs.Mkdir("/root", 0o700))
			must(w.t, w.fs.Symlink("/etc/passwd", sourcePath))
		},
	} {
		w := fresh(t)
		prepare(w)
		_, err := w.apply(byReference("whole"))
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "nor a generation") {
			t.Errorf("%s: %v", want, err)
		}
		if number := w.whole(want); number != 0 {
			t.Error(number)
		}
		if _, err := w.agent().Check(t.Context(), byReference("whole")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: check says %v", want, err)
		}
	}
}

package difference

import (
	"fmt"
	"strings"
	"testing"

	"blackroad.io/edge/internal/generation"
)

func file(p, content string, secret bool) generation.File {
	return generation.File{Path: p, Mode: "0600", Owner: "root:root", Content: []byte(content), SHA256: generation.Sum([]byte(content)), Secret: secret}
}

func TestLines(t *testing.T) {
	got := Lines("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\ne\nf\ng\n")
	want := "  b\n  c\n- d\n+ X\n  e\n  f\n+ g\n"
	if got != want {
		t.Errorf("%q", got)
	}
	if got := Lines("", "a\n"); got != "+ a\n" {
		t.Errorf("%q", got)
	}
}

func TestCompareMasksSecrets(t *testing.T) {
	before := generation.New(1, generation.Document{Files: []generation.File{file("/a", "one\n", false), file("/s", "hunter2\n", true), file("/gone", "x", false)}, Packages: []string{"nginx"}})
	after := generation.New(2, generation.Document{Files: []generation.File{file("/a", "two\n", false), file("/s", "hunter3\n", true), file("/b", "\x00", false)},
		Sysctls: map[string]string{"net.a": "1"}, Users: []generation.User{{Name: "ops"}}})
	text := fmt.Sprintf("%+v", Compare(before, after))
	for _, want := range []string{"- one\n+ two\n", "/s How:changed Text:the content is secret", "/gone How:removed", "binary, 0 → 1 bytes", "package Name:nginx How:removed", "sysctl Name:net.a = 1 How:added", "user Name:ops How:added"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	if strings.Contains(text, "hunter") {
		t.Error("tells a secret")
	}
	if parts := Compare(before, before); len(parts) != 0 {
		t.Error(parts)
	}
}

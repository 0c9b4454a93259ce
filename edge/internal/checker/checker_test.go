package checker

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
)

func TestEveryCheckerHasAProgram(t *testing.T) {
	for _, name := range generation.Checkers {
		if len(programs[name].argv) == 0 {
			t.Errorf("%s has none", name)
		}
	}
	if len(programs) != len(generation.Checkers) {
		t.Error("a program has no name in generation.Checkers")
	}
}

func TestCallsAreMadeOnce(t *testing.T) {
	calls := Calls([]generation.Check{{Checker: "nginx", Path: "/etc/nginx/a"}, {Checker: "nginx", Path: "/etc/nginx/b"}, {Checker: "nft", Path: "/a"}, {Checker: "nft", Path: "/b"}})
	if len(calls) != 3 || strings.Join(calls[2].Argv, " ") != "nft -c -f /b" {
		t.Fatal(calls)
	}
}

func TestUnitsAreVerifiedTogether(t *testing.T) {
	calls := Calls([]generation.Check{{Checker: "unit", Path: "/a.service"}, {Checker: "nft", Path: "/a"}, {Checker: "unit", Path: "/b.timer"}, {Checker: "unit", Path: "/a.service"}})
	if len(calls) != 2 || strings.Join(calls[0].Argv, " ") != "systemd-analyze verify --man=no --recursive-errors=no /a.service /b.timer" {
		t.Fatal(calls)
	}
}

func TestCheckDefersTellsAndMasks(t *testing.T) {
	runner := &command.Fake{
		Missing: map[string]bool{"haproxy": true},
		Answer: func(c command.Command) ([]byte, error) {
			return nil, &command.ExitError{Command: "long script", Code: 1, Output: "/t/etc/x.nft:1: stats auth admin:hunter2hunter2 is wrong"}
		},
	}
	view := View{Runner: runner, Tree: "/t", Secrets: [][]byte{[]byte("stats auth admin:hunter2hunter2\nok\n")}}
	deferred, err := view.Check(context.Background(), Calls([]generation.Check{{Checker: "haproxy", Path: "/h"}, {Checker: "nft", Path: "/etc/x.nft"}, {Checker: "sshd", Path: "/s"}}))
	if len(deferred) != 1 || deferred[0].Checker != "haproxy" {
		t.Error(deferred)
	}
	if got := err.Error(); !strings.Contains(got, "nft refuses the configuration: /etc/x.nft:1: [secret] is wrong") || !strings.Contains(got, "sshd refuses") || strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}

func TestAgentMustSayThatItReadsTheFormat(t *testing.T) {
	answer := `{"version":"2"}`
	view := View{Runner: &command.Fake{Answer: func(command.Command) ([]byte, error) { return []byte(answer), nil }}}
	calls := Calls([]generation.Check{{Checker: "agent", Path: generation.AgentPath}})
	if _, err := view.Check(context.Background(), calls); err == nil {
		t.Error("accepted")
	}
	answer = `{"version":"2","formats":["` + generation.Format + `"]}`
	if _, err := view.Check(context.Background(), calls); err != nil {
		t.Error(err)
	}
}

// TestViewIsTheHostAsItWillBe runs the real overlay, in a mount namespace of its own, over a folder of the test.
func TestViewIsTheHostAsItWillBe(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	base := t.TempDir()
	// The mount point is near the top, so the test's folder is the host's: below /tmp, like everything in it.
	live := filepath.Join(base, "live")
	tree := filepath.Join(base, "tree")
	write := func(p, content string) string {
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	kept, changed, gone := write(filepath.Join(live, "kept"), "kept"), write(filepath.Join(live, "changed"), "old"), write(filepath.Join(live, "gone"), "gone")
	write(filepath.Join(tree, live, "changed"), "new")
	scratch := filepath.Join(base, "scratch")
	if err := os.Mkdir(scratch, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", overlay, "sh", scratch, tree, live, "--", gone, "--",
		"sh", "-c", "cat " + kept + " " + changed + "; test ! -e " + gone + " && echo gone"}
	out, err := command.Host{}.Run(context.Background(), command.Command{Argv: args})
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != "keptnewgone\n" {
		t.Errorf("%q", out)
	}
	if content, err := os.ReadFile(changed); err != nil || string(content) != "old" {
		t.Error("the host itself has changed")
	}
}

func TestMountPoint(t *testing.T) {
	for p, want := range map[string]string{
		"/etc/nginx/conf.d/x":       "/etc",
		"/usr/local/sbin/x":         "/usr",
		"/var/www/html/x":           "/var/www",
		"/var/lib/prometheus/rules": "/var/lib/prometheus",
		"/var/lib/x":                "",
		"/x":                        "",
	} {
		if got := mountPoint(p); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
}

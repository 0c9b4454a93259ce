package transaction

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/journal"
	"blackroad.io/edge/internal/lock"
	"blackroad.io/edge/internal/rootfs"
)

func fresh(t *testing.T) *world { return newWorld(t, rand.New(rand.NewPCG(1, 1))) }

func (w *world) apply(d *generation.Document) (Outcome, error) {
	return w.agent().Apply(context.Background(), d, ApplyOptions{Command: "apply"})
}

func token(t *testing.T, text string) confirm.Token {
	t.Helper()
	parsed, err := confirm.ParseToken(text)
	must(t, err)
	return parsed
}

func TestOnlyWhatDiffersChanges(t *testing.T) {
	w := fresh(t)
	must(t, w.applyAndConfirm(document(1)))
	outcome, err := w.apply(document(1))
	if err != nil || outcome.Changed || outcome.Generation != 1 {
		t.Fatal(outcome, err)
	}
	d := document(1)
	d.Files[1] = text("/etc/web/site", "another")
	w.units.Actions = nil
	if outcome, err = w.apply(d); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(outcome.Written, outcome.Removed, outcome.Units); got != "[/etc/web/site] [] [reload-or-restart web.service]" {
		t.Error(got)
	}
	if w.units.Did("daemon-reload") && w.units.Did("restart ssh.service") {
		t.Error(w.units.Actions)
	}
}

// TestSystemdReadsItsUnitsOnce counts what is dearest on a host, forwards and backwards.
func TestSystemdReadsItsUnitsOnce(t *testing.T) {
	w := fresh(t)
	reloads := func(do func() error) (count, enabledAfter int) {
		w.units.Actions = nil
		must(t, do())
		for _, action := range w.units.Actions {
			switch {
			case action == "daemon-reload":
				count++
			case strings.HasPrefix(action, "enable ") && count > 0:
				enabledAfter++
			}
		}
		return count, enabledAfter
	}
	for _, d := range []*generation.Document{document(2), document(3)} {
		if count, late := reloads(func() error { return w.applyAndConfirm(d) }); count != 1 || late != 0 {
			t.Errorf("%d reloads, %d units enabled behind the first: %v", count, late, w.units.Actions)
		}
	}
	// Nothing of the disk tells systemd that a unit starts at boot again.
	must(t, w.units.Disable(t.Context(), webUnit))
	if count, _ := reloads(func() error { return w.applyAndConfirm(document(3)) }); count != 1 {
		t.Errorf("an enabled unit: %d reloads: %v", count, w.units.Actions)
	}
	if _, err := w.apply(document(4)); err != nil {
		t.Fatal(err)
	}
	count, late := reloads(func() error {
		_, err := w.agent().Revert(context.Background(), "a test says so")
		return err
	})
	if count != 1 || late != 0 {
		t.Errorf("going back: %d reloads, %d units enabled behind the first: %v", count, late, w.units.Actions)
	}
}

func TestRefusalsChangeNothing(t *testing.T) {
	cases := map[string]struct {
		prepare func(w *world, d *generation.Document)
		want    string
	}{
		"disk full":     {func(w *world, _ *generation.Document) { w.fs.Capacity = w.fs.Used() + 1<<20 }, "MiB left"},
		"no such owner": {func(_ *world, d *generation.Document) { d.Packages, d.Files[1].Owner = nil, "nobody:nogroup" }, "there is no user nobody"},
		"folder":        {func(w *world, d *generation.Document) { d.Files[1] = text("/usr/local", "x") }, "is a folder"},
		"link on way":   {func(w *world, _ *generation.Document) { _ = w.fs.Symlink("ssh", "/etc/web") }, rootfs.ErrLink.Error()},
		"checker":       {func(_ *world, d *generation.Document) { d.Files[0] = text(sshdPath, "REFUSED") }, "sshd refuses"},
		"no checker": {func(w *world, d *generation.Document) {
			d.Packages = nil
			w.runner.Missing = map[string]bool{"sshd": true}
		}, "sshd is not installed"},
		"no key":          {func(w *world, _ *generation.Document) { _ = w.fs.Remove(keyPath) }, "`reef-agent csr` makes it"},
		"key of nobody":   {func(_ *world, d *generation.Document) { d.Packages, d.Keys[0].Owner = nil, "root:nobody" }, "there is no group nobody"},
		"another at work": {func(w *world, _ *generation.Document) { w.lock.Holder = &lock.Holder{PID: 7, Command: "apply"} }, "process 7"},
	}
	for name, c := range cases {
		w := fresh(t)
		d := document(1)
		c.prepare(w, d)
		_, err := w.apply(d)
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if content, err := w.fs.ReadFile(sshdPath); err != nil || string(content) != found[sshdPath] || len(w.units.Timers) > 0 {
			t.Errorf("%s: something changed", name)
		}
		if s, err := w.agent().Situation(); err != nil || s.Phase != Idle {
			t.Errorf("%s: %+v %v", name, s, err)
		}
	}
}

func TestConfirmations(t *testing.T) {
	w := fresh(t)
	d := document(1)
	d.Management = []generation.Management{{Name: "lan", Address: "192.168.4.10"}, {Name: "tunnel"}}
	outcome, err := w.apply(d)
	must(t, err)
	a := w.agent()
	caller := &confirm.Fake{At: confirm.Connection{Local: netip.MustParseAddr("192.168.4.10"), Since: clock.At(w.clock, -time.Minute)}}
	a.Caller = caller
	good := token(t, outcome.Token)
	expect := func(want string, path string, tk confirm.Token) {
		t.Helper()
		if _, err := a.Confirm(t.Context(), tk, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v instead of %q", err, want)
		}
	}
	expect("older than the changes", "lan", good)
	expect("--path lan and --path tunnel", "", good)
	expect("--path lan and --path tunnel", "other", good)
	expect("not the token", "tunnel", token(t, "1-00112233445566778899aabbccddeeff"))
	expect("generation 2 does not wait", "tunnel", token(t, "2-00112233445566778899aabbccddeeff"))
	caller.At.Since = clock.At(w.clock, time.Second)
	first, err := a.Confirm(t.Context(), good, "lan")
	if err != nil || first.Committed || fmt.Sprint(first.Missing) != "[tunnel]" {
		t.Fatal(first, err)
	}
	if again, err := a.Confirm(t.Context(), good, "lan"); err != nil || again.Committed {
		t.Fatal(again, err)
	}
	var waiting *WaitingError
	if _, err := w.apply(document(2)); !errors.As(err, &waiting) || waiting.Generation != 1 {
		t.Fatal(err)
	}
	delete(w.units.Running, webUnit)
	expect("web.service does not run", "tunnel", good)
	must(t, w.units.Do(t.Context(), "start", webUnit))
	for range 2 {
		if last, err := a.Confirm(t.Context(), good, "tunnel"); err != nil || !last.Committed {
			t.Fatal(last, err)
		}
	}
	w.whole("confirmed")
	if len(w.units.Timers) > 0 {
		t.Error("the timer is still set")
	}
}

func TestLateConfirmationIsToldWhy(t *testing.T) {
	w := fresh(t)
	outcome, err := w.apply(document(1))
	must(t, err)
	w.clock.Pass(time.Hour)
	if _, err := w.agent().Confirm(t.Context(), token(t, outcome.Token), "lan"); err == nil || !strings.Contains(err.Error(), "nobody confirmed it in time") {
		t.Fatal(err)
	}
	if w.whole("late") != 0 {
		t.Fatal("committed")
	}
}

// TestAgentIsReplacedOnlyByOneThatConfirms updates the agent, which is a file like any other but for who confirms.
func TestAgentIsReplacedOnlyByOneThatConfirms(t *testing.T) {
	w := fresh(t)
	d := document(1)
	updated := text(generation.AgentPath, "agent 2")
	updated.Mode = "0755"
	d.Files = append(d.Files, updated)
	outcome, err := w.apply(d)
	must(t, err)
	keeper := generation.StateFolder + "/agent/reef-agent"
	if kept, err := w.fs.ReadFile(keeper); err != nil || string(kept) != "agent 1" {
		t.Fatalf("%q %v", kept, err)
	}
	if _, err := w.agent().Confirm(t.Context(), token(t, outcome.Token), "lan"); err == nil || !strings.Contains(err.Error(), "must confirm itself") {
		t.Fatal(err)
	}
	w.clock.Pass(time.Hour)
	w.recoverBy(false, 0)
	if content, err := w.fs.ReadFile(generation.AgentPath); err != nil || string(content) != "agent 1" {
		t.Fatalf("%q did not come back: %v", content, err)
	}
	if outcome, err = w.apply(d); err != nil {
		t.Fatal(err)
	}
	w.binary = []byte("agent 2")
	must(t, confirmAll(w.agent(), outcome))
	if kept, err := w.fs.ReadFile(keeper); err != nil || string(kept) != "agent 2" {
		t.Fatalf("%q %v", kept, err)
	}
}

func TestDamagedJournalLeadsBackToTheCommittedGeneration(t *testing.T) {
	w := fresh(t)
	must(t, w.applyAndConfirm(document(1)))
	_, err := w.apply(document(2))
	must(t, err)
	p := generation.StateFolder + "/" + journal.Name
	data, err := w.fs.ReadFile(p)
	must(t, err)
	data[20] ^= 1
	must(t, rootfs.Replace(w.fs, p, data, 0o600, 0, 0))
	w.recoverBy(true, 0)
	if number := w.whole("damaged journal"); number != 1 {
		t.Fatal(number)
	}
	must(t, w.applyAndConfirm(document(2)))
	w.whole("after the damage")
}

func TestOldGenerationsAreKeptAndPruned(t *testing.T) {
	w := fresh(t)
	for version := range 6 {
		must(t, w.applyAndConfirm(document(version+1)))
	}
	numbers, err := w.agent().store().Numbers()
	if err != nil || fmt.Sprint(numbers) != "[4 5 6]" {
		t.Fatal(numbers, err)
	}
	g, err := w.agent().Generation(5)
	must(t, err)
	must(t, w.applyAndConfirm(&g.Document))
	if number := w.whole("rollback"); number != 7 {
		t.Fatal(number)
	}
	if content, _ := w.fs.ReadFile(sshdPath); string(content) != "Port 22 # version 5\n" {
		t.Errorf("%q", content)
	}
}

func TestCheckLeavesNothing(t *testing.T) {
	w := fresh(t)
	if _, err := w.agent().Check(t.Context(), document(1)); err != nil {
		t.Fatal(err)
	}
	d := document(1)
	d.Files[0] = text(sshdPath, "REFUSED")
	if _, err := w.agent().Check(t.Context(), d); err == nil || !strings.Contains(err.Error(), "sshd refuses") {
		t.Fatal(err)
	}
	if names, err := w.fs.ReadFolder(generation.StateFolder + "/generations"); err != nil || len(names) > 0 {
		t.Error(names, err)
	}
}

// TestSecretsStayOutOfLogs applies secrets in every place where they may stand, and lets things go wrong.
func TestSecretsStayOutOfLogs(t *testing.T) {
	const secret = "hunter2hunter2"
	w := fresh(t)
	d := document(1)
	d.Files[1] = generation.File{Path: "/etc/web/site", Mode: "0600", Owner: "root:root", Content: []byte("BROKEN " + secret), SHA256: generation.Sum([]byte("BROKEN " + secret)), Secret: true}
	w.units.Load = func(name string) (string, error) {
		content, err := w.load(name)
		if err != nil && name == webUnit {
			return "", errors.New("web.service: cannot read `" + secret + "`")
		}
		return content, err
	}
	_, err := w.apply(d)
	if err == nil || !strings.Contains(err.Error(), "[secret]") {
		t.Fatal(err)
	}
	log, readErr := w.fs.ReadFile(generation.StateFolder + "/" + journal.Name)
	must(t, readErr)
	everything := fmt.Sprint(err, w.log, w.runner.Ran(), string(log))
	if strings.Contains(everything, secret) {
		t.Errorf("a secret is told:\n%s", everything)
	}
}

// TestWhatWasFoundIsLookedAtAnew changes a file by hand while no generation has it.
func TestWhatWasFoundIsLookedAtAnew(t *testing.T) {
	w := fresh(t)
	must(t, w.applyAndConfirm(document(2)))
	must(t, w.applyAndConfirm(document(1)))
	w.whole("given back")
	must(t, rootfs.Replace(w.fs, "/etc/motd", []byte("by hand\n"), 0o600, 0, 0))
	must(t, w.applyAndConfirm(document(4)))
	must(t, w.applyAndConfirm(document(1)))
	content, err := w.fs.ReadFile("/etc/motd")
	info, statErr := w.fs.Lstat("/etc/motd")
	if err != nil || statErr != nil || string(content) != "by hand\n" || info.Mode != 0o600 {
		t.Fatalf("%q %+v %v %v", content, info, err, statErr)
	}
}

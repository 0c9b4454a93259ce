package confirm

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/generation"
)

func TestToken(t *testing.T) {
	token, err := NewToken(7, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseToken(token.String())
	if err != nil || !again.Is(token.Hash()) || again.Generation != 7 {
		t.Fatal(again, err)
	}
	other, _ := NewToken(7, rand.Reader)
	if other.Is(token.Hash()) {
		t.Fatal("another token is taken")
	}
	for _, bad := range []string{"", "7", "7-", "07" + token.String()[1:], "x-00", "-1-" + token.String()[2:], token.String() + "00"} {
		if _, err := ParseToken(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestAccept(t *testing.T) {
	c := clock.NewFake()
	applied := clock.At(c, 0)
	fresh := Connection{netip.MustParseAddr("::ffff:192.168.4.10"), clock.At(c, time.Second)}
	lan := generation.Management{Name: "lan", Address: "192.168.4.10"}
	old, elsewhere, otherBoot := fresh, fresh, fresh
	old.Since = clock.At(c, -time.Second)
	elsewhere.Local = netip.MustParseAddr("10.200.0.10")
	otherBoot.Since.Boot = "another"
	for want, caller := range map[string]*Fake{
		"":                            {At: fresh},
		"older than the changes":      {At: old},
		"older than the changes ":     {At: otherBoot},
		"came in on 10.200.0.10":      {At: elsewhere},
		"only over SSH: no sshd here": {Err: errors.New("no sshd here")},
	} {
		err := caller.Confirms(lan, applied)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want))) {
			t.Errorf("%q: %v", want, err)
		}
	}
	if err := (&Fake{Err: errors.New("none")}).Confirms(generation.Management{Name: "any"}, applied); err != nil {
		t.Error(err)
	}
}

// TestHostFindsTheConnection builds the /proc of: sshd 10 → sshd 11 → sh 12 (SSH_CONNECTION) → sudo 13 → reef-agent 14.
func TestHostFindsTheConnection(t *testing.T) {
	proc := t.TempDir()
	put := func(pid, parent int, name string, ticks int, environment string) {
		folder := filepath.Join(proc, fmt.Sprint(pid))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		stat := fmt.Sprintf("%d (%s) S %d 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 %d 0", pid, name, parent, ticks)
		for file, text := range map[string]string{"stat": stat, "environ": environment} {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(10, 1, "sshd", 100, "")
	put(11, 10, "sshd-session", 5000, "")
	put(12, 11, "sh", 5001, "A=1\x00SSH_CONNECTION=192.168.4.1 50000 192.168.4.10 22\x00")
	put(13, 12, "su) do", 5002, "SSH_CONNECTION=192.168.4.1 50000 10.200.0.10 22\x00")
	put(14, 13, "reef-agent", 5003, "")
	put(20, 1, "cron", 5000, "SSH_CONNECTION=192.168.4.1 50000 192.168.4.10 22\x00")
	put(21, 20, "reef-agent", 5000, "SSH_CONNECTION=192.168.4.1 50000 192.168.4.10 22\x00")
	got, err := Host{clock.NewFake(), proc, 14}.connection()
	if err != nil || got.Local.String() != "192.168.4.10" || got.Since.Since != 50*time.Second+10*time.Millisecond {
		t.Fatal(got, err)
	}
	if _, err := (Host{clock.NewFake(), proc, 21}).connection(); err == nil {
		t.Fatal("a variable alone is believed")
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add("7-00112233445566778899aabbccddeeff")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := ParseToken(text)
		if err == nil && token.String() != text {
			t.Fatal(text)
		}
	})
}

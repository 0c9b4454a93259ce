package wireguard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// key is a public key of 43 letters.
func key(letter string) string { return strings.Repeat(letter, 42) + "A=" }

func newTunnel(t *testing.T) *rootfs.Memory {
	t.Helper()
	fs := rootfs.NewMemory()
	w := generation.WireGuard{Interface: "wg0", Addresses: []string{"10.200.0.9/24"}, MTU: 1420, PrivateKeyFile: "/etc/wireguard/key"}
	for letter, endpoint := range map[string]string{"A": "alive.test:51820", "D": "dead.test:51820", "F": "future.test:1", "L": "192.0.2.9:51820", "N": "never.test:1", "P": ""} {
		w.Peers = append(w.Peers, generation.Peer{Name: letter, PublicKey: key(letter), Endpoint: endpoint, AllowedIPs: []string{"10.0.0.0/24"}, KeepaliveSeconds: 25})
	}
	if _, err := rootfs.MkdirAll(fs, "/etc/wireguard", 0o755); err != nil {
		t.Fatal(err)
	}
	for p, content := range map[string]string{"/etc/wireguard/wg0.conf": w.Config(), "/etc/wireguard/key": "hunter2\n"} {
		if err := fs.Create(p, []byte(content), 0o600, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	return fs
}

func TestRefreshCallsWhoIsSilent(t *testing.T) {
	now := clock.NewFake()
	ages := map[string]time.Duration{"A": 134 * time.Second, "D": 135 * time.Second, "F": -time.Hour, "L": time.Hour, "P": time.Hour}
	runner := &command.Fake{Answer: func(c command.Command) ([]byte, error) {
		switch typed := c.String(); {
		case strings.HasSuffix(typed, "latest-handshakes"):
			out := key("N") + "\t0\n" + key("X") + "\t0\n"
			for letter, age := range ages {
				out += fmt.Sprintf("%s\t%d\n", key(letter), now.Now().Add(-age).Unix())
			}
			return []byte(out), nil
		case strings.Contains(typed, "dead.test"):
			return nil, errors.New("Name or service not known")
		}
		return nil, nil
	}}
	if err := Refresh(t.Context(), newTunnel(t), runner, now, "wg0"); err != nil {
		t.Fatal(err)
	}
	for letter, endpoint := range map[string]string{"D": "dead.test:51820", "F": "future.test:1", "L": "192.0.2.9:51820", "N": "never.test:1", "A": "", "P": "", "X": ""} {
		var ran []string
		for _, typed := range runner.Ran() {
			if rest, about := strings.CutPrefix(typed, "wg set wg0 peer "+key(letter)+" "); about {
				ran = append(ran, rest)
			}
		}
		var want []string
		if endpoint != "" {
			want = []string{"endpoint " + endpoint, "persistent-keepalive 0", "persistent-keepalive 25"}
		}
		if !slices.Equal(ran, want) {
			t.Errorf("%s: %q, not %q", letter, ran, want)
		}
	}
}

// TestNamesAreNotForWg: wg would not bring a tunnel up whose names cannot be resolved.
func TestNamesAreNotForWg(t *testing.T) {
	content, err := newTunnel(t).ReadFile("/etc/wireguard/wg0.conf")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "Endpoint") && line != "Endpoint = 192.0.2.9:51820\n" {
			t.Errorf("%q", line)
		}
	}
	for _, want := range []string{"\n#Endpoint = dead.test:51820\n", "\nPostUp = /usr/local/sbin/reef-agent wireguard-refresh %i\n"} {
		if !strings.Contains(string(content), want) {
			t.Errorf("%q is missing in\n%s", want, content)
		}
	}
}

func TestSyncCallsNamesAnew(t *testing.T) {
	runner := &command.Fake{Answer: func(c command.Command) ([]byte, error) {
		if strings.Contains(c.String(), "-json") {
			return []byte("[]"), nil
		}
		return nil, nil
	}}
	if err := Sync(t.Context(), newTunnel(t), runner, "wg0"); err != nil {
		t.Fatal(err)
	}
	if typed := runner.Ran(); !slices.Contains(typed, "wg set wg0 peer "+key("A")+" endpoint alive.test:51820") {
		t.Error(typed)
	}
}

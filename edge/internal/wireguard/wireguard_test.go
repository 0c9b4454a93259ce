package wireguard

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

func TestSyncKeepsTheKeyAndMovesTheRest(t *testing.T) {
	fs := rootfs.NewMemory()
	w := generation.WireGuard{Interface: "wg0", Addresses: []string{"10.200.0.9/24"}, MTU: 1420, PrivateKeyFile: "/etc/wireguard/key",
		Peers: []generation.Peer{{Name: "hub", PublicKey: "K", AllowedIPs: []string{"10.1.0.0/16", "10.2.0.0/16"}}}}
	if _, err := rootfs.MkdirAll(fs, "/etc/wireguard", 0o755); err != nil {
		t.Fatal(err)
	}
	for p, content := range map[string]string{"/etc/wireguard/wg0.conf": w.Config(), "/etc/wireguard/key": "hunter2\n"} {
		if err := fs.Create(p, []byte(content), 0o600, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	var given string
	runner := &command.Fake{Answer: func(c command.Command) ([]byte, error) {
		switch typed := c.String(); {
		case strings.HasPrefix(typed, "wg-quick strip"):
			return []byte("[Peer]\nPublicKey = K\n"), nil
		case strings.HasPrefix(typed, "wg syncconf"):
			given = string(c.Stdin)
		case strings.Contains(typed, "address show"):
			return []byte(`[{"addr_info":[{"family":"inet","local":"10.200.0.8","prefixlen":24,"scope":"global"}]}]`), nil
		case strings.Contains(typed, "route show"):
			return []byte(`[{"dst":"10.1.0.0/16"},{"dst":"10.9.9.9"}]`), nil
		}
		return nil, nil
	}}
	if err := Sync(context.Background(), fs, runner, "wg0"); err != nil {
		t.Fatal(err)
	}
	typed := strings.Join(runner.Ran(), "\n")
	for _, want := range []string{
		"ip link set dev wg0 mtu 1420", "ip address replace 10.200.0.9/24 dev wg0", "ip address delete 10.200.0.8/24 dev wg0",
		"ip route replace 10.2.0.0/16 dev wg0", "ip route delete 10.9.9.9/32 dev wg0",
	} {
		if !strings.Contains(typed, want) {
			t.Errorf("%q is missing in\n%s", want, typed)
		}
	}
	if strings.Contains(typed, "replace 10.1.0.0/16") || strings.Contains(typed, "hunter2") {
		t.Errorf("too much in\n%s", typed)
	}
	if !strings.Contains(given, "PrivateKey = hunter2\n") || !strings.Contains(given, "PublicKey = K") {
		t.Errorf("wg was given %q", given)
	}
}

func TestDrift(t *testing.T) {
	runner := &command.Fake{Answer: func(command.Command) ([]byte, error) {
		return []byte("A\t10.0.0.1/32 10.0.0.0/24\nB\t(none)\nX\t10.9.0.0/16\n"), nil
	}}
	w := generation.WireGuard{Interface: "wg0", Peers: []generation.Peer{
		{Name: "a", PublicKey: "A", AllowedIPs: []string{"10.0.0.0/24", "10.0.0.1/32"}},
		{Name: "b", PublicKey: "B", AllowedIPs: []string{"10.5.0.0/24"}},
		{Name: "c", PublicKey: "C"},
	}}
	got, err := Drift(context.Background(), runner, w)
	if err != nil || fmt.Sprint(got) != "[peer X is a stranger peer b has  peer c is missing]" {
		t.Fatalf("%q %v", got, err)
	}
}

package status

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/converge"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func certificate(t *testing.T, ends time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: ends.Add(-time.Hour), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestEveryDriftIsTold(t *testing.T) {
	fs := rootfs.NewMemory()
	now := clock.NewFake()
	for _, folder := range []string{"/etc", "/etc/systemd", "/etc/systemd/system"} {
		must(t, fs.Mkdir(folder, 0o755))
	}
	put := func(p, content string, mode uint32) {
		t.Helper()
		must(t, fs.Create(p, []byte(content), mode, 0, 0))
	}
	file := func(p string) generation.File {
		return generation.File{Path: p, Mode: "0644", Owner: "root:root", Content: []byte("right"), SHA256: generation.Sum([]byte("right"))}
	}
	g := generation.New(1, generation.Document{
		Format:   generation.Format,
		Files:    []generation.File{file("/etc/right"), file("/etc/missing"), file("/etc/other"), file("/etc/mode"), file("/etc/link")},
		Packages: []string{"nginx"}, Users: []generation.User{{Name: "ops"}}, Sysctls: map[string]string{"net.a": "1"},
		Nftables:     &generation.Nftables{Family: "inet", Table: "reef", Rules: "chain a {\n}"},
		WireGuard:    []generation.WireGuard{{Interface: "wg0", MTU: 1420, Peers: []generation.Peer{{Name: "hub", PublicKey: "K"}}}},
		Services:     []generation.Service{{Unit: "a.service"}},
		Routes:       []generation.Route{{Destination: "10.1.0.0/16", Interface: "wg0"}, {Destination: "10.2.0.0/16", Via: "10.0.0.1"}},
		Certificates: []string{"/etc/old.pem", "/etc/new.pem", "/etc/none.pem"},
	})
	put("/etc/right", "right", 0o644)
	put("/etc/other", "wrong", 0o644)
	put("/etc/mode", "right", 0o666)
	must(t, fs.Symlink("right", "/etc/link"))
	put("/etc/old.pem", string(certificate(t, now.Now().Add(-time.Second))), 0o644)
	put("/etc/new.pem", string(certificate(t, now.Now().Add(time.Hour))), 0o644)
	runner := &command.Fake{Answer: func(c command.Command) ([]byte, error) {
		switch typed := c.String(); {
		case strings.HasPrefix(typed, "sysctl"):
			return []byte("0\n"), nil
		case strings.HasPrefix(typed, "nft"):
			return []byte("table inet reef {\n}\n"), nil
		case strings.HasPrefix(typed, "unshare --net"):
			return []byte("table inet reef {\n\tchain a {\n\t}\n}\n"), nil
		case strings.HasPrefix(typed, "wg show"):
			return []byte("X\t(none)\n"), nil
		case strings.HasPrefix(typed, "ip -json route"):
			return []byte(`[{"dst":"10.1.0.0/16","dev":"wg0"},{"dst":"10.2.0.0/16","gateway":"10.0.0.2"}]`), nil
		}
		return nil, nil
	}}
	o := Observer{converge.Host{FS: fs, Runner: runner, Units: unit.NewFake(fs), Clock: now, Originals: original.Store{FS: fs, Folder: "/o"}}}
	var r Report
	o.Look(context.Background(), g, &r)
	if len(r.CouldNotCheck) > 0 {
		t.Error(r.CouldNotCheck)
	}
	told := fmt.Sprintf("%+v", r.Drift)
	for _, want := range []string{
		"{Part:file Name:/etc/missing How:is missing}", "{Part:file Name:/etc/other How:has another content}",
		"{Part:file Name:/etc/mode How:has mode 0666 and owner 0:0, not 0644 and 0:0}", "{Part:file Name:/etc/link How:is not a regular file}",
		"{Part:unit Name:a.service How:does not exist}", "{Part:package Name:nginx How:is not installed}", "{Part:user Name:ops How:does not exist}",
		"{Part:sysctl Name:net.a How:is 0, not 1}", "{Part:nftables Name:inet reef How:has other rules}",
		"{Part:wireguard Name:wg0 How:peer X is a stranger}", "{Part:wireguard Name:wg0 How:peer hub is missing}",
		"{Part:route Name:10.2.0.0/16 How:is missing, or leads elsewhere}",
		"{Part:certificate Name:/etc/old.pem How:has expired", "{Part:certificate Name:/etc/none.pem How:is missing}",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("%s is missing in %s", want, told)
		}
	}
	for _, unwanted := range []string{"/etc/right", "10.1.0.0/16", "/etc/new.pem"} {
		if strings.Contains(told, unwanted) {
			t.Errorf("%s has not drifted: %s", unwanted, told)
		}
	}
	metrics := r.Prometheus()
	for _, want := range []string{"reef_agent_drift{part=\"certificate\"} 2\n", "reef_agent_certificate_expiry_timestamp_seconds{path=\"/etc/new.pem\"}", "reef_agent_drift{part=\"sysctl\"} 1\n"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("%s is missing in\n%s", want, metrics)
		}
	}
}

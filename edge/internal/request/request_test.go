package request

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"blackroad.io/edge/internal/rootfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newHost(t *testing.T) *rootfs.Memory {
	t.Helper()
	fs := rootfs.NewMemory()
	must(t, fs.Mkdir("/etc", 0o755))
	must(t, fs.Create("/etc/group", []byte("root:x:0:\nhaproxy:x:107:\n"), 0o644, 0, 0))
	return fs
}

func parse(t *testing.T, text []byte) *x509.CertificateRequest {
	t.Helper()
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(rest) > 0 {
		t.Fatalf("%s", text)
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	must(t, err)
	must(t, csr.CheckSignature())
	return csr
}

const usual = `{"key":"/etc/haproxy/tls.key","owner":"root:haproxy","algorithm":"%s","organization":"BlackRoad","commonName":"lb",
	"dnsNames":["lb.blackroad.io","*.lb.blackroad.io"],"addresses":["10.1.0.10","fd00::1"]}`

func TestRequestIsTheSameEachTime(t *testing.T) {
	for _, algorithm := range []string{ECDSA, RSA} {
		fs := newHost(t)
		r, err := Read(strings.NewReader(fmt.Sprintf(usual, algorithm)))
		must(t, err)
		first, err := r.Make(fs)
		must(t, err)
		csr := parse(t, first)
		if got := fmt.Sprint(csr.Subject, csr.DNSNames, csr.IPAddresses); got != "CN=lb,O=BlackRoad [lb.blackroad.io *.lb.blackroad.io] [10.1.0.10 fd00::1]" {
			t.Error(got)
		}
		switch key := csr.PublicKey.(type) {
		case *ecdsa.PublicKey:
			if algorithm != ECDSA {
				t.Error("ECDSA")
			}
		case *rsa.PublicKey:
			if algorithm != RSA || key.N.BitLen() != 2048 {
				t.Error("RSA")
			}
		}
		info, err := fs.Lstat(r.Key)
		if err != nil || info.Mode != 0o640 || info.UID != 0 || info.GID != 107 {
			t.Error(info, err)
		}
		again, err := r.Make(fs)
		if err != nil || !bytes.Equal(first, again) {
			t.Error("another request", err)
		}
		r.CommonName = "another"
		if other, err := r.Make(fs); err != nil || !bytes.Equal(csr.RawSubjectPublicKeyInfo, parse(t, other).RawSubjectPublicKeyInfo) {
			t.Error("another key", err)
		}
	}
}

func TestKeyOfAGroupThatIsNotThereIsRootsAlone(t *testing.T) {
	for owner, want := range map[string]string{"root:nginx": "0600 0 0", "root:root": "0600 0 0", "nginx:haproxy": "0600 0 0"} {
		fs := newHost(t)
		r, err := Read(strings.NewReader(strings.Replace(fmt.Sprintf(usual, ECDSA), "root:haproxy", owner, 1)))
		must(t, err)
		_, err = r.Make(fs)
		must(t, err)
		info, err := fs.Lstat(r.Key)
		must(t, err)
		if got := fmt.Sprintf("%04o %d %d", info.Mode, info.UID, info.GID); got != want {
			t.Errorf("%s: %s", owner, got)
		}
	}
}

func TestKeyThatIsThereIsNeverReplaced(t *testing.T) {
	for what, content := range map[string]string{"no PEM": "x", "not PKCS8": "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"} {
		fs := newHost(t)
		must(t, fs.Mkdir("/etc/haproxy", 0o755))
		must(t, fs.Create("/etc/haproxy/tls.key", []byte(content), 0o600, 0, 0))
		r, err := Read(strings.NewReader(fmt.Sprintf(usual, ECDSA)))
		must(t, err)
		if _, err := r.Make(fs); err == nil || !strings.Contains(err.Error(), "remove it for a new one") {
			t.Error(what, err)
		}
		if kept, err := fs.ReadFile(r.Key); err != nil || string(kept) != content {
			t.Error(what, "replaced")
		}
	}
	fs := newHost(t)
	r, err := Read(strings.NewReader(fmt.Sprintf(usual, ECDSA)))
	must(t, err)
	_, err = r.Make(fs)
	must(t, err)
	r.Algorithm = RSA
	if _, err := r.Make(fs); err == nil || !strings.Contains(err.Error(), "no rsa-2048 key") {
		t.Error(err)
	}
}

func TestReadRefuses(t *testing.T) {
	for want, change := range map[string][2]string{
		"key: an absolute":      {"/etc/haproxy/tls.key", "tls.key"},
		"owner: user:group":     {"root:haproxy", "root"},
		"algorithm: ecdsa-p256": {ECDSA, "dsa"},
		"commonName":            {`"lb"`, `""`},
		"organization: at most": {"BlackRoad", "Black\\u0000Road"},
		"dnsNames[0]":           {"lb.blackroad.io", "lb blackroad"},
		"addresses[0]":          {"10.1.0.10", "10.1.0.10/16"},
		"more: is not a known":  {`{"key"`, `{"more":1,"key"`},
	} {
		if _, err := Read(strings.NewReader(strings.Replace(fmt.Sprintf(usual, ECDSA), change[0], change[1], 1))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

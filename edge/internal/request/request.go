// Package request makes private keys that never leave the host, and the requests by which others certify them.
package request

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path"
	"regexp"
	"strings"

	"blackroad.io/edge/internal/account"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/strict"
)

// Request is for a certificate of one key of the host.
type Request struct {
	// Key is the path of the private key, which is made if it is missing and kept if it is there.
	Key string `json:"key"`
	// Owner is `user:group`. A group other than root's may read the key; one that does not exist yet gets it by the
	// generation that names the key.
	Owner string `json:"owner"`
	// Algorithm is `ecdsa-p256` or `rsa-2048`.
	Algorithm    string   `json:"algorithm"`
	Organization string   `json:"organization,omitempty"`
	CommonName   string   `json:"commonName"`
	DNSNames     []string `json:"dnsNames,omitempty"`
	Addresses    []string `json:"addresses,omitempty"`
}

const maxRequestBytes = 1 << 20

// The algorithms.
const (
	ECDSA = "ecdsa-p256"
	RSA   = "rsa-2048"
)

var (
	ownerPattern = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}:[a-z_][a-z0-9_-]{0,31}$`)
	// A leading `*.` stands for any one name.
	dnsPattern = regexp.MustCompile(`^(\*\.)?([a-zA-Z0-9_]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)
)

// Read reads a request from a stream. All errors are returned together.
func Read(in io.Reader) (*Request, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxRequestBytes))
	if err != nil {
		return nil, err
	}
	var r Request
	if err := strict.Decode(data, &r); err != nil {
		return nil, err
	}
	return &r, r.validate()
}

func (r *Request) validate() error {
	errs := []error{generation.CheckPath("key", r.Key)}
	say := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !ownerPattern.MatchString(r.Owner) {
		say("owner: user:group is expected")
	}
	if r.Algorithm != ECDSA && r.Algorithm != RSA {
		say("algorithm: %s or %s is expected", ECDSA, RSA)
	}
	const longestName = 64 // X.520's bound of both
	for field, text := range map[string]string{"commonName": r.CommonName, "organization": r.Organization} {
		if len(text) > longestName || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
			say("%s: at most %d printable characters of ASCII are expected", field, longestName)
		}
	}
	if r.CommonName == "" {
		say("commonName: is missing")
	}
	for i, name := range r.DNSNames {
		if len(name) > 253 || !dnsPattern.MatchString(name) {
			say("dnsNames[%d]: a name is expected", i)
		}
	}
	for i, address := range r.Addresses {
		if _, err := netip.ParseAddr(address); err != nil {
			say("addresses[%d]: an address is expected", i)
		}
	}
	return errors.Join(errs...)
}

// Make returns the request in PEM. The same request for the same key is the same text, byte for byte.
func (r *Request) Make(fs rootfs.FS) ([]byte, error) {
	key, err := r.key(fs)
	if err != nil {
		return nil, err
	}
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: r.CommonName}, DNSNames: r.DNSNames}
	if r.Organization != "" {
		template.Subject.Organization = []string{r.Organization}
	}
	for _, address := range r.Addresses {
		template.IPAddresses = append(template.IPAddresses, net.IP(netip.MustParseAddr(address).AsSlice()))
	}
	// Without chance a signature follows from key and text alone (RFC 6979), also by ECDSA.
	der, err := x509.CreateCertificateRequest(nil, template, key)
	if err != nil {
		return nil, fmt.Errorf("signing the request: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// key reads the key, or makes it.
func (r *Request) key(fs rootfs.FS) (crypto.Signer, error) {
	data, err := fs.ReadFile(r.Key)
	if rootfs.Missing(err) {
		return r.makeKey(fs)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is there, but is no key in PEM; remove it for a new one", r.Key)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s is there, but is no key in PKCS #8; remove it for a new one", r.Key)
	}
	switch key := parsed.(type) {
	case *ecdsa.PrivateKey:
		if r.Algorithm == ECDSA && key.Curve == elliptic.P256() {
			return key, nil
		}
	case *rsa.PrivateKey:
		if r.Algorithm == RSA && key.N.BitLen() == rsaBits {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%s is there, but is no %s key; remove it for a new one", r.Key, r.Algorithm)
}

const rsaBits = 2048

func (r *Request) makeKey(fs rootfs.FS) (crypto.Signer, error) {
	var key crypto.Signer
	var err error
	if r.Algorithm == RSA {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	mode, uid, gid, err := r.owned(fs)
	if err != nil {
		return nil, err
	}
	if _, err := rootfs.MkdirAll(fs, path.Dir(r.Key), 0o755); err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return key, rootfs.Replace(fs, r.Key, text, mode, uid, gid)
}

// owned is who a new key belongs to: root alone as long as its owner or group is not there, which comes with a package.
func (r *Request) owned(fs rootfs.FS) (mode uint32, uid, gid int, err error) {
	users, err := account.Read(fs)
	if err != nil {
		return 0, 0, 0, err
	}
	uid, gid, missing := users.Owner(r.Owner)
	switch {
	case missing != nil:
		return 0o600, 0, 0, nil
	case gid == 0:
		return 0o600, uid, 0, nil
	default:
		return 0o640, uid, gid, nil
	}
}

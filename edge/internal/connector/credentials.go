// Package connector stands in for cloudflared, which is not to be had in the sandbox: it dials out to the sandbox's
// edge and passes what comes back through its connections on to services, by the rules that the edge tells it.
//
// It reads cloudflared's own configuration and credentials. What it speaks with the edge is its own: cloudflared speaks
// QUIC or HTTP/2 over TLS, this one JSON lines and then HTTP/1.1, in clear text.
package connector

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Credentials say which tunnel this is and prove it; their names are cloudflared's.
type Credentials struct {
	AccountTag   string
	TunnelID     string
	TunnelSecret string
}

// Load reads a configuration file and the credentials that it names.
func Load(path string) (Credentials, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Credentials{}, err
	}
	settings := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		name, value, found := strings.Cut(line, ":")
		if found && !strings.HasPrefix(line, "#") {
			settings[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	file := settings["credentials-file"]
	if file == "" {
		return Credentials{}, fmt.Errorf("%s names no credentials-file", path)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return Credentials{}, err
	}
	var credentials Credentials
	if err := json.Unmarshal(raw, &credentials); err != nil {
		return Credentials{}, fmt.Errorf("%s: %w", file, err)
	}
	if credentials.TunnelID == "" || credentials.TunnelID != settings["tunnel"] {
		return Credentials{}, fmt.Errorf("%s is of another tunnel than %s", file, path)
	}
	if _, err := credentials.key(); err != nil {
		return Credentials{}, fmt.Errorf("%s: %w", file, err)
	}
	return credentials, nil
}

// key is what both sides know: the hash of the secret, since the edge keeps no more of it.
func (c Credentials) key() ([]byte, error) {
	secret, err := base64.StdEncoding.DecodeString(c.TunnelSecret)
	if err != nil {
		return nil, fmt.Errorf("the tunnel's secret is no base64")
	}
	hash := sha256.Sum256(secret)
	return hash[:], nil
}

// Prove answers the edge's challenge without telling the secret.
func (c Credentials) Prove(nonce string) (string, error) {
	key, err := c.key()
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(nonce))
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// Package connector stands in for cloudflared, which is not to be had in the sandbox: it dials out to the sandbox's
// edge and passes what comes back through its connections on to services, by the rules that the edge tells it.
//
// It reads cloudflared's own configuration, credentials and token. What it speaks with the edge is what cloudflared
// speaks with --protocol http2, but for one thing: it registers with a line of JSON where cloudflared has Cap'n Proto.
package connector

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Credentials say which tunnel this is and prove it; their names are cloudflared's.
type Credentials struct {
	AccountTag string
	TunnelID   string
	// TunnelSecret is base64.
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
	if err := credentials.check(); err != nil {
		return Credentials{}, fmt.Errorf("%s: %w", file, err)
	}
	return credentials, nil
}

// ParseToken reads what `cloudflared tunnel run --token` is given. Its text is a secret and in no error.
func ParseToken(text string) (Credentials, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return Credentials{}, errors.New("the token is no base64")
	}
	var token struct {
		Account string `json:"a"`
		Tunnel  string `json:"t"`
		Secret  string `json:"s"`
	}
	if err := json.Unmarshal(raw, &token); err != nil {
		return Credentials{}, errors.New("the token is no JSON")
	}
	credentials := Credentials{token.Account, token.Tunnel, token.Secret}
	if err := credentials.check(); err != nil {
		return Credentials{}, fmt.Errorf("the token: %w", err)
	}
	return credentials, nil
}

func (c Credentials) check() error {
	if c.AccountTag == "" || c.TunnelID == "" {
		return errors.New("account or tunnel is missing")
	}
	if _, err := base64.StdEncoding.DecodeString(c.TunnelSecret); err != nil || c.TunnelSecret == "" {
		return errors.New("the tunnel's secret is no base64")
	}
	return nil
}

package connector

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func files(t *testing.T, config, credentials string) string {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "config.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(config, "FOLDER", folder)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "credentials.json"), []byte(credentials), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const config = "# a tunnel\ntunnel: t-1\ncredentials-file: FOLDER/credentials.json\n"

func credentialsText(id string) string {
	return fmt.Sprintf(`{"AccountTag":"a-1","TunnelSecret":%q,"TunnelID":%q}`, secret, id)
}

func TestLoad(t *testing.T) {
	found, err := Load(files(t, config, credentialsText("t-1")))
	if err != nil || found.AccountTag != "a-1" {
		t.Fatalf("%+v, %v", found, err)
	}
	for name, path := range map[string]string{
		"another tunnel's":    files(t, config, credentialsText("t-2")),
		"no credentials-file": files(t, "tunnel: t-1\n", credentialsText("t-1")),
		"no JSON":             files(t, config, "{"),
		"no base64":           files(t, config, `{"AccountTag":"a","TunnelSecret":"!","TunnelID":"t-1"}`),
	} {
		if _, err := Load(path); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestParseToken(t *testing.T) {
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	found, err := ParseToken(encode(fmt.Sprintf(`{"a":"a-1","t":"t-1","s":%q}`, secret)))
	if err != nil || found != (Credentials{"a-1", "t-1", secret}) {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, text := range []string{"!", encode("{"), encode(`{"a":"a-1","t":"t-1"}`), encode(`{"t":"t-1","s":"YQ=="}`)} {
		if _, err := ParseToken(text); err == nil {
			t.Errorf("%q: taken", text)
		} else if strings.Contains(err.Error(), text) {
			t.Errorf("%q is told in %v", text, err)
		}
	}
}

package connector

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var secret = []byte("a secret of thirty-two bytes or so")

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
	return fmt.Sprintf(`{"AccountTag":"a-1","TunnelSecret":%q,"TunnelID":%q}`, base64.StdEncoding.EncodeToString(secret), id)
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

// edge is the other side of a connector: it proves whom it speaks with and tells the rules.
func edge(t *testing.T, listener net.Listener, rules []Rule) net.Conn {
	t.Helper()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(conn, `{"nonce":"n-1"}`)
	var said hello
	if err := readLine(conn, &said); err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256(secret)
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("n-1"))
	if said.Proof != hex.EncodeToString(mac.Sum(nil)) || said.Tunnel != "t-1" || said.Account != "a-1" {
		t.Fatalf("said %+v", said)
	}
	if err := json.NewEncoder(conn).Encode(welcome{Ingress: rules}); err != nil {
		t.Fatal(err)
	}
	return conn
}

func start(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	credentials := Credentials{"a-1", "t-1", base64.StdEncoding.EncodeToString(secret)}
	connector := Connector{credentials, []string{listener.Addr().String()}, t.Logf}
	done := make(chan struct{})
	go func() {
		defer close(done)
		connector.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
		listener.Close()
	})
	return listener
}

func ask(t *testing.T, conn net.Conn, reader *bufio.Reader, host, path string) (int, string) {
	t.Helper()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 192.0.2.66\r\n\r\n", path, host)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestRequestsGoByTheRulesInTheirOrder(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		fmt.Fprintf(writer, "%s %s %s", request.Host, request.URL.Path, request.Header.Get("X-Forwarded-For"))
	}))
	defer service.Close()
	conn := edge(t, start(t), []Rule{
		{Hostname: "api.example.com", Service: service.URL},
		{Hostname: "*.example.net", Path: "^/only", Service: "http_status:418"},
		{Service: "http_status:404"},
	})
	reader := bufio.NewReader(conn)
	for _, tried := range []struct {
		host, path string
		status     int
		body       string
	}{
		{"API.example.com:443", "/health", 200, "API.example.com:443 /health 192.0.2.66"},
		{"a.example.net", "/only/this", 418, ""},
		{"a.example.net", "/other", 404, ""},
		{"unknown.example.com", "/", 404, ""},
	} {
		status, body := ask(t, conn, reader, tried.host, tried.path)
		if status != tried.status || body != tried.body {
			t.Errorf("%s%s: %d %q", tried.host, tried.path, status, body)
		}
	}
}

func TestAnUpgradedConnectionCarriesBytesBothWays(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(writer).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		fmt.Fprint(conn, strings.ToUpper(line))
	}))
	defer service.Close()
	conn := edge(t, start(t), []Rule{{Service: service.URL}})
	fmt.Fprint(conn, "GET /ws/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%+v, %v", response, err)
	}
	fmt.Fprintln(conn, "hello")
	if line, err := reader.ReadString('\n'); line != "HELLO\n" {
		t.Fatalf("%q, %v", line, err)
	}
}

func TestAConnectionThatEndsIsDialledAgain(t *testing.T) {
	listener := start(t)
	rules := []Rule{{Service: "http_status:204"}}
	for range 3 * connections {
		edge(t, listener, rules).Close()
	}
}

func TestRulesThatCannotBeServedAreRefused(t *testing.T) {
	for _, rules := range [][]Rule{
		nil,
		{{Hostname: "a", Service: "http_status:404"}},
		{{Service: "tcp://localhost:22"}},
		{{Service: "http_status:999"}},
		{{Path: "(", Service: "http_status:200"}, {Service: "http_status:404"}},
	} {
		if _, err := NewIngress(rules); err == nil {
			t.Errorf("%+v: taken", rules)
		}
	}
}

package connector

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const limit = 20 * time.Second

var secret = base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes or so"))

// certificate is one that signs itself, for the name.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// edge is the other side of a connector: an HTTP/2 client on connections that it accepts.
type edge struct {
	t        *testing.T
	listener net.Listener
}

// session is one connection with its control stream.
type session struct {
	t       *testing.T
	conn    net.Conn
	client  *http.Client
	control *io.PipeWriter
	said    registration
	answers *bufio.Reader
}

// start runs a connector against an edge that shows a certificate for the name.
func start(t *testing.T, name string) (*edge, func()) {
	t.Helper()
	shown, pool := certificate(t, name)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{shown}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	connector := Connector{
		Credentials: Credentials{"a-1", "t-1", secret},
		Edges:       []string{listener.Addr().String()},
		Authorities: pool,
		Version:     "test",
		Log:         t.Logf,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		connector.Run(ctx)
	}()
	end := func() {
		stop()
		<-done
	}
	t.Cleanup(func() {
		end()
		listener.Close()
	})
	return &edge{t, listener}, end
}

// accept takes one connection as far as the connector's registration.
func (e *edge) accept() *session {
	e.t.Helper()
	conn, err := e.listener.Accept()
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		e.t.Fatal(err)
	}
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	dialled := false
	client := &http.Client{Transport: &http.Transport{
		Protocols:          &protocols,
		DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			if dialled {
				return nil, errors.New("the connection is used up")
			}
			dialled = true
			return plain{conn}, nil
		},
	}}
	reader, writer := io.Pipe()
	found := &session{t: e.t, conn: conn, client: client, control: writer}
	response := found.send("control-stream", "POST", "", "/", reader, nil)
	found.answers = bufio.NewReader(response.Body)
	line, err := found.answers.ReadBytes('\n')
	if err != nil {
		e.t.Fatal(err)
	}
	if err := json.Unmarshal(line, &found.said); err != nil {
		e.t.Fatal(err)
	}
	return found
}

// plain hides that the connection is TLS, under which the client would look for an agreement on HTTP/2.
type plain struct{ net.Conn }

func (s *session) send(upgrade, method, host, path string, body io.Reader, more http.Header) *http.Response {
	s.t.Helper()
	request, err := http.NewRequest(method, "http://edge.invalid"+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if more != nil {
		request.Header = more
	}
	request.Host = host
	if upgrade != "" {
		request.Header.Set(upgradeHeader, upgrade)
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatalf("%s %s%s: %v", method, host, path, err)
	}
	s.t.Cleanup(func() { response.Body.Close() })
	return response
}

func (s *session) answer(text string) *session {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.control, text); err != nil {
		s.t.Fatal(err)
	}
	return s
}

func (s *session) configure(version int, config Config) updated {
	s.t.Helper()
	text, err := json.Marshal(update{version, config})
	if err != nil {
		s.t.Fatal(err)
	}
	response := s.send("update-configuration", "PUT", "", "/", bytes.NewReader(text), nil)
	var answer updated
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		s.t.Fatal(err)
	}
	return answer
}

func (s *session) ask(host, path string) (int, string) {
	s.t.Helper()
	response := s.send("", "GET", host, path, nil, http.Header{"X-Forwarded-For": {"192.0.2.66"}})
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

const welcome = `{"location":"SBX"}`

func rules(rules ...Rule) Config { return Config{Ingress: rules} }

func TestItRegistersWithItsSecretAndServesNothingBeforeItsConfiguration(t *testing.T) {
	edge, _ := start(t, EdgeName)
	seen := map[int]bool{}
	for range connections {
		session := edge.accept()
		said := session.said
		if said.AccountTag != "a-1" || said.TunnelID != "t-1" || said.TunnelSecret != secret || said.Options.Version != "test" {
			t.Fatalf("said %+v", said)
		}
		seen[said.ConnIndex] = true
		session.answer(welcome)
		if status, _ := session.ask("a.example.com", "/"); status != http.StatusServiceUnavailable {
			t.Errorf("connection %d: %d", said.ConnIndex, status)
		}
	}
	if len(seen) != connections {
		t.Errorf("indexes %v", seen)
	}
}

func TestRequestsGoByTheRulesInTheirOrder(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		fmt.Fprintf(writer, "%s %s %s", request.Host, request.URL.Path, request.Header.Get("X-Forwarded-For"))
	}))
	defer service.Close()
	edge, _ := start(t, EdgeName)
	session := edge.accept().answer(welcome)
	answer := session.configure(1, rules(
		Rule{Hostname: "api.example.com", Service: service.URL},
		Rule{Hostname: "*.example.net", Path: "^/only", Service: "http_status:418"},
		Rule{Hostname: "named.example.com", Service: service.URL, OriginRequest: []byte(`{"httpHostHeader":"other"}`)},
		Rule{Hostname: "gone.example.com", Service: "http://127.0.0.1:1"},
		Rule{Service: "http_status:404"},
	))
	if answer.LastAppliedVersion != 1 || answer.Err != nil {
		t.Fatalf("%+v", answer)
	}
	for _, tried := range []struct {
		host, path string
		status     int
		body       string
	}{
		{"API.example.com:443", "/health", 200, "API.example.com:443 /health 192.0.2.66"},
		{"named.example.com", "/x", 200, "other /x 192.0.2.66"},
		{"a.example.net", "/only/this", 418, ""},
		{"a.example.net", "/other", 404, ""},
		{"unknown.example.com", "/", 404, ""},
		{"gone.example.com", "/", 502, "Bad gateway: unable to reach the origin service\n"},
	} {
		status, body := session.ask(tried.host, tried.path)
		if status != tried.status || body != tried.body {
			t.Errorf("%s%s: %d %q", tried.host, tried.path, status, body)
		}
	}
}

func TestANewConfigurationReplacesTheOldAndAWrongOneDoesNot(t *testing.T) {
	edge, _ := start(t, EdgeName)
	session := edge.accept().answer(welcome)
	session.configure(1, rules(Rule{Service: "http_status:201"}))
	session.configure(2, rules(Rule{Service: "http_status:202"}))
	if status, _ := session.ask("a", "/"); status != 202 {
		t.Errorf("after 2: %d", status)
	}
	if answer := session.configure(3, rules(Rule{Service: "tcp://localhost:22"})); answer.Err == nil || answer.LastAppliedVersion != 2 {
		t.Errorf("3: %+v", answer)
	}
	// One that was overtaken on its way.
	if answer := session.configure(1, rules(Rule{Service: "http_status:201"})); answer.LastAppliedVersion != 2 {
		t.Errorf("1 again: %+v", answer)
	}
	if status, _ := session.ask("a", "/"); status != 202 {
		t.Errorf("after 3: %d", status)
	}
}

func TestAWebSocketCarriesBytesBothWays(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Upgrade") != "websocket" || request.Header.Get("Sec-WebSocket-Key") != "k" || request.Header.Get(upgradeHeader) != "" {
			t.Errorf("headers %v", request.Header)
		}
		conn, buffered, err := http.NewResponseController(writer).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: yes\r\n\r\n")
		for {
			line, err := buffered.ReadString('\n')
			if err != nil {
				return
			}
			fmt.Fprint(conn, strings.ToUpper(line))
		}
	}))
	defer service.Close()
	edge, _ := start(t, EdgeName)
	session := edge.accept().answer(welcome)
	session.configure(1, rules(Rule{Service: service.URL}))
	reader, writer := io.Pipe()
	response := session.send("websocket", "GET", "a", "/ws/", reader, http.Header{"Sec-WebSocket-Key": {"k"}})
	if response.StatusCode != http.StatusOK || response.Header.Get("Sec-WebSocket-Accept") != "yes" {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	answers := bufio.NewReader(response.Body)
	for _, word := range []string{"hello", "again"} {
		fmt.Fprintln(writer, word)
		if line, err := answers.ReadString('\n'); line != strings.ToUpper(word)+"\n" {
			t.Fatalf("%q, %v", line, err)
		}
	}
	writer.Close()
	if rest, err := io.ReadAll(answers); len(rest) != 0 || err != nil {
		t.Fatalf("%q, %v", rest, err)
	}
}

func TestAConnectionThatEndsIsDialledAgain(t *testing.T) {
	edge, _ := start(t, EdgeName)
	for range 2 * connections {
		edge.accept().answer(welcome).conn.Close()
	}
}

func TestARefusalIsDialledAgainLater(t *testing.T) {
	edge, _ := start(t, EdgeName)
	began := time.Now()
	for range 2 * connections {
		edge.accept().answer(`{"error":"Unauthorized: Invalid tunnel secret"}`)
	}
	// Not at once, and not only when the edge would have had to say something for the last time.
	if passed := time.Since(began); passed < firstWait || passed > handshakeLimit {
		t.Errorf("all were dialled again within %s", passed)
	}
}

func TestAnEdgeOfAnotherNameIsNotTrusted(t *testing.T) {
	edge, _ := start(t, "edge.example.com")
	conn, err := edge.listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The connector hangs up instead of ending the handshake.
	if err := conn.(*tls.Conn).HandshakeContext(t.Context()); err == nil {
		t.Error("it took the certificate")
	}
}

func TestWhenItEndsItLeavesTheEdge(t *testing.T) {
	edge, end := start(t, EdgeName)
	session := edge.accept().answer(welcome)
	session.configure(1, rules(Rule{Service: "http_status:204"}))
	ended := make(chan error, 1)
	go func() {
		_, err := session.answers.ReadByte()
		ended <- err
	}()
	end()
	select {
	case err := <-ended:
		if !errors.Is(err, io.EOF) {
			t.Errorf("the control stream ends with %v", err)
		}
	case <-time.After(limit):
		t.Error("the control stream is still open")
	}
}

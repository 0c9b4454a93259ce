package connector

import (
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestRulesThatCannotBeServedAreRefused(t *testing.T) {
	for _, refused := range [][]Rule{
		nil,
		{{Hostname: "a", Service: "http_status:404"}},
		{{Service: "tcp://localhost:22"}},
		{{Service: "http_status:1000"}},
		{{Path: "(", Service: "http_status:200"}, {Service: "http_status:404"}},
		{{Service: "http://a", OriginRequest: []byte(`{"caPool":"/nowhere"}`)}},
		{{Service: "http://a", OriginRequest: []byte(`{"connectTimeout":"x"}`)}},
	} {
		if _, err := NewIngress(Config{Ingress: refused}); err == nil {
			t.Errorf("%+v: taken", refused)
		}
	}
}

func status(t *testing.T, config Config) int {
	t.Helper()
	ingress, err := NewIngress(config)
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	ingress.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://a.example.com/", nil))
	return recorder.Code
}

func TestCertificatesOfServicesAreLookedAtUnlessTheRuleSaysOtherwise(t *testing.T) {
	service := httptest.NewTLSServer(http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		writer.WriteHeader(http.StatusNoContent)
	}))
	defer service.Close()
	pool := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: service.Certificate().Raw})
	if err := os.WriteFile(pool, text, 0o600); err != nil {
		t.Fatal(err)
	}
	one := func(options string) Config {
		return Config{Ingress: []Rule{{Service: service.URL, OriginRequest: json.RawMessage(options)}}}
	}
	if found := status(t, one(`{}`)); found != http.StatusBadGateway {
		t.Errorf("a strange authority: %d", found)
	}
	if found := status(t, one(`{"noTLSVerify":true}`)); found != http.StatusNoContent {
		t.Errorf("noTLSVerify: %d", found)
	}
	quoted, err := json.Marshal(map[string]string{"caPool": pool, "originServerName": service.Certificate().DNSNames[0]})
	if err != nil {
		t.Fatal(err)
	}
	if found := status(t, one(string(quoted))); found != http.StatusNoContent {
		t.Errorf("caPool: %d", found)
	}
	if found := status(t, one(`{"originServerName":"other.test"}`)); found != http.StatusBadGateway {
		t.Errorf("another name: %d", found)
	}
	all := one(`{}`)
	all.OriginRequest.NoTLSVerify = true
	if found := status(t, all); found != http.StatusNoContent {
		t.Errorf("noTLSVerify of the configuration: %d", found)
	}
	// A rule's own goes over the configuration's.
	own := one(`{"noTLSVerify":false}`)
	own.OriginRequest.NoTLSVerify = true
	if found := status(t, own); found != http.StatusBadGateway {
		t.Errorf("noTLSVerify taken back: %d", found)
	}
}

func TestAServiceCanBeASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "service.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		writer.WriteHeader(http.StatusTeapot)
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	if found := status(t, Config{Ingress: []Rule{{Service: "unix:" + path}}}); found != http.StatusTeapot {
		t.Errorf("%d", found)
	}
}

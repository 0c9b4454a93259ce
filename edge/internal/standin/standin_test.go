package standin

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const limit = 20 * time.Second

// freePort is one that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// started serves two services, and returns their addresses and what ends them.
func started(t *testing.T) (agents, memories string, end func() error) {
	t.Helper()
	agents, memories = freePort(t), freePort(t)
	config := Config{
		Host: "api-1.us-west", Site: "us-west", Address: "10.0.10.11",
		Services: []Service{{Name: "agent-service", Listen: agents}, {Name: "memory-service", Listen: memories}},
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}, 2), make(chan error, 1)
	go func() { ended <- Serve(ctx, config, func(string, ...any) { ready <- struct{}{} }) }()
	for range config.Services {
		select {
		case <-ready:
		case err := <-ended:
			t.Fatal(err)
		}
	}
	end = func() error {
		stop()
		select {
		case err := <-ended:
			ended <- err
			return err
		case <-time.After(limit):
			t.Fatal("the services do not end")
			return nil
		}
	}
	t.Cleanup(func() { _ = end() })
	return agents, memories, end
}

func get(t *testing.T, url string) (string, map[string]any) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", "192.0.2.66")
	response, err := (&http.Client{Timeout: limit}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var said map[string]any
	if err := json.Unmarshal(raw, &said); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return response.Status, said
}

func TestEveryServiceSaysWhoItStandsInForAndWhatItWasAsked(t *testing.T) {
	agents, memories, _ := started(t)
	for address, service := range map[string]string{agents: "agent-service", memories: "memory-service"} {
		status, said := get(t, "http://"+address+"/api/v1?secret=1")
		want := map[string]any{
			"service": service, "standIn": true, "host": "api-1.us-west", "site": "us-west", "address": "10.0.10.11",
			"number": 1.0, "from": "127.0.0.1", "method": "GET", "path": "/api/v1", "forwardedFor": "192.0.2.66",
		}
		if status != "200 OK" || len(said) != len(want) {
			t.Errorf("%s: %s %v", service, status, said)
		}
		for name, value := range want {
			if said[name] != value {
				t.Errorf("%s: %s is %v, not %v", service, name, said[name], value)
			}
		}
		if status, said := get(t, "http://"+address+"/health"); status != "200 OK" || said["status"] != "ok" || said["standIn"] != true {
			t.Errorf("%s: health: %s %v", service, status, said)
		}
		if _, said := get(t, "http://"+address+"/"); said["number"] != 2.0 {
			t.Errorf("%s: the second answer is the %v.", service, said["number"])
		}
	}
}

func TestAWebSocketIsAnsweredMessageByMessage(t *testing.T) {
	_, memories, _ := started(t)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	seen := map[string]bool{}
	for range 2 {
		connection, _, err := websocket.Dial(ctx, "ws://"+memories+"/ws/", nil)
		if err != nil {
			t.Fatal(err)
		}
		var said message
		for number := 1; number <= 3; number++ {
			text := strings.Repeat("a", number)
			if err := connection.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
			_, raw, err := connection.Read(ctx)
			if err != nil || json.Unmarshal(raw, &said) != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			want := message{"memory-service", true, "api-1.us-west", said.Connection, number, text}
			if said != want {
				t.Errorf("%+v, not %+v", said, want)
			}
		}
		if said.Connection == "" || seen[said.Connection] {
			t.Errorf("the connection's name %q is not its own", said.Connection)
		}
		seen[said.Connection] = true
		connection.Close(websocket.StatusNormalClosure, "")
	}
}

func TestAStopEndsWebSocketsToo(t *testing.T) {
	_, memories, end := started(t)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	connection, _, err := websocket.Dial(ctx, "ws://"+memories+"/ws/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.CloseNow()
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := connection.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the WebSocket is still there: %v", err)
	}
}

func TestAForeignOriginIsRefused(t *testing.T) {
	_, memories, _ := started(t)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	options := &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://elsewhere.test"}}}
	_, response, err := websocket.Dial(ctx, "ws://"+memories+"/ws/", options)
	if err == nil || response == nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another origin may connect: %v", err)
	}
}

func TestAPortThatIsTakenIsAnErrorForAllServices(t *testing.T) {
	agents, _, _ := started(t)
	free := freePort(t)
	config := Config{Host: "a", Services: []Service{{Name: "one", Listen: free}, {Name: "two", Listen: agents}}}
	if err := Serve(t.Context(), config, func(string, ...any) {}); err == nil {
		t.Fatal("two programs have one port")
	}
	if connection, err := net.Dial("tcp", free); err == nil {
		connection.Close()
		t.Error("the other service still listens")
	}
}

func TestAConfigurationIsReadStrictly(t *testing.T) {
	const whole = `{"host": "a.b", "site": "b", "address": "10.0.0.4", "services": [{"name": "x", "listen": ":8080"}]}`
	path := filepath.Join(t.TempDir(), "config.json")
	for text, says := range map[string]string{
		whole: "",
		strings.Replace(whole, `"host": "a.b"`, `"host": ""`, 1):                                                                 "host is empty",
		strings.Replace(whole, `}]`, `}], "stores": [{"name": "redis", "address": "10.0.10.50:6379", "passwordFile": "/p"}]`, 1): "",
		strings.Replace(whole, `}]`, `}], "stores": [{"name": "redis", "password": "x"}]`, 1):                                    "stores[0]",
		strings.Replace(whole, `"site"`, `"place"`, 1):                                                                           "place",
		strings.Replace(whole, `{"name": "x", "listen": ":8080"}`, ``, 1):                                                        "services has none",
		strings.Replace(whole, `:8080`, `8080`, 1):                                                                               "services[0].listen is no address",
		strings.Replace(whole, `:8080`, `:0`, 1):                                                                                 "services[0].listen is no address",
		strings.Replace(whole, `"x"`, `""`, 1):                                                                                   "services[0].name is empty",
		strings.Replace(whole, `}]`, `}, {"name": "y", "listen": ":8080"}]`, 1):                                                  "services[1].listen is x's",
		strings.Replace(whole, `}]`, `}, {"name": "y", "listen": ":8081"}]`, 1):                                                  "",
		strings.Replace(whole, `":8080"`, `8080`, 1):                                                                             "services[0].listen",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if said := errorText(err); (says == "") != (err == nil) || !strings.Contains(said, says) {
			t.Errorf("%s: %q, not %q", text, said, says)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

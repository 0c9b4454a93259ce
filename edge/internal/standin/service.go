package standin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	// headerTime bounds how long a client may take to say what it wants.
	headerTime = 10 * time.Second
	// idleTime is longer than the 60 s for which nginx keeps a connection to an upstream that is not used, so that it
	// is never this side that ends one while a request is on its way.
	idleTime = 120 * time.Second
	// writeTime bounds how long a client may take to receive one message.
	writeTime = 10 * time.Second
	// endTime is what requests get to end in when the service is stopped.
	endTime = 5 * time.Second
)

// healthPath is where load balancers look.
const healthPath = "/health"

// answer is what a request gets.
type answer struct {
	Service string `json:"service"`
	// StandIn is true: nobody is to take the answer for the service's own.
	StandIn bool   `json:"standIn"`
	Host    string `json:"host"`
	Site    string `json:"site"`
	Address string `json:"address"`
	// Number counts the service's answers since its start, from 1, without looks at its health: whoever got fewer has lost
	// some.
	Number int64 `json:"number"`
	// From is who asked, such as a load balancer.
	From string `json:"from"`
	// Method, Path and ForwardedFor are the request's, as it arrived here.
	Method       string `json:"method"`
	Path         string `json:"path"`
	ForwardedFor string `json:"forwardedFor,omitempty"`
}

// message is what a WebSocket gets for each message that it sends.
type message struct {
	Service string `json:"service"`
	StandIn bool   `json:"standIn"`
	Host    string `json:"host"`
	// Connection tells one WebSocket from the next.
	Connection string `json:"connection"`
	// Number counts the messages of the connection, from 1.
	Number int `json:"number"`
	// Text is what was sent.
	Text string `json:"text"`
}

// Serve answers on the ports of all services until the context ends. It fails if one of them is not to be had: whoever
// started it tries again.
func Serve(ctx context.Context, config Config, say func(format string, values ...any)) error {
	var listeners []net.Listener
	defer func() {
		for _, listener := range listeners {
			listener.Close()
		}
	}()
	for _, service := range config.Services {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", service.Listen)
		if err != nil {
			return err
		}
		listeners = append(listeners, listener)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, len(listeners))
	for index, listener := range listeners {
		service := config.Services[index]
		say("%s: a stand-in answers on %s", service.Name, listener.Addr())
		go func() { failed <- serve(ctx, listener, newHandler(ctx, config, service.Name)) }()
	}
	var wrong []error
	for range listeners {
		// One that fails ends the others: half a host would pass for a whole one.
		wrong = append(wrong, <-failed)
		stop()
	}
	return errors.Join(wrong...)
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-ctx.Done()
		limited, cancel := context.WithTimeout(context.Background(), endTime)
		defer cancel()
		if server.Shutdown(limited) != nil {
			server.Close()
		}
	}()
	err := server.Serve(listener)
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended
	return nil
}

type handler struct {
	// ctx ends with the service; WebSockets, which are nobody's requests any more, end by it.
	ctx     context.Context
	config  Config
	service string
	answers atomic.Int64
}

func newHandler(ctx context.Context, config Config, service string) http.Handler {
	return &handler{ctx: ctx, config: config, service: service}
}

func (h *handler) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	switch {
	case strings.EqualFold(request.Header.Get("Upgrade"), "websocket"):
		h.webSocket(writer, request)
	case request.URL.Path == healthPath:
		h.write(writer, map[string]any{"status": "ok", "standIn": true})
	default:
		h.write(writer, answer{
			Service: h.service, StandIn: true,
			Host: h.config.Host, Site: h.config.Site, Address: h.config.Address,
			Number: h.answers.Add(1), From: addressOf(request),
			Method: request.Method, Path: request.URL.Path,
			ForwardedFor: request.Header.Get("X-Forwarded-For"),
		})
	}
}

func addressOf(request *http.Request) string {
	address, _, err := net.SplitHostPort(request.RemoteAddr)
	if err != nil {
		return request.RemoteAddr
	}
	return address
}

// write answers in one line. A client that has gone is not told.
func (h *handler) write(writer http.ResponseWriter, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(writer, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	writer.Header().Set("Content-Type", "application/json")
	writer.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprintf(writer, "%s\n", text)
}

// webSocket answers every message of a connection, as long as it lasts.
func (h *handler) webSocket(writer http.ResponseWriter, request *http.Request) {
	// The library refuses browsers that come from another origin than the name that they ask for.
	connection, err := websocket.Accept(writer, request, nil)
	if err != nil {
		return
	}
	defer connection.CloseNow()
	id := rand.Text()
	for number := 1; ; number++ {
		kind, data, err := connection.Read(h.ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			_ = connection.Close(websocket.StatusUnsupportedData, "the stand-in takes text only")
			return
		}
		reply := message{h.service, true, h.config.Host, id, number, string(data)}
		if h.send(connection, reply) != nil {
			return
		}
	}
}

func (h *handler) send(connection *websocket.Conn, reply message) error {
	text, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(h.ctx, writeTime)
	defer cancel()
	return connection.Write(limited, websocket.MessageText, text)
}

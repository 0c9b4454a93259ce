package connector

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	longestLine   = 64 * 1024
	longestConfig = 1 << 20
	// How long requests that are on their way may go on when the connector ends.
	grace = 5 * time.Second
)

// line is one connection: what the edge opens streams on, and the connector answers.
type line struct {
	connector *Connector
	number    int
	// stopping says that the connector ends.
	stopping <-chan struct{}
	hangUp   func()

	mutex sync.Mutex
	up    bool
	err   error
}

func (l *line) isUp() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.up
}

func (l *line) failure() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.err
}

func (l *line) settle(err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.up, l.err = err == nil, err
}

func (l *line) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	switch request.Header.Get(upgradeHeader) {
	case "control-stream":
		l.control(writer, request)
	case "update-configuration":
		l.update(writer, request)
	default:
		ingress := l.connector.applied.get()
		if ingress == nil {
			writer.Header().Set(metaHeader, fromSelf)
			http.Error(writer, "no ingress rules", http.StatusServiceUnavailable)
			return
		}
		ingress.ServeHTTP(writer, request)
	}
}

// control registers the connection, and is open as long as that lives.
func (l *line) control(writer http.ResponseWriter, request *http.Request) {
	err := l.register(writer, request.Body)
	l.settle(err)
	if err != nil {
		l.hangUp()
		return
	}
	l.connector.Log("connection %d is up", l.number)
	ended := make(chan struct{})
	go func() {
		// The edge ends the stream, or the connection goes.
		_, _ = io.Copy(io.Discard, request.Body)
		close(ended)
	}()
	select {
	case <-ended:
	case <-l.stopping:
		// That this stream ends tells the edge to ask nothing more.
	}
}

func (l *line) register(writer http.ResponseWriter, body io.Reader) error {
	if err := json.NewEncoder(writer).Encode(l.connector.registration(l.number)); err != nil {
		return err
	}
	if err := http.NewResponseController(writer).Flush(); err != nil {
		return err
	}
	text, err := bufio.NewReader(io.LimitReader(body, longestLine)).ReadBytes('\n')
	if err != nil {
		return err
	}
	var answer registered
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return refusedError{answer.Error}
	}
	return nil
}

func (l *line) update(writer http.ResponseWriter, request *http.Request) {
	text, err := io.ReadAll(io.LimitReader(request.Body, longestConfig))
	if err != nil {
		return
	}
	_ = json.NewEncoder(writer).Encode(l.connector.update(text))
}

// single is a listener of one connection, which has been accepted already.
type single struct {
	conn chan net.Conn
	addr net.Addr
	// closed says that nothing more is to be accepted, ended that the connection is over.
	closed, ended      chan struct{}
	closeOnce, endOnce sync.Once
}

// watched hides that the connection is TLS, of which the server would want to be the server's side.
type watched struct {
	net.Conn
	listener *single
}

func (w watched) Close() error {
	w.listener.endOnce.Do(func() { close(w.listener.ended) })
	return w.Conn.Close()
}

func (s *single) Accept() (net.Conn, error) {
	select {
	case conn := <-s.conn:
		return conn, nil
	case <-s.closed:
		return nil, net.ErrClosed
	case <-s.ended:
		return nil, net.ErrClosed
	}
}

func (s *single) Close() error {
	s.closeOnce.Do(func() { close(s.closed) })
	return nil
}

func (s *single) Addr() net.Addr { return s.addr }

// serve answers what the edge asks on the connection, until that ends, or the context has and what was going on.
func serve(ctx context.Context, conn net.Conn, handler http.Handler) {
	listener := &single{
		conn:   make(chan net.Conn, 1),
		addr:   conn.LocalAddr(),
		closed: make(chan struct{}),
		ended:  make(chan struct{}),
	}
	only := watched{conn, listener}
	listener.conn <- only
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	server := http.Server{Handler: handler, Protocols: &protocols}
	stop := context.AfterFunc(ctx, func() {
		// What the edge has asked already may end.
		limited, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		_ = server.Shutdown(limited)
		only.Close()
	})
	defer stop()
	// It ends with an error when the connection does, which is how it ends.
	_ = server.Serve(listener)
	<-listener.ended
}

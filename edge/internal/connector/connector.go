package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Port is where connectors dial Cloudflare.
const Port = "7844"

// Edges are the names by which cloudflared finds Cloudflare.
var Edges = []string{"region1.v2.argotunnel.com", "region2.v2.argotunnel.com"}

const (
	// Each carries one request at a time, and an upgraded one for as long as it lives.
	connections    = 8
	handshakeLimit = 10 * time.Second
	firstWait      = time.Second
	longestWait    = 30 * time.Second
	longestLine    = 64 * 1024
)

type challenge struct {
	Nonce string `json:"nonce"`
}

type hello struct {
	Account    string `json:"account"`
	Tunnel     string `json:"tunnel"`
	Connection int    `json:"connection"`
	Proof      string `json:"proof"`
}

type welcome struct {
	Error   string `json:"error"`
	Ingress []Rule `json:"ingress"`
}

// Connector keeps connections to the edge and serves what comes back through them.
type Connector struct {
	Credentials Credentials
	// Edges are addresses with ports, tried in turn.
	Edges []string
	Log   func(format string, values ...any)
}

// Run ends when the context does.
func (c *Connector) Run(ctx context.Context) {
	var all sync.WaitGroup
	for number := range connections {
		all.Add(1)
		go func() {
			defer all.Done()
			c.keep(ctx, number)
		}()
	}
	all.Wait()
}

// keep dials again whenever a connection ends, ever later while none can be had.
func (c *Connector) keep(ctx context.Context, number int) {
	wait := firstWait
	for try := number; ctx.Err() == nil; try++ {
		served, err := c.connect(ctx, number, c.Edges[try%len(c.Edges)])
		if served {
			wait = firstWait
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.Log("connection %d: %v; trying again in %s", number, err, wait)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		if !served {
			wait = min(2*wait, longestWait)
		}
	}
}

// connect says whether the edge took the connection, once that has ended.
func (c *Connector) connect(ctx context.Context, number int, edge string) (bool, error) {
	dialer := net.Dialer{Timeout: handshakeLimit, KeepAlive: 15 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", edge)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	ingress, err := c.shakeHands(conn, number)
	if err != nil {
		return false, err
	}
	c.Log("connection %d to %s is up", number, edge)
	serve(conn, ingress)
	return true, nil
}

func (c *Connector) shakeHands(conn net.Conn, number int) (*Ingress, error) {
	if err := conn.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return nil, err
	}
	var asked challenge
	if err := readLine(conn, &asked); err != nil {
		return nil, err
	}
	proof, err := c.Credentials.Prove(asked.Nonce)
	if err != nil {
		return nil, err
	}
	said := hello{c.Credentials.AccountTag, c.Credentials.TunnelID, number, proof}
	if err := json.NewEncoder(conn).Encode(said); err != nil {
		return nil, err
	}
	var answer welcome
	if err := readLine(conn, &answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("the edge refuses: %s", answer.Error)
	}
	ingress, err := NewIngress(answer.Ingress)
	if err != nil {
		return nil, err
	}
	return ingress, conn.SetDeadline(time.Time{})
}

// readLine takes no byte more than the line: what follows it is HTTP.
func readLine(reader io.Reader, value any) error {
	var line []byte
	next := make([]byte, 1)
	for len(line) < longestLine {
		if _, err := io.ReadFull(reader, next); err != nil {
			return fmt.Errorf("the edge hangs up: %w", err)
		}
		if next[0] == '\n' {
			return json.Unmarshal(line, value)
		}
		line = append(line, next[0])
	}
	return errors.New("the edge says too much")
}

// single is a listener of one connection, which has been accepted already.
type single struct {
	conn   chan net.Conn
	closed chan struct{}
	once   sync.Once
	addr   net.Addr
}

type watched struct {
	net.Conn
	listener *single
}

func (w watched) Close() error {
	w.listener.once.Do(func() { close(w.listener.closed) })
	return w.Conn.Close()
}

func (s *single) Accept() (net.Conn, error) {
	select {
	case conn := <-s.conn:
		return conn, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *single) Close() error   { return nil }
func (s *single) Addr() net.Addr { return s.addr }

// serve answers requests on the connection until it ends.
func serve(conn net.Conn, handler http.Handler) {
	listener := &single{conn: make(chan net.Conn, 1), closed: make(chan struct{}), addr: conn.LocalAddr()}
	listener.conn <- watched{conn, listener}
	server := http.Server{Handler: handler, ReadHeaderTimeout: 0}
	// It ends with an error when the connection does, which is how it ends.
	_ = server.Serve(listener)
}

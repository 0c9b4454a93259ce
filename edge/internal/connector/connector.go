package connector

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Port is where connectors dial Cloudflare.
const Port = "7844"

// EdgeName is the name in the certificate that Cloudflare's edge shows to connectors over HTTP/2.
const EdgeName = "h2.cftunnel.com"

// Edges are the names by which cloudflared finds Cloudflare.
var Edges = []string{"region1.v2.argotunnel.com", "region2.v2.argotunnel.com"}

const (
	// As cloudflared's --ha-connections.
	connections    = 4
	handshakeLimit = 15 * time.Second
	firstWait      = time.Second
	longestWait    = 30 * time.Second
)

// Connector keeps connections to the edge and serves what comes back through them.
type Connector struct {
	Credentials Credentials
	// Edges are addresses with ports, tried in turn.
	Edges []string
	// Authorities are what the edge's certificate must be of; nil means the system's.
	Authorities *x509.CertPool
	Version     string
	Log         func(format string, values ...any)

	once   sync.Once
	client string
	// The configuration is the tunnel's and not the connection's.
	applied applied
}

// applied is the latest configuration that the edge has sent.
type applied struct {
	mutex   sync.Mutex
	version int
	ingress *Ingress
}

func (a *applied) get() *Ingress {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.ingress
}

// set takes the configuration if it is newer, and says which version there is then.
func (a *applied) set(version int, config Config) (int, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.ingress != nil && version <= a.version {
		return a.version, nil
	}
	ingress, err := NewIngress(config)
	if err != nil {
		return a.version, err
	}
	a.version, a.ingress = version, ingress
	return version, nil
}

// refusedError is the edge's word, which dialling again at once does not change.
type refusedError struct{ reason string }

func (e refusedError) Error() string { return "the edge refuses: " + e.reason }

// Run ends when the context does.
func (c *Connector) Run(ctx context.Context) {
	c.once.Do(func() {
		id := make([]byte, 16)
		// crypto/rand never fails.
		_, _ = rand.Read(id)
		c.client = hex.EncodeToString(id)
	})
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
		c.Log("connection %d: %v; trying again in %s", number, err, wait)
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
	dialer := tls.Dialer{
		NetDialer: &net.Dialer{KeepAlive: 15 * time.Second},
		Config:    &tls.Config{ServerName: EdgeName, RootCAs: c.Authorities},
	}
	limited, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	conn, err := dialer.DialContext(limited, "tcp", edge)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	line := &line{connector: c, number: number, stopping: ctx.Done(), hangUp: func() { conn.Close() }}
	// Who is not registered by then is not going to be.
	late := time.AfterFunc(handshakeLimit, func() {
		if !line.isUp() {
			conn.Close()
		}
	})
	defer late.Stop()
	serve(ctx, conn, line)
	if err := line.failure(); err != nil {
		return false, err
	}
	if !line.isUp() {
		return false, errors.New("the edge hangs up")
	}
	return true, errors.New("the connection has ended")
}

// registration is what the connector says of itself; cloudflared says the same in Cap'n Proto
// (tunnelrpc/proto/tunnelrpc.capnp, RegistrationServer.registerConnection).
type registration struct {
	AccountTag   string  `json:"accountTag"`
	TunnelID     string  `json:"tunnelId"`
	TunnelSecret string  `json:"tunnelSecret"`
	ConnIndex    int     `json:"connIndex"`
	Options      options `json:"options"`
}

type options struct {
	ClientID string `json:"clientId"`
	Version  string `json:"version"`
}

type registered struct {
	Location string `json:"location"`
	Error    string `json:"error"`
}

func (c *Connector) registration(number int) registration {
	return registration{
		AccountTag:   c.Credentials.AccountTag,
		TunnelID:     c.Credentials.TunnelID,
		TunnelSecret: c.Credentials.TunnelSecret,
		ConnIndex:    number,
		Options:      options{c.client, c.Version},
	}
}

// update is a new version of the configuration, and what the edge is told about it.
type update struct {
	Version int    `json:"version"`
	Config  Config `json:"config"`
}

type updated struct {
	LastAppliedVersion int     `json:"lastAppliedVersion"`
	Err                *string `json:"err"`
}

func (c *Connector) update(text []byte) updated {
	var sent update
	err := json.Unmarshal(text, &sent)
	version := 0
	if err == nil {
		version, err = c.applied.set(sent.Version, sent.Config)
	}
	if err != nil {
		reason := fmt.Sprintf("configuration %d: %v", sent.Version, err)
		c.Log("%s", reason)
		return updated{version, &reason}
	}
	return updated{version, nil}
}

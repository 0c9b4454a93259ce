// Package confirm has the tokens by which an operator says that a host is still reachable, and finds out over which
// connection that was said.
package confirm

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/generation"
)

// Token is handed out by an apply; who has it may confirm.
type Token struct {
	Generation int
	text       string
}

const randomBytes = 16

// NewToken makes a token that cannot be guessed.
func NewToken(number int, random io.Reader) (Token, error) {
	var noise [randomBytes]byte
	if _, err := io.ReadFull(random, noise[:]); err != nil {
		return Token{}, err
	}
	return Token{number, fmt.Sprintf("%d-%s", number, hex.EncodeToString(noise[:]))}, nil
}

// ParseToken reads a token as an apply has printed it.
func ParseToken(text string) (Token, error) {
	number, noise, _ := strings.Cut(text, "-")
	n, err := strconv.Atoi(number)
	raw, hexErr := hex.DecodeString(noise)
	if err != nil || hexErr != nil || n < 1 || len(raw) != randomBytes || text != fmt.Sprintf("%d-%s", n, noise) {
		return Token{}, errors.New("this is not a token that `reef-agent apply` has printed")
	}
	return Token{n, text}, nil
}

func (t Token) String() string { return t.text }

// Hash is what the journal keeps of a token.
func (t Token) Hash() string {
	sum := sha256.Sum256([]byte(t.text))
	return hex.EncodeToString(sum[:])
}

// Is reports whether this is the token with a hash.
func (t Token) Is(hash string) bool {
	return subtle.ConstantTimeCompare([]byte(t.Hash()), []byte(hash)) == 1
}

// Connection is an SSH connection to this host.
type Connection struct {
	// Local is the host's own address on it.
	Local netip.Addr
	// Since is when it was made.
	Since clock.Instant
}

// Caller knows over which way this process was started.
type Caller interface {
	// Confirms says, by its error, why that way does not confirm a management path for changes made at some time.
	Confirms(m generation.Management, applied clock.Instant) error
}

// accept says whether a connection confirms a management path: it must have come in on the path's address, after the
// changes were made. A path without an address is confirmed by anyone who has the token.
func accept(m generation.Management, find func() (Connection, error), applied clock.Instant) error {
	if m.Address == "" {
		return nil
	}
	wanted, err := netip.ParseAddr(m.Address)
	if err != nil {
		return err
	}
	connection, err := find()
	if err != nil {
		return fmt.Errorf("path %s is confirmed only over SSH: %w", m.Name, err)
	}
	if connection.Local.Unmap() != wanted.Unmap() {
		return fmt.Errorf("path %s is confirmed only over a connection to %s; this one came in on %s", m.Name, wanted, connection.Local)
	}
	if connection.Since.Boot != applied.Boot || connection.Since.Since < applied.Since {
		return fmt.Errorf("path %s is confirmed only over a fresh connection; this one is older than the changes", m.Name)
	}
	return nil
}

// Host finds the connection in /proc.
type Host struct {
	Clock clock.Clock
	// Proc is `/proc`, but for tests.
	Proc string
	// PID to begin at; 0 is this process.
	PID int
}

type process struct {
	parent  int
	name    string
	started time.Duration
}

func (h Host) process(pid int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("%s/%d/stat", h.Proc, pid))
	if err != nil {
		return process{}, err
	}
	stat := string(text)
	opening, closing := strings.Index(stat, "("), strings.LastIndex(stat, ")")
	if opening < 0 || closing < opening {
		return process{}, errors.New("malformed stat")
	}
	fields := strings.Fields(stat[closing+1:])
	if len(fields) < 2 {
		return process{}, errors.New("malformed stat")
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, err
	}
	ticks, err := clock.StartTicks(stat)
	// A tick is a hundredth of a second on every architecture that we run on. A process that started in the same
	// tick counts as started at its end.
	const tick = 10 * time.Millisecond
	return process{parent, stat[opening+1 : closing], time.Duration(ticks+1) * tick}, err
}

// Confirms implements [Caller].
func (h Host) Confirms(m generation.Management, applied clock.Instant) error {
	return accept(m, h.connection, applied)
}

// connection goes upwards from this process to the first sshd, which serves one connection; what that has started knows
// the addresses.
func (h Host) connection() (Connection, error) {
	pid := h.PID
	if pid == 0 {
		pid = os.Getpid()
	}
	const deepest = 64
	for range deepest {
		at, err := h.process(pid)
		if err != nil || at.parent <= 1 {
			break
		}
		above, err := h.process(at.parent)
		if err != nil {
			break
		}
		if strings.HasPrefix(above.name, "sshd") {
			return h.served(pid, above)
		}
		pid = at.parent
	}
	return Connection{}, errors.New("this was not started over an SSH connection")
}

func (h Host) served(pid int, daemon process) (Connection, error) {
	environment, err := os.ReadFile(fmt.Sprintf("%s/%d/environ", h.Proc, pid))
	if err != nil {
		return Connection{}, err
	}
	for variable := range strings.SplitSeq(string(environment), "\x00") {
		value, found := strings.CutPrefix(variable, "SSH_CONNECTION=")
		if !found {
			continue
		}
		// Client address and port, server address and port.
		fields := strings.Fields(value)
		if len(fields) != 4 {
			break
		}
		local, err := netip.ParseAddr(fields[2])
		return Connection{Local: local.WithZone(""), Since: clock.Instant{Boot: h.Clock.Boot(), Since: daemon.started}}, err
	}
	return Connection{}, errors.New("sshd has not told the connection's addresses")
}

// Fake is a caller of tests.
type Fake struct {
	At  Connection
	Err error
}

// Confirms implements [Caller].
func (f *Fake) Confirms(m generation.Management, applied clock.Instant) error {
	return accept(m, func() (Connection, error) { return f.At, f.Err }, applied)
}

// Anyone is the caller of a host that has no connections: whoever has the token confirms every path.
type Anyone struct{}

// Confirms implements [Caller].
func (Anyone) Confirms(generation.Management, clock.Instant) error { return nil }

package transaction

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/journal"
	"blackroad.io/edge/internal/lock"
	"blackroad.io/edge/internal/request"
)

// Confirmation is what a confirm has led to.
type Confirmation struct {
	Generation int  `json:"generation"`
	Committed  bool `json:"committed"`
	// Missing are the management paths that must still confirm.
	Missing []string `json:"missing,omitempty"`
}

// Confirm takes note that the host can be reached on a management path, and commits the generation when all are in.
// Repeating a confirmation is no error, also after the commit.
func (a *Agent) Confirm(ctx context.Context, token confirm.Token, name string) (Confirmation, error) {
	release, err := a.acquire("confirm", 30*time.Second)
	if err != nil {
		return Confirmation{}, err
	}
	defer release()
	s, j, err := a.begin(ctx, false)
	if err != nil {
		return Confirmation{}, err
	}
	if s.Phase != Applied || s.Open != token.Generation {
		return a.late(token, j.Records())
	}
	if !token.Is(s.Token) {
		return Confirmation{}, fmt.Errorf("this is not the token of generation %d", s.Open)
	}
	g, err := a.store().Load(s.Open)
	if err != nil {
		return Confirmation{}, err
	}
	if err := a.mayConfirm(ctx, g, name, s); err != nil {
		return Confirmation{}, err
	}
	if !slices.Contains(s.Confirmed, name) {
		if err := j.Add(journal.Record{Kind: journal.Confirmed, Generation: s.Open, Path: name}); err != nil {
			return Confirmation{}, err
		}
		s.Confirmed = append(s.Confirmed, name)
	}
	c := Confirmation{Generation: s.Open, Missing: s.Missing(g)}
	if len(c.Missing) > 0 {
		return c, nil
	}
	if err := a.commit(ctx, s, j); err != nil {
		return c, fmt.Errorf("committing generation %d: %w", s.Open, err)
	}
	c.Committed = true
	// From now on this program is the one that can be relied on.
	return c, a.arming().Keep()
}

// acquire waits a while for the lock, since the confirmations of several paths arrive together.
func (a *Agent) acquire(command string, patience time.Duration) (func(), error) {
	const pause = 100 * time.Millisecond
	var held *lock.HeldError
	for range int(patience / pause) {
		release, err := a.Lock.Acquire(command)
		if !errors.As(err, &held) {
			return release, err
		}
		time.Sleep(pause)
	}
	return nil, held
}

// late answers a token whose generation no longer waits.
func (a *Agent) late(token confirm.Token, records []journal.Record) (Confirmation, error) {
	for i := len(records) - 1; i >= 0; i-- {
		r := records[i]
		if r.Generation != token.Generation {
			continue
		}
		switch r.Kind {
		case journal.Committed:
			if token.Is(r.Token) {
				return Confirmation{Generation: r.Generation, Committed: true}, nil
			}
			return Confirmation{}, fmt.Errorf("this is not the token of generation %d", r.Generation)
		case journal.Reverting:
			return Confirmation{}, fmt.Errorf("generation %d was reverted, since %s", r.Generation, r.Reason)
		}
	}
	return Confirmation{}, fmt.Errorf("generation %d does not wait for a confirmation", token.Generation)
}

func (a *Agent) mayConfirm(ctx context.Context, g *generation.Generation, name string, s Situation) error {
	if err := a.pathConfirms(g, name, s); err != nil {
		return err
	}
	if f, updates := g.File(generation.AgentPath); updates {
		content, err := a.Self.Content()
		if err != nil {
			return err
		}
		if generation.Sum(content) != f.SHA256 {
			return fmt.Errorf("generation %d brings another agent, which must confirm itself: run %s", g.Number, generation.AgentPath)
		}
	}
	if err := a.unitsRun(ctx, g); err != nil {
		return fmt.Errorf("generation %d is not confirmed: %w", g.Number, err)
	}
	return nil
}

func (a *Agent) pathConfirms(g *generation.Generation, name string, s Situation) error {
	if len(g.Management) == 0 && name == "" {
		return nil
	}
	var names []string
	for _, m := range g.Management {
		if m.Name == name {
			return a.Caller.Confirms(m, s.Applied)
		}
		names = append(names, m.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("generation %d names no management paths: confirm without --path", g.Number)
	}
	return fmt.Errorf("generation %d is confirmed with --path %s", g.Number, strings.Join(names, " and --path "))
}

// Certify makes the request for a certificate of one of the host's keys, one at a time, and the key if it is missing.
func (a *Agent) Certify(r *request.Request) ([]byte, error) {
	release, err := a.acquire("csr", 30*time.Second)
	if err != nil {
		return nil, err
	}
	defer release()
	return r.Make(a.FS)
}

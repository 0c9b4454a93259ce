package transaction

import (
	"context"
	"fmt"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/journal"
)

// An engine that never reads a host back runs an apply again when the number in its command changes. The number it
// takes is the host's attempt, and one more where the host is not in order. So a number must never come again, whatever
// became of it: an apply that failed with it could not be told from one that is to be run.

// told remembers a number of which no generation was made.
func told(j *journal.Journal, number int) error {
	if number <= j.Highest() {
		return nil
	}
	return j.Add(journal.Record{Kind: journal.Told, Generation: number})
}

func pathsOf(g *generation.Generation) []string {
	var names []string
	for _, m := range g.Management {
		names = append(names, m.Name)
	}
	return names
}

// resume gives the generation that waits another token and its time anew if it is what a document says, and all of it
// is still there: whoever applied it has been cut off before the confirmations. Not resumed, it is in the way.
func (a *Agent) resume(ctx context.Context, s Situation, j *journal.Journal, d *generation.Document, o ApplyOptions) (Outcome, bool, error) {
	if !o.Supersede && o.Number <= s.Attempt() {
		return Outcome{}, false, refused(&WaitingError{s.Open, a.Left(s)})
	}
	g, err := a.store().Load(s.Open)
	if err != nil || g.Digest() != d.Digest() {
		return Outcome{}, false, nil
	}
	if len(a.Drift(ctx, g).Drift) > 0 {
		return Outcome{}, false, nil
	}
	token, err := confirm.NewToken(g.Number, a.Random)
	if err != nil {
		return Outcome{}, false, err
	}
	if err := told(j, o.Number); err != nil {
		return Outcome{}, false, err
	}
	deadline := clock.At(a.Clock, time.Duration(g.ConfirmSeconds)*time.Second)
	if err := j.Add(journal.Record{Kind: journal.Reissued, Generation: g.Number, Token: token.Hash(), Deadline: &deadline}); err != nil {
		return Outcome{}, false, err
	}
	a.Log("generation %d is applied already, and waits anew", g.Number)
	return Outcome{
		Generation: g.Number, Digest: g.Digest(), Attempt: j.Highest(), Changed: true, Resumed: true,
		Token: token.String(), Paths: pathsOf(g), ConfirmSeconds: g.ConfirmSeconds,
	}, true, nil
}

// supersede reverts the generation that waits.
func (a *Agent) supersede(ctx context.Context, s Situation, j *journal.Journal) (Situation, *journal.Journal, error) {
	if err := a.revert(ctx, s, j, "another one supersedes it"); err != nil {
		return s, j, err
	}
	return a.begin(ctx, false)
}

// Settled says that no generation is under way. Its error says which one is, or was until now.
func (a *Agent) Settled(ctx context.Context) (Confirmation, error) {
	release, err := a.acquire("confirm", 30*time.Second)
	if err != nil {
		return Confirmation{}, err
	}
	defer release()
	before, err := a.Situation()
	if err != nil {
		return Confirmation{}, err
	}
	s, _, err := a.begin(ctx, false)
	switch {
	case err != nil:
		return Confirmation{}, err
	case s.Phase == Applied:
		return Confirmation{}, fmt.Errorf("generation %d waits for its confirmation", s.Open)
	case before.Phase == Armed || before.Phase == Reverting || before.Phase == Applied:
		return Confirmation{}, fmt.Errorf("generation %d was under way, and is reverted", before.Open)
	default:
		return Confirmation{Generation: s.Current, Committed: true}, nil
	}
}

package transaction

import (
	"context"
	"path"
	"slices"
	"strconv"

	"blackroad.io/edge/internal/journal"
	"blackroad.io/edge/internal/rootfs"
)

// commit makes the open generation the current one.
func (a *Agent) commit(ctx context.Context, s Situation, j *journal.Journal) error {
	// From this rename on the generation is the host's own.
	if err := rootfs.Replace(a.FS, path.Join(a.State, pointer), []byte(strconv.Itoa(s.Open)+"\n"), 0o600, 0, 0); err != nil {
		return err
	}
	s.Current = s.Open
	return a.finishCommit(ctx, s, j)
}

func (a *Agent) finishCommit(ctx context.Context, s Situation, j *journal.Journal) error {
	if g, err := a.store().Load(s.Current); err != nil {
		// All that is remembered stays, since it cannot be told what is needed.
		a.Log("%v", err)
	} else if err := a.Originals.Settle(g); err != nil {
		return err
	}
	if err := rootfs.RemoveIfThere(a.FS, a.reserve()); err != nil {
		return err
	}
	if err := j.Add(journal.Record{Kind: journal.Committed, Generation: s.Current, Token: s.Token}); err != nil {
		return err
	}
	if err := a.arming().Stop(ctx, s.Current); err != nil {
		a.Log("the timer could not be stopped: %v", err)
	}
	return a.prune(s.Current, j)
}

// prune removes all but the last committed generations.
func (a *Agent) prune(current int, j *journal.Journal) error {
	var committed []int
	for _, r := range j.Records() {
		if r.Kind == journal.Committed {
			committed = append(committed, r.Generation)
		}
	}
	kept := committed[max(0, len(committed)-a.Keep):]
	numbers, err := a.store().Numbers()
	if err != nil {
		return err
	}
	for _, number := range numbers {
		if number != current && !slices.Contains(kept, number) {
			if err := a.store().Remove(number); err != nil {
				return err
			}
		}
	}
	return j.Compact(func(number int) bool { return number == current || slices.Contains(kept, number) })
}

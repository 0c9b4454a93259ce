// Package transaction is the agent's core: it takes a host from one whole generation to another, or back.
//
//	          stage           check             arm              change
//	(idle) ──────────▶ staged ─────▶ (refused)      ┌────────────────────────────▶ applied ──confirm on every path──▶ committed
//	                      └───────────────────▶ armed ──any failure──▶ reverting ◀──timer, boot, revert──┘
//	                                                                      └──▶ reverted: the previous generation, whole
//
// Where it stands is told by two things on the disk: the pointer `current`, whose replacement is the moment of the
// commit, and the journal. Whatever runs next, after whatever happened, reads both and finishes what was begun.
package transaction

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/journal"
	"blackroad.io/edge/internal/rootfs"
)

// Phase is how far the generation under way has come.
type Phase string

// The phases. In Idle none is under way.
const (
	Idle      Phase = "idle"
	Staged    Phase = "staged"
	Armed     Phase = "armed"
	Applied   Phase = "applied"
	Reverting Phase = "reverting"
	// Committing: the pointer names it, but not all that follows is done.
	Committing Phase = "committing"
)

// Situation is where a host stands.
type Situation struct {
	// Current is the committed generation; 0 is the host as it was found.
	Current int
	Phase   Phase
	// Open is the generation under way; 0 in Idle.
	Open int
	// Token is the hash of what confirms.
	Token string
	// Deadline is until when it may change things, and then until when it may be confirmed.
	Deadline clock.Instant
	// Applied is when all changes of the open generation had been made.
	Applied clock.Instant
	// Confirmed are the management paths that are in.
	Confirmed []string
	// Pending are units that still owe something to changed files.
	Pending map[string]string
	// Next is the next number: higher than any that a generation has had or that was told.
	Next int
	// Damaged says that the journal could be read in part only.
	Damaged bool
	// Reverted says that the last generation was reverted, and that no apply has come since. Whoever applied it may
	// still hold its token, and must come once more to learn that there is nothing to confirm.
	Reverted bool
}

const pointer = "current"

// ReadPointer returns the committed generation, 0 if there is none yet.
func ReadPointer(fs rootfs.FS, state string) (int, error) {
	text, err := fs.ReadFile(path.Join(state, pointer))
	if rootfs.Missing(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	number, err := strconv.Atoi(strings.TrimSuffix(string(text), "\n"))
	if err != nil || number < 0 {
		return 0, fmt.Errorf("%s does not name a generation", path.Join(state, pointer))
	}
	return number, nil
}

// ReadSituation folds pointer and journal.
func ReadSituation(fs rootfs.FS, c clock.Clock, state string) (Situation, *journal.Journal, error) {
	current, err := ReadPointer(fs, state)
	if err != nil {
		return Situation{}, nil, err
	}
	j, err := journal.Open(fs, c, state)
	damaged := errors.Is(err, journal.ErrDamaged)
	if err != nil && !damaged {
		return Situation{}, nil, err
	}
	s := fold(j.Records())
	s.Current, s.Damaged, s.Next = current, damaged, max(j.Highest(), current)+1
	if s.Open == current && s.Open != 0 {
		s.Phase = Committing
	}
	return s, j, nil
}

func fold(records []journal.Record) Situation {
	s := Situation{Phase: Idle}
	for _, r := range records {
		switch r.Kind {
		case journal.Staged:
			s = Situation{Phase: Staged, Open: r.Generation}
		case journal.Armed:
			s.Phase, s.Token = Armed, r.Token
			if r.Deadline != nil {
				s.Deadline = *r.Deadline
			}
		case journal.Pending:
			s.Pending = owed(s.Pending, r.Units)
		case journal.Applied:
			s.Phase, s.Applied, s.Pending = Applied, r.At, nil
			if r.Deadline != nil {
				s.Deadline = *r.Deadline
			}
		case journal.Confirmed:
			s.Confirmed = append(s.Confirmed, r.Path)
		case journal.Reissued:
			// Connections from before may have gone the way of whoever lost the first token: all paths are asked again.
			s.Token, s.Confirmed = r.Token, nil
			if r.Deadline != nil {
				s.Deadline = *r.Deadline
			}
		case journal.Reverting:
			s.Phase = Reverting
		case journal.Committed:
			s = Situation{Phase: Idle}
		case journal.Reverted:
			s = Situation{Phase: Idle, Reverted: true}
		case journal.Told:
			s.Reverted = false
		}
	}
	return s
}

// owed adds what units owe; a restart covers a reload.
func owed(before, more map[string]string) map[string]string {
	sum := maps.Clone(before)
	if sum == nil {
		sum = map[string]string{}
	}
	for unit, effect := range more {
		if sum[unit] != generation.Restart {
			sum[unit] = effect
		}
	}
	return sum
}

// Attempt is the highest number that a generation has had, or that an apply was told.
func (s Situation) Attempt() int { return s.Next - 1 }

// Missing are the management paths of a generation that have not confirmed.
func (s Situation) Missing(g *generation.Generation) []string {
	var missing []string
	for _, m := range g.Management {
		if !slices.Contains(s.Confirmed, m.Name) {
			missing = append(missing, m.Name)
		}
	}
	return missing
}

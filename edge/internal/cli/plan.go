package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"blackroad.io/edge/internal/difference"
	"blackroad.io/edge/internal/generation"
	state "blackroad.io/edge/internal/status"
	"blackroad.io/edge/internal/transaction"
)

// planFormat is the format of the answer of `plan`.
const planFormat = "reef-plan/1"

// planAnswer says how a host stands to a document.
type planAnswer struct {
	Format string `json:"format"`
	Agent  string `json:"agent"`
	Host   string `json:"host"`
	// Attempt is the highest number that a generation has had here, or that an apply was told. It never falls.
	Attempt int `json:"attempt"`
	// Numbers has the number of the last apply that came by each management path.
	Numbers   map[string]int `json:"numbers"`
	Committed planCommitted  `json:"committed"`
	// InOrder: the committed generation says the same as the document, nothing has drifted, nothing is under way, and
	// what was last applied was not reverted. An apply of the document would change nothing.
	InOrder       bool              `json:"inOrder"`
	Open          *planOpen         `json:"open,omitempty"`
	Drift         []state.Drift     `json:"drift"`
	CouldNotCheck []string          `json:"couldNotCheck"`
	Difference    []difference.Part `json:"difference"`
	// Refused says why this agent cannot read the document, which may be a newer agent's.
	Refused string `json:"refused,omitempty"`
}

type planCommitted struct {
	// Number is 0 where none has been committed.
	Number int    `json:"number"`
	Digest string `json:"digest"`
}

type planOpen struct {
	Number int    `json:"number"`
	Phase  string `json:"phase"`
	// SecondsLeft until it is reverted; 0 where it is being reverted.
	SecondsLeft int `json:"secondsLeft"`
}

// plan reads only, and takes no lock, so that it is answered while another run is at work. It also answers where it
// cannot read the document: who asks needs the number, whatever agent is installed here.
func plan(ctx context.Context, c call, _ []string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	d, refusal := document(c)
	answer, err := answerPlan(ctx, c, a, d)
	if err != nil {
		return err
	}
	if refusal != nil {
		answer.Refused = refusal.Error()
	}
	if err := c.say(answer, planText(answer)); err != nil {
		return err
	}
	return refusal
}

func answerPlan(ctx context.Context, c call, a *transaction.Agent, d *generation.Document) (*planAnswer, error) {
	s, err := a.Situation()
	if err != nil {
		return nil, err
	}
	committed, damage, err := a.Committed(s)
	if err != nil {
		return nil, err
	}
	answer := &planAnswer{
		Format: planFormat, Agent: c.program.Version, Host: committed.Host, Attempt: s.Attempt(), Numbers: a.Numbers(),
		Drift: []state.Drift{}, CouldNotCheck: []string{}, Difference: []difference.Part{},
	}
	if s.Current != 0 {
		answer.Committed = planCommitted{s.Current, committed.Digest()}
		report := a.Drift(ctx, committed)
		report.Damaged(s.Current, damage)
		answer.Drift, answer.CouldNotCheck = report.Drift, append(answer.CouldNotCheck, report.CouldNotCheck...)
	}
	if s.Phase != transaction.Idle {
		answer.Open = &planOpen{Number: s.Open, Phase: string(s.Phase)}
		if s.Phase == transaction.Applied || s.Phase == transaction.Armed {
			answer.Open.SecondsLeft = max(0, int(a.Left(s)/time.Second))
		}
	}
	if d == nil {
		return answer, nil
	}
	answer.Host = d.Host
	here, err := a.Network().Derive(ctx, d)
	if err != nil {
		answer.CouldNotCheck = append(answer.CouldNotCheck, fmt.Sprintf("interfaces: %v", err))
	}
	answer.Difference = append(answer.Difference, difference.Compare(committed, generation.New(s.Next, *d, here))...)
	answer.InOrder = s.Current != 0 && committed.Digest() == d.Digest() && len(answer.Drift) == 0 &&
		answer.Open == nil && !s.Reverted
	return answer, nil
}

func planText(p *planAnswer) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Host %s, generation %d, attempt %d\n", p.Host, p.Committed.Number, p.Attempt)
	if p.Open != nil {
		fmt.Fprintf(&text, "Generation %d is %s, for another %d s\n", p.Open.Number, p.Open.Phase, p.Open.SecondsLeft)
	}
	for _, d := range p.Drift {
		fmt.Fprintf(&text, "drift: %s %s %s\n", d.Part, d.Name, d.How)
	}
	for _, what := range p.CouldNotCheck {
		fmt.Fprintf(&text, "could not check %s\n", what)
	}
	text.WriteString(differenceText(p.Difference))
	if p.InOrder {
		text.WriteString("The host is on this document, and in order.\n")
	}
	return text.String()
}

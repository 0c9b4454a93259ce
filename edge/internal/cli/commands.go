package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/request"
	"blackroad.io/edge/internal/transaction"
	"blackroad.io/edge/internal/wireguard"
)

// say prints an answer: as JSON if that is wanted, else as text.
func (c call) say(answer any, text string) error {
	if !c.json {
		_, err := io.WriteString(c.out, text)
		return err
	}
	encoder := json.NewEncoder(c.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(answer)
}

func document(c call) (*generation.Document, error) {
	d, err := generation.Read(c.in)
	if err != nil {
		return nil, usageError{fmt.Errorf("the document is refused, nothing was changed:\n%w", err)}
	}
	return d, nil
}

func apply(ctx context.Context, c call, _ []string) error {
	d, err := document(c)
	if err != nil {
		return err
	}
	return applyDocument(ctx, c, d, "apply")
}

func applyDocument(ctx context.Context, c call, d *generation.Document, name string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	outcome, err := a.Apply(ctx, d, transaction.ApplyOptions{Number: c.number, Supersede: c.supersede, Command: name, By: c.by})
	if err != nil {
		return err
	}
	return c.say(outcome, outcomeText(outcome))
}

func outcomeText(o transaction.Outcome) string {
	if !o.Changed {
		return fmt.Sprintf("The host is on generation %d already, and nothing has drifted.\n", o.Generation)
	}
	var text strings.Builder
	if o.Resumed {
		fmt.Fprintf(&text, "Generation %d is applied already, and waits anew.\n", o.Generation)
	} else {
		fmt.Fprintf(&text, "Generation %d is applied: %d packages, %d files written, %d removed, %d units.\n",
			o.Generation, len(o.Packages), len(o.Written), len(o.Removed), len(o.Units))
	}
	fmt.Fprintf(&text, "Unless it is confirmed within %d s, the previous one comes back:\n", o.ConfirmSeconds)
	if len(o.Paths) == 0 {
		fmt.Fprintf(&text, "  reef-agent confirm %s\n", o.Token)
	}
	for _, p := range o.Paths {
		fmt.Fprintf(&text, "  reef-agent confirm %s --path %s\n", o.Token, p)
	}
	return text.String()
}

// noToken is what stands for a token where an apply has changed nothing, and so printed none.
const noToken = "none"

func confirmPath(ctx context.Context, c call, args []string) error {
	confirmed := func(a *transaction.Agent) (transaction.Confirmation, error) { return a.Settled(ctx) }
	if args[0] != noToken {
		token, err := confirm.ParseToken(args[0])
		if err != nil {
			return usageError{err}
		}
		confirmed = func(a *transaction.Agent) (transaction.Confirmation, error) { return a.Confirm(ctx, token, c.path) }
	}
	a, err := c.agent()
	if err != nil {
		return err
	}
	answer, err := confirmed(a)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Generation %d is committed.\n", answer.Generation)
	if !answer.Committed {
		text = fmt.Sprintf("Generation %d still waits for: %s\n", answer.Generation, strings.Join(answer.Missing, ", "))
	}
	return c.say(answer, text)
}

func revertNow(ctx context.Context, c call, _ []string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	reverted, err := a.Revert(context.WithoutCancel(ctx), "an operator asked for it")
	if err != nil {
		return err
	}
	s, err := a.Situation()
	if err != nil {
		return err
	}
	text := fmt.Sprintf("Nothing was under way; the host is on generation %d.\n", s.Current)
	if reverted != 0 {
		text = fmt.Sprintf("Generation %d is reverted; the host is on generation %d.\n", reverted, s.Current)
	}
	return c.say(map[string]int{"reverted": reverted, "generation": s.Current}, text)
}

func leave(ctx context.Context, c call, _ []string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	// The way by which we were called may be among what goes.
	if err := a.Leave(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return c.say(map[string]bool{"left": true}, "The host is as it was found.\n")
}

func rollback(ctx context.Context, c call, args []string) error {
	number, err := strconv.Atoi(args[0])
	if err != nil || number < 1 {
		return usageError{fmt.Errorf("%q is not the number of a generation", args[0])}
	}
	a, err := c.agent()
	if err != nil {
		return err
	}
	g, err := a.Generation(number)
	if err != nil {
		return err
	}
	return applyDocument(ctx, c, &g.Document, "rollback")
}

func boot(ctx context.Context, c call, _ []string) error {
	a, err := c.open(true)
	if err != nil {
		return err
	}
	return a.Boot(ctx)
}

func watch(ctx context.Context, c call, args []string) error {
	number, err := strconv.Atoi(args[0])
	if err != nil {
		return usageError{err}
	}
	a, err := c.agent()
	if err != nil {
		return err
	}
	return a.Watch(context.WithoutCancel(ctx), number)
}

func wireguardSync(ctx context.Context, c call, args []string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	return wireguard.Sync(ctx, a.FS, a.Runner, args[0])
}

func csr(_ context.Context, c call, _ []string) error {
	r, err := request.Read(c.in)
	if err != nil {
		return usageError{fmt.Errorf("the request is refused, nothing was changed:\n%w", err)}
	}
	a, err := c.agent()
	if err != nil {
		return err
	}
	text, err := a.Certify(r)
	if err != nil {
		return err
	}
	return c.say(map[string]string{"request": string(text)}, string(text))
}

func wireguardRefresh(ctx context.Context, c call, args []string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	return wireguard.Refresh(ctx, a.FS, a.Runner, a.Clock, args[0])
}

func interfaces(ctx context.Context, c call, _ []string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	return a.Network().Boot(ctx)
}

package cli

import (
	"context"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"
	"time"

	"blackroad.io/edge/internal/difference"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/journal"
	"blackroad.io/edge/internal/rootfs"
	state "blackroad.io/edge/internal/status"
	"blackroad.io/edge/internal/transaction"
)

func check(ctx context.Context, c call, _ []string) error {
	d, err := document(c)
	if err != nil {
		return err
	}
	a, err := c.agent()
	if err != nil {
		return err
	}
	unchecked, err := a.Check(ctx, d)
	if err != nil {
		return &transaction.RefusedError{Err: err}
	}
	text := "The document can be applied.\n"
	if len(unchecked) > 0 {
		text += fmt.Sprintf("Not checked until its package is installed: %s.\n", strings.Join(unchecked, ", "))
	}
	return c.say(map[string]any{"ok": true, "unchecked": unchecked}, text)
}

func diff(ctx context.Context, c call, _ []string) error {
	d, err := document(c)
	if err != nil {
		return err
	}
	a, err := c.agent()
	if err != nil {
		return err
	}
	s, err := a.Situation()
	if err != nil {
		return err
	}
	current, _, err := a.Committed(s)
	if err != nil {
		return err
	}
	here, err := a.Network().Derive(ctx, d)
	if err != nil {
		return err
	}
	parts := difference.Compare(current, generation.New(s.Next, *d, here))
	var text strings.Builder
	text.WriteString(differenceText(parts))
	if len(parts) == 0 {
		fmt.Fprintf(&text, "Nothing differs from generation %d.\n", s.Current)
	}
	if err := c.say(map[string]any{"generation": s.Current, "differences": parts}, text.String()); err != nil {
		return err
	}
	if c.exitCode && len(parts) > 0 {
		return errDiffers
	}
	return nil
}

func differenceText(parts []difference.Part) string {
	var text strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&text, "%s %s: %s\n", p.What, p.Name, p.How)
		for line := range strings.Lines(p.Text) {
			text.WriteString("    " + line)
		}
	}
	return text.String()
}

func status(ctx context.Context, c call, _ []string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	report, err := look(ctx, a, c.program.Version)
	if err != nil {
		return err
	}
	if c.output != "" {
		if err := writeMetrics(a, c.output, report); err != nil {
			return err
		}
	} else if c.prometheus {
		if _, err := io.WriteString(c.out, report.Prometheus()); err != nil {
			return err
		}
	} else if err := c.say(report, statusText(report)); err != nil {
		return err
	}
	if c.exitCode && len(report.Drift) > 0 {
		return errDiffers
	}
	return nil
}

// writeMetrics replaces the file whole, since its reader may come at any time.
func writeMetrics(a *transaction.Agent, p string, report *state.Report) error {
	if _, err := rootfs.MkdirAll(a.FS, path.Dir(p), 0o755); err != nil {
		return err
	}
	return rootfs.Replace(a.FS, p, []byte(report.Prometheus()), 0o644, 0, 0)
}

func look(ctx context.Context, a *transaction.Agent, version string) (*state.Report, error) {
	s, err := a.Situation()
	if err != nil {
		return nil, err
	}
	committed, damage, err := a.Committed(s)
	if err != nil {
		return nil, err
	}
	r := &state.Report{
		Format: state.Format, Agent: version, Host: committed.Document.Host,
		Generation: s.Current, Digest: committed.Digest(), Phase: string(s.Phase), Open: s.Open,
	}
	intended := committed
	if s.Phase == transaction.Applied {
		if intended, err = a.Generation(s.Open); err != nil {
			return nil, err
		}
		r.Missing = s.Missing(intended)
		r.SecondsLeft = max(0, int(a.Left(s)/time.Second))
	}
	state.Observer{Host: a.Host}.Look(ctx, intended, r)
	r.Damaged(s.Current, damage)
	return r, nil
}

func statusText(r *state.Report) string {
	var text strings.Builder
	switch {
	case r.Generation == 0 && r.Open == 0:
		text.WriteString("No generation has been committed here.\n")
	default:
		fmt.Fprintf(&text, "Host %s, generation %d\n", r.Host, r.Generation)
	}
	if r.Open != 0 {
		fmt.Fprintf(&text, "Generation %d is %s", r.Open, r.Phase)
		if r.Phase == string(transaction.Applied) {
			fmt.Fprintf(&text, ", and waits another %d s for %s", r.SecondsLeft, strings.Join(r.Missing, ", "))
		}
		text.WriteString("\n")
	}
	for _, d := range r.Drift {
		fmt.Fprintf(&text, "drift: %s %s %s\n", d.Part, d.Name, d.How)
	}
	for _, what := range r.CouldNotCheck {
		fmt.Fprintf(&text, "could not check %s\n", what)
	}
	for _, certificate := range r.Certificates {
		fmt.Fprintf(&text, "certificate %s ends on %s\n", certificate.Path, certificate.Expires.Format(time.DateOnly))
	}
	if len(r.Drift) == 0 && len(r.CouldNotCheck) == 0 {
		text.WriteString("Nothing has drifted.\n")
	}
	return text.String()
}

// event is one line of the history.
type event struct {
	Generation int          `json:"generation"`
	What       journal.Kind `json:"what"`
	At         time.Time    `json:"at"`
	Detail     string       `json:"detail,omitempty"`
}

func history(_ context.Context, c call, _ []string) error {
	a, err := c.agent()
	if err != nil {
		return err
	}
	records, err := a.Journal()
	if err != nil {
		return err
	}
	events := []event{}
	var text strings.Builder
	for _, r := range records {
		e := event{Generation: r.Generation, What: r.Kind, At: r.Calendar}
		switch r.Kind {
		case journal.Pending:
			continue
		case journal.Staged:
			e.Detail = r.Digest
		case journal.Confirmed:
			e.Detail = r.Path
		default:
			e.Detail = r.Reason
		}
		events = append(events, e)
		fmt.Fprintf(&text, "%s  %3d  %-10s %s\n", e.At.Format(time.RFC3339), e.Generation, e.What, e.Detail)
	}
	return c.say(events, text.String())
}

func printVersion(_ context.Context, c call, _ []string) error {
	answer := map[string]any{
		"version": c.program.Version, "formats": []string{generation.Format}, "go": runtime.Version(), "architecture": runtime.GOARCH,
	}
	return c.say(answer, fmt.Sprintf("%s %s (%s, %s), reads %s\n", c.program.Name, c.program.Version, runtime.Version(), runtime.GOARCH, generation.Format))
}

package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestHostRuns(t *testing.T) {
	out, err := Host{}.Run(context.Background(), Command{Argv: []string{"sh", "-c", "read x; echo got $x"}, Stdin: []byte("s3cret\n")})
	if err != nil || string(out) != "got s3cret\n" {
		t.Fatal(string(out), err)
	}
}

func TestHostTellsHowItFailed(t *testing.T) {
	_, err := Host{}.Run(context.Background(), Command{Argv: []string{"sh", "-c", "echo why >&2; exit 3"}})
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 3 || !strings.Contains(err.Error(), "why") {
		t.Fatal(err)
	}
	if _, err := (Host{}).Run(context.Background(), Command{Argv: []string{"no-such-program"}}); !IsMissing(err) {
		t.Fatal(err)
	}
}

func TestHostEndsWhatLastsTooLong(t *testing.T) {
	start := time.Now()
	// The grandchild holds the output open, as a daemon that forgot to close it would.
	_, err := Host{}.Run(context.Background(), Command{Argv: []string{"sh", "-c", "sleep 60 & sleep 60"}, Timeout: 200 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "has not ended within 200ms") || time.Since(start) > 20*time.Second {
		t.Fatal(err, time.Since(start))
	}
}

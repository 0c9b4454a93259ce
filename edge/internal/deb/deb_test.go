package deb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"blackroad.io/edge/internal/command"
)

func TestMissing(t *testing.T) {
	runner := &command.Fake{Answer: func(command.Command) ([]byte, error) {
		return []byte("nginx install ok installed\nhalf install ok half-configured\n"), &command.ExitError{Code: 1}
	}}
	missing, err := Missing(context.Background(), runner, []string{"nginx", "half", "none"})
	if err != nil || fmt.Sprint(missing) != "[half none]" {
		t.Fatal(missing, err)
	}
}

func TestInstallTriesAgain(t *testing.T) {
	failures := 2
	runner := &command.Fake{Answer: func(c command.Command) ([]byte, error) {
		if strings.HasSuffix(c.String(), "update") && failures > 0 {
			failures--
			return nil, errors.New("no route to host")
		}
		return nil, nil
	}}
	if err := Install(context.Background(), runner, []string{"nginx"}); err != nil {
		t.Fatal(err)
	}
	failures = 100
	if err := Install(context.Background(), runner, []string{"nginx"}); err == nil || !strings.Contains(err.Error(), "3 times") {
		t.Fatal(err)
	}
	if err := Install(context.Background(), &command.Fake{Missing: map[string]bool{"dpkg": true}}, nil); err != nil {
		t.Fatal("nothing to install needs no dpkg")
	}
}

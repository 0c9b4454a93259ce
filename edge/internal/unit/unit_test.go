package unit

import (
	"context"
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/command"
)

func TestStates(t *testing.T) {
	runner := &command.Fake{Answer: func(command.Command) ([]byte, error) {
		return []byte("Id=a.service\nLoadState=loaded\nUnitFileState=enabled\nActiveState=active\n\n" +
			"Id=b.service\nLoadState=not-found\nUnitFileState=\nActiveState=inactive\n\n" +
			"Id=c.service\nLoadState=loaded\nUnitFileState=disabled\nActiveState=failed\n"), nil
	}}
	got, err := Systemctl{Runner: runner}.States(context.Background(), []string{"a.service", "b.service", "c.service"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]State{
		"a.service": {Exists: true, Enabled: true, Active: true},
		"b.service": {},
		"c.service": {Exists: true, Failed: true},
	}
	for unit, state := range want {
		if got[unit] != state {
			t.Errorf("%s: %+v, want %+v", unit, got[unit], state)
		}
	}
	if _, err := (Systemctl{Runner: runner}).States(context.Background(), []string{"a.service"}); err == nil {
		t.Error("a wrong number of answers is taken")
	}
}

func TestArmAndDisarm(t *testing.T) {
	runner := &command.Fake{Answer: func(c command.Command) ([]byte, error) {
		if c.Argv[0] == "systemctl" {
			return nil, &command.ExitError{Code: 5}
		}
		return nil, nil
	}}
	s := Systemctl{Runner: runner, NoBlock: true}
	if err := s.Arm(context.Background(), Timer{Name: "r", Every: 2 * time.Second, Argv: []string{"/x", "watch"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Disarm(context.Background(), "r"); err != nil {
		t.Errorf("a timer that is not there cannot be disarmed: %v", err)
	}
	typed := runner.Ran()[0]
	if !strings.Contains(typed, "--on-active=2000ms --on-unit-inactive=2000ms") || !strings.HasSuffix(typed, "-- /x watch") {
		t.Error(typed)
	}
}

func TestEnablingReloadsNothing(t *testing.T) {
	runner := &command.Fake{}
	s := Systemctl{Runner: runner}
	for _, err := range []error{
		s.Enable(context.Background(), "a.service", "b.timer"), s.Enable(context.Background()), s.Disable(context.Background(), "c.service"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const systemctl = "systemctl --no-pager --no-ask-password "
	want := systemctl + "enable --no-reload --quiet -- a.service b.timer\n" + systemctl + "disable --no-reload --quiet -- c.service"
	if got := strings.Join(runner.Ran(), "\n"); got != want {
		t.Error(got)
	}
}

func TestBootDoesNotWait(t *testing.T) {
	runner := &command.Fake{}
	if err := (Systemctl{Runner: runner, NoBlock: true}).Do(context.Background(), Start, "a.service"); err != nil {
		t.Fatal(err)
	}
	if last := runner.Ran()[1]; last != "systemctl --no-pager --no-ask-password start --no-block -- a.service" {
		t.Error(last)
	}
}

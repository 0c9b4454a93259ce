package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/lock"
	"blackroad.io/edge/internal/transaction"
)

// tested has no host: what is tested with it ends before one is needed.
var tested = Program{Name: "reef-agent", Version: "test", Root: true, Agent: func(func(string, ...any), bool) (*transaction.Agent, error) {
	return nil, errors.New("no host here")
}}

func TestHelpNamesEveryCommand(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"--help"}, {"apply", "--help"}} {
		out.Reset()
		if err := tested.Run(t.Context(), args, strings.NewReader(""), &out, &out); err != nil {
			t.Fatal(err)
		}
	}
	for name := range subcommands {
		if !strings.Contains(out.String(), name) {
			t.Errorf("%s is not in the help", name)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"aply"}, {"confirm"}, {"confirm", "a", "b"}, {"apply", "--force"}, {"status", "--path", "x"}, {"watch", "x"}, {"confirm", "token"}, {"rollback", "-1"}, {"apply", "--number", "-1"}, {"apply", "--number", "x"}, {"plan", "--number", "1"}, {"status", "--output", "/x"}, {"status", "--prometheus", "--output", "x"}} {
		var out bytes.Buffer
		if err := tested.Run(t.Context(), args, strings.NewReader(""), &out, &out); exitCode(err) != exitUsage {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestMalformedDocumentIsToldWhole(t *testing.T) {
	var out bytes.Buffer
	err := tested.Run(t.Context(), []string{"apply"}, strings.NewReader(`{"format":"x","hots":"y"`+`,"files":[{"mode":1}]}`), &out, &out)
	if exitCode(err) != exitUsage {
		t.Fatal(err)
	}
	for _, want := range []string{"nothing was changed", "hots: is not a known field", "files[0].mode: a number"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestVersionTellsTheFormats(t *testing.T) {
	var out bytes.Buffer
	if err := tested.Run(t.Context(), []string{"version", "--json"}, strings.NewReader(""), &out, &out); err != nil {
		t.Fatal(err)
	}
	var answer struct{ Formats []string }
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || fmt.Sprint(answer.Formats) != "["+generation.Format+"]" {
		t.Fatal(answer, err)
	}
}

func TestExitCodes(t *testing.T) {
	for code, err := range map[int]error{
		0:           nil,
		exitFailed:  errors.New("x"),
		exitUsage:   usageError{errors.New("x")},
		exitRefused: &transaction.RefusedError{Err: errors.New("x")},
		exitBusy:    &transaction.RefusedError{Err: &lock.HeldError{}},
		exitDiffers: fmt.Errorf("x: %w", errDiffers),
	} {
		if got := exitCode(err); got != code {
			t.Errorf("%v: %d, want %d", err, got, code)
		}
	}
	if got := exitCode(&transaction.RefusedError{Err: &transaction.WaitingError{}}); got != exitBusy {
		t.Error(got)
	}
}

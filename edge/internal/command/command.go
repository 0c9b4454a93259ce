// Package command runs other programs: bounded in time and output, secrets on standard input only.
package command

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Command is one run of a program.
type Command struct {
	// Argv is the program and its arguments, which every user of the host can read.
	Argv []string
	// Stdin is given to the program; secrets belong here.
	Stdin []byte
	// Timeout ends the program; 60 s where it is 0.
	Timeout time.Duration
	// Env is added to a minimal environment.
	Env []string
}

// String is the command as a human would type it, without its input.
func (c Command) String() string { return strings.Join(c.Argv, " ") }

// Runner runs commands and returns their standard output.
//
// A program that cannot be found gives an error for which [IsMissing] holds, one that ends with another code than 0
// an *[ExitError].
type Runner interface {
	Run(ctx context.Context, c Command) (stdout []byte, err error)
	// Has reports whether a program is installed.
	Has(program string) bool
}

// ExitError says how a program failed, in its own words.
type ExitError struct {
	Command string
	Code    int
	// Output is the end of what the program wrote to standard error, then to standard output. It may hold secrets
	// of the files that the program read.
	Output string
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("%s: exit code %d: %s", e.Command, e.Code, strings.TrimSpace(e.Output))
}

// ErrMissing says that a program is not installed.
var ErrMissing = errors.New("is not installed")

// IsMissing reports whether an error says that a program is not installed.
func IsMissing(err error) bool { return errors.Is(err, ErrMissing) }

const (
	defaultTimeout = 60 * time.Second
	// largestOutput bounds what is kept of a program's output, in bytes.
	largestOutput = 4 << 20
	// longestComplaint bounds what an error repeats of it.
	longestComplaint = 4 << 10
	// searchPath holds what Debian's root has; the environment of whoever called us does not count.
	searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)

// Host runs programs of this host.
type Host struct{}

// Has implements [Runner].
func (Host) Has(program string) bool { return lookUp(program) != "" }

func lookUp(program string) string {
	if strings.Contains(program, "/") {
		if _, err := exec.LookPath(program); err != nil {
			return ""
		}
		return program
	}
	for folder := range strings.SplitSeq(searchPath, ":") {
		if found, err := exec.LookPath(folder + "/" + program); err == nil {
			return found
		}
	}
	return ""
}

// Run implements [Runner]. The program dies with us, so that nobody goes on changing the host when nobody knows.
func (Host) Run(ctx context.Context, c Command) ([]byte, error) {
	program := lookUp(c.Argv[0])
	if program == "" {
		return nil, fmt.Errorf("%s %w", c.Argv[0], ErrMissing)
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	process := exec.CommandContext(bounded, program, c.Argv[1:]...)
	process.Env = append([]string{"PATH=" + searchPath, "LC_ALL=C.UTF-8", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"}, c.Env...)
	process.Dir = "/"
	process.SysProcAttr = attributes()
	process.Cancel = func() error { return syscall.Kill(-process.Process.Pid, syscall.SIGKILL) }
	process.WaitDelay = 5 * time.Second
	if c.Stdin != nil {
		process.Stdin = strings.NewReader(string(c.Stdin))
	}
	var stdout, stderr head
	process.Stdout, process.Stderr = &stdout, &stderr
	err := process.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return stdout.bytes(), nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", c, ctx.Err())
	case bounded.Err() != nil:
		return nil, fmt.Errorf("%s: has not ended within %s", c, timeout)
	case errors.As(err, &exit):
		output := lastPart(string(stderr.bytes())+string(stdout.bytes()), longestComplaint)
		return stdout.bytes(), &ExitError{Command: c.String(), Code: exit.ExitCode(), Output: output}
	default:
		return nil, fmt.Errorf("%s: %w", c, err)
	}
}

func lastPart(text string, size int) string {
	if len(text) > size {
		return "…" + text[len(text)-size:]
	}
	return text
}

// head keeps the first part of what is written to it, up to a bound, and takes the rest.
type head struct {
	mu   sync.Mutex
	data []byte
}

func (t *head) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p[:min(len(p), largestOutput-len(t.data))]...)
	return len(p), nil
}

func (t *head) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.data
}

//go:build linux

// packet-prober sends real packets from network namespaces to others, and tells which of them came through and were
// answered. It reads one request on standard input and writes its answers to standard output, both JSON; see package
// probe. `roadnet sandbox prove` runs it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"blackroad.io/edge/internal/probe"
)

func init() {
	// The parent's end is told to the thread that asked for it, which therefore must not end before.
	runtime.LockOSThread()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "packet-prober: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	// Packets that nobody compares are not sent, also where whoever started this was killed.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("the parent's end cannot be followed: %w", err)
	}
	request, err := probe.Read(os.Stdin)
	if err != nil {
		return err
	}
	say := func(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }
	answers, err := probe.Ask(request, say)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

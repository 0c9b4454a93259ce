//go:build linux

// packet-prober sends real packets from network namespaces to others, and tells which of them came through and were
// answered. It reads one request on standard input and writes its answers to standard output, both JSON; see package
// probe. `roadnet sandbox prove` runs it.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"blackroad.io/edge/internal/probe"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "packet-prober: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
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

//go:build linux

// reef-agent-stepped is reef-agent for tests on real hosts: before a step that the test has named it dies, or waits
// there to be cut off. See package stepped.
package main

import (
	"fmt"
	"os"

	"blackroad.io/edge/internal/cli"
	"blackroad.io/edge/internal/host"
	"blackroad.io/edge/internal/stepped"
	"blackroad.io/edge/internal/transaction"
)

// version is set by the linker.
var version = "stepped"

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	counter, err := stepped.Open(name)
	if err != nil {
		fmt.Fprintf(os.Stderr, "reef-agent-stepped: %v\n", err)
		os.Exit(2)
	}
	agent := func(log func(string, ...any), booting bool) (*transaction.Agent, error) {
		a, err := host.Agent(log, booting)
		if err == nil {
			counter.Wrap(a)
		}
		return a, err
	}
	os.Exit(cli.Program{Name: "reef-agent", Version: version, Agent: agent, Root: true}.Main(os.Args[1:]))
}

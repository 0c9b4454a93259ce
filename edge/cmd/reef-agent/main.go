//go:build linux

// reef-agent brings a host to a generation, its complete configuration, and back if nobody confirms it.
package main

import (
	"fmt"
	"os"

	"blackroad.io/edge/internal/cli"
	"blackroad.io/edge/internal/host"
)

// version is set by the linker.
var version = "development"

func main() {
	// Whoever plays hosts made of files on this machine must not change the machine instead.
	if os.Getenv("ROADNET_ROOT") != "" {
		fmt.Fprintln(os.Stderr, "reef-agent: this is a host made of files (ROADNET_ROOT is set), which reef-agent-paper is for")
		os.Exit(2)
	}
	os.Exit(cli.Program{Name: "reef-agent", Version: version, Agent: host.Agent, Root: true}.Main(os.Args[1:]))
}

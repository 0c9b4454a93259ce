// service-stand-in is what the sandbox's hosts have for services of BlackRoad's that are not part of this repository. It
// answers HTTP and WebSockets on the services' ports, and says with every answer that it stands in for them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"blackroad.io/edge/internal/standin"
)

// version is set by the linker.
var version = "development"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "service-stand-in: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("service-stand-in", flag.ContinueOnError)
	path := flags.String("config", "", "a file that names the host, and its services with their ports")
	check := flags.Bool("check", false, "only read the file")
	showVersion := flags.Bool("version", false, "print the version")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *showVersion {
		fmt.Printf("service-stand-in %s (none of BlackRoad's services)\n", version)
		return nil
	}
	config, err := standin.Load(*path)
	if err != nil || *check {
		return err
	}
	say := func(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }
	say("this is none of BlackRoad's services but a stand-in for them, %s", version)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return standin.Serve(ctx, config, say)
}

// cloudflared-stand-in is what the sandbox's package cloudflared has for cloudflared. It takes the options that the
// program's unit gives, and says first of all that it is not cloudflared.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"blackroad.io/edge/internal/connector"
)

// version is set by the linker.
var version = "development"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "cloudflared-stand-in: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("cloudflared", flag.ContinueOnError)
	config := flags.String("config", "/etc/cloudflared/config.yaml", "the tunnel and its credentials-file")
	edge := flags.String("edge", "", "address and port to dial instead of Cloudflare's")
	flags.Bool("no-autoupdate", false, "there is nothing to update from")
	showVersion := flags.Bool("version", false, "print the version")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *showVersion {
		fmt.Printf("cloudflared-stand-in %s (not cloudflared)\n", version)
		return nil
	}
	if rest := flags.Args(); len(rest) != 2 || rest[0] != "tunnel" || rest[1] != "run" {
		return fmt.Errorf("this stand-in has the command tunnel run only, and not %q", rest)
	}
	credentials, err := connector.Load(*config)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "this is not cloudflared but the sandbox's stand-in for it, %s; tunnel %s\n", version, credentials.TunnelID)
	edges := []string{*edge}
	if *edge == "" {
		edges = nil
		for _, name := range connector.Edges {
			edges = append(edges, net.JoinHostPort(name, connector.Port))
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	log := func(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }
	(&connector.Connector{Credentials: credentials, Edges: edges, Log: log}).Run(ctx)
	return nil
}

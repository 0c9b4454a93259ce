// cloudflared-stand-in is what the sandbox's package cloudflared has for cloudflared, which is not to be had there. It
// takes the options that the program's unit gives, and says first of all that it is not cloudflared.
package main

import (
	"context"
	"crypto/x509"
	"errors"
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

// packaged is where the package has the authority of the sandbox's edge; cloudflared has Cloudflare's built in.
const packaged = "/usr/share/cloudflared/edge-ca.pem"

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
	cacert := flags.String("cacert", packaged, "authorities that the edge's certificate must be of")
	flags.Bool("no-autoupdate", false, "there is nothing to update from")
	showVersion := flags.Bool("version", false, "print the version")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *showVersion {
		fmt.Printf("cloudflared-stand-in %s (not cloudflared)\n", version)
		return nil
	}
	token, err := tunnelRun(flags.Args())
	if err != nil {
		return err
	}
	credentials, err := credentialsOf(token, *config)
	if err != nil {
		return err
	}
	authorities, err := readAuthorities(*cacert)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "this is not cloudflared but the sandbox's stand-in for it, %s; tunnel %s\n", version, credentials.TunnelID)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	(&connector.Connector{
		Credentials: credentials,
		Edges:       edges(*edge),
		Authorities: authorities,
		Version:     version,
		Log:         func(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) },
	}).Run(ctx)
	return nil
}

// tunnelRun reads the command and its own option, the token; cloudflared takes that from the environment too.
func tunnelRun(args []string) (string, error) {
	if len(args) < 2 || args[0] != "tunnel" || args[1] != "run" {
		return "", fmt.Errorf("this stand-in has the command tunnel run only, and not %q", args)
	}
	flags := flag.NewFlagSet("cloudflared tunnel run", flag.ContinueOnError)
	token := flags.String("token", os.Getenv("TUNNEL_TOKEN"), "the tunnel and its secret")
	if err := flags.Parse(args[2:]); err != nil {
		return "", err
	}
	if flags.NArg() > 0 {
		return "", errors.New("this stand-in knows the tunnel by its token or its configuration only")
	}
	return *token, nil
}

func credentialsOf(token, config string) (connector.Credentials, error) {
	if token != "" {
		return connector.ParseToken(token)
	}
	return connector.Load(config)
}

func readAuthorities(path string) (*x509.CertPool, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s has no certificate", path)
	}
	return pool, nil
}

func edges(said string) []string {
	if said != "" {
		return []string{said}
	}
	var all []string
	for _, name := range connector.Edges {
		all = append(all, net.JoinHostPort(name, connector.Port))
	}
	return all
}

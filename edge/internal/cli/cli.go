// Package cli has the commands of reef-agent, for programs that differ in what kind of host they work on.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"syscall"

	"blackroad.io/edge/internal/lock"
	"blackroad.io/edge/internal/transaction"
)

// Program is one of the programs that have these commands.
type Program struct {
	// Name is how it is called: `reef-agent`.
	Name string
	// Version is what the linker says.
	Version string
	// Agent puts the agent together for the program's host. In the boot nothing may be waited for.
	Agent func(log func(format string, args ...any), booting bool) (*transaction.Agent, error)
	// Root says that only root may change the host.
	Root bool
}

// Exit codes, which programs may rely on.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitRefused = 3
	exitBusy    = 4
	exitDiffers = 5
)

const usage = `reef-agent brings this host to a generation - its complete configuration - and back if nobody confirms it.

Usage: reef-agent COMMAND [OPTIONS]

  apply     read a document on standard input, check it, arm the way back, change what differs, print a token
              --number N   the number that the generation is to have; a new one supersedes
              --by NAME    the management path by which the document came, for plan to tell
              --supersede  go on with a generation that waits if it is of this document, else revert it first
  confirm   TOKEN|none [--path NAME]  say that the host can be reached; commits when all management paths have said
              so; none: nothing was changed, and nothing may be under way
  revert    put the committed generation back now
  rollback  N  apply generation N once more, under a new number [--supersede]
  leave     go back to how the host was found, the agent included, without any confirmation: gives the host up
  check     read a document on standard input and find out whether it could be applied
  diff      read a document on standard input and show what it would change; secrets are not shown [--exit-code]
  plan      read a document on standard input and say whether the host is on it and in order; reads only
  csr       read a request on standard input, make its private key if it is missing, print a PEM request to be signed
  status    compare what is intended with what is [--prometheus [--output FILE]] [--exit-code]
  history   list the generations that this host has seen
  version   print the version, and the document formats that it reads

Run by systemd: boot, watch GENERATION, wireguard-sync INTERFACE, wireguard-refresh INTERFACE, interfaces.

  --json    print JSON on standard output; messages go to standard error in any case
  --help    print this

Exit codes: 0 done; 1 failed, and the message says on which generation the host is; 2 wrong usage or a malformed
document; 3 refused, nothing was changed; 4 another run is at work, or a generation waits for its confirmation;
5 something differs, where --exit-code asks for that.
`

// usageError is a mistake of whoever called us.
type usageError struct{ error }

// differs ends a program whose question was answered with yes.
var errDiffers = errors.New("differs")

// Main runs the program with the arguments of its command line, and returns its exit code.
func (p Program) Main(args []string) int {
	// A connection that is lost must not end a change halfway: nobody reading us is no reason to stop.
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	syscall.Umask(0o077)
	err := p.Run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, errDiffers) {
		_, _ = fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
	}
	return exitCode(err)
}

func exitCode(err error) int {
	var wrong usageError
	var refused *transaction.RefusedError
	var held *lock.HeldError
	var waiting *transaction.WaitingError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errDiffers):
		return exitDiffers
	case errors.As(err, &wrong):
		return exitUsage
	case errors.As(err, &held), errors.As(err, &waiting):
		return exitBusy
	case errors.As(err, &refused):
		return exitRefused
	default:
		return exitFailed
	}
}

// call is one command line.
type call struct {
	program  Program
	in       io.Reader
	out, err io.Writer
	options
}

type options struct {
	json, prometheus, exitCode, supersede bool
	path, by, output                      string
	number                                int
}

type subcommand struct {
	// arguments is how many there must be.
	arguments int
	// options that it has besides --json.
	options []string
	// root says that it changes the host.
	root bool
	run  func(ctx context.Context, c call, args []string) error
}

var subcommands = map[string]subcommand{
	"apply":          {0, []string{"by", "number", "supersede"}, true, apply},
	"confirm":        {1, []string{"path"}, true, confirmPath},
	"revert":         {0, nil, true, revertNow},
	"rollback":       {1, []string{"supersede"}, true, rollback},
	"leave":          {0, nil, true, leave},
	"check":          {0, nil, true, check},
	"diff":           {0, []string{"exit-code"}, true, diff},
	"csr":            {0, nil, true, csr},
	"plan":           {0, nil, true, plan},
	"status":         {0, []string{"prometheus", "output", "exit-code"}, true, status},
	"history":        {0, nil, true, history},
	"version":        {0, nil, false, printVersion},
	"boot":           {0, nil, true, boot},
	"watch":          {1, nil, true, watch},
	"wireguard-sync": {1, nil, true, wireguardSync},

	"interfaces":        {0, nil, true, interfaces},
	"wireguard-refresh": {1, nil, true, wireguardRefresh},
}

// Run runs one command.
func (p Program) Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) error {
	if len(args) == 0 {
		return usageError{errors.New("a command is expected; see reef-agent --help")}
	}
	if args[0] == "--help" || args[0] == "-h" || args[0] == "help" {
		_, err := io.WriteString(out, usage)
		return err
	}
	name := args[0]
	sub, known := subcommands[name]
	if !known {
		return usageError{fmt.Errorf("there is no command %q; see reef-agent --help", name)}
	}
	c := call{program: p, in: in, out: out, err: errOut}
	positional, err := parse(name, sub, args[1:], &c.options)
	if errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(out, usage)
		return err
	}
	if err != nil {
		return usageError{err}
	}
	if sub.root && p.Root && os.Geteuid() != 0 {
		return usageError{fmt.Errorf("%s must be run as root", name)}
	}
	return sub.run(ctx, c, positional)
}

// parse takes options before, between and behind the arguments.
func parse(name string, sub subcommand, args []string, o *options) ([]string, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&o.json, "json", false, "")
	for _, option := range sub.options {
		switch option {
		case "supersede":
			flags.BoolVar(&o.supersede, option, false, "")
		case "number":
			flags.IntVar(&o.number, option, 0, "")
		case "output":
			flags.StringVar(&o.output, option, "", "")
		case "by":
			flags.StringVar(&o.by, option, "", "")
		case "path":
			flags.StringVar(&o.path, option, "", "")
		case "prometheus":
			flags.BoolVar(&o.prometheus, option, false, "")
		case "exit-code":
			flags.BoolVar(&o.exitCode, option, false, "")
		}
	}
	var positional []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		args = flags.Args()
		if len(args) > 0 {
			positional, args = append(positional, args[0]), args[1:]
		}
	}
	if o.output != "" && (!o.prometheus || !path.IsAbs(o.output) || path.Clean(o.output) != o.output) {
		return nil, errors.New("--output takes the path of a file, with --prometheus")
	}
	if o.number < 0 {
		return nil, errors.New("--number takes a number from 1 on")
	}
	if len(positional) != sub.arguments {
		return nil, fmt.Errorf("%s takes %d arguments, not %d; see reef-agent --help", name, sub.arguments, len(positional))
	}
	return positional, nil
}

func (c call) agent() (*transaction.Agent, error) { return c.open(false) }

func (c call) open(booting bool) (*transaction.Agent, error) {
	return c.program.Agent(func(format string, args ...any) { _, _ = fmt.Fprintf(c.err, format+"\n", args...) }, booting)
}

// reef-agent-paper has the commands of reef-agent for a host made of files: nothing but a folder is changed.
//
//	reef-agent-paper --root FOLDER COMMAND [OPTIONS]
//
// Without --root the folder is that of the variable ROADNET_ROOT.
package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"blackroad.io/edge/internal/cli"
	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/converge"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/lock"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/paper"
	"blackroad.io/edge/internal/transaction"
)

// version is set by the linker.
var version = "development"

const name = "reef-agent-paper"

func main() {
	root, args, err := folder(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(2)
	}
	os.Exit(program(root).Main(args))
}

func program(root string) cli.Program {
	return cli.Program{Name: name, Version: version, Agent: func(log func(string, ...any), _ bool) (*transaction.Agent, error) {
		return agent(paper.Host{Root: root}, log)
	}}
}

// folder takes the root's folder off the command line.
func folder(args []string) (root string, rest []string, err error) {
	root = os.Getenv("ROADNET_ROOT")
	if len(args) >= 2 && args[0] == "--root" {
		root, args = args[1], args[2:]
	}
	if root == "" {
		return "", nil, errors.New("--root FOLDER is expected first, or ROADNET_ROOT")
	}
	// The folder may be reached by a link; what lies below it may not.
	root, err = filepath.EvalSymlinks(root)
	if err == nil {
		root, err = filepath.Abs(root)
	}
	if err == nil && root == "/" {
		err = errors.New("/ is no host made of files")
	}
	return root, args, err
}

func agent(host paper.Host, log func(string, ...any)) (*transaction.Agent, error) {
	if err := host.Base(); err != nil {
		return nil, err
	}
	files, err := paper.OpenFiles(host)
	if err != nil {
		return nil, err
	}
	return &transaction.Agent{
		Host: converge.Host{
			FS: files, Runner: paper.Programs{Host: host}, Units: paper.Units{Host: host}, Clock: clock.Calendar{},
			Originals: original.Store{FS: files, Folder: generation.StateFolder + "/originals"},
		},
		State:  generation.StateFolder,
		Lock:   lock.File{Path: filepath.Join(host.Root, generation.StateFolder, "lock")},
		Self:   paper.Self{Host: host},
		Caller: confirm.Anyone{},
		Random: rand.Reader,
		Log:    log,
		Keep:   transaction.Kept,
	}, nil
}

// Package checker asks the programs that will read a generation's files whether they find them good, before any of
// them changes.
//
// The programs run in a view of the host in which the staged files lie over the present ones, so that a file that
// includes another one, or names a certificate, is checked with what will be there.
package checker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
)

// program is how one checker is called.
type program struct {
	argv []string
	// single is set where one call checks everything without being told paths, together where it takes all of them;
	// else each path is appended to a call of its own.
	single, together bool
	// expect must be in the output.
	expect string
}

var programs = map[string]program{
	"agent":            {argv: []string{generation.AgentPath, "version", "--json"}, single: true, expect: `"` + generation.Format + `"`},
	"haproxy":          {argv: []string{"haproxy", "-c", "-q", "-f"}},
	"nft":              {argv: []string{"nft", "-c", "-f"}},
	"nginx":            {argv: []string{"nginx", "-t", "-q", "-c", "/etc/nginx/nginx.conf"}, single: true},
	"prometheus":       {argv: []string{"promtool", "check", "config"}},
	"prometheus-rules": {argv: []string{"promtool", "check", "rules"}},
	"sshd":             {argv: []string{"sshd", "-t", "-f", "/etc/ssh/sshd_config"}, single: true},
	"sudoers":          {argv: []string{"visudo", "-c", "-q", "-f"}},
	"unbound":          {argv: []string{"unbound-checkconf"}, single: true},
	"unit":             {argv: []string{"systemd-analyze", "verify", "--man=no", "--recursive-errors=no"}, together: true},
	"wireguard":        {argv: []string{"wg-quick", "strip"}},
}

// Call is one run of a checker.
type Call struct {
	Checker string
	Argv    []string
	expect  string
}

// Calls returns what is to be run for a generation's checks, as few as will do.
func Calls(checks []generation.Check) []Call {
	var calls []Call
	for _, check := range checks {
		p := programs[check.Checker]
		call := Call{Checker: check.Checker, Argv: slices.Clone(p.argv), expect: p.expect}
		before := slices.IndexFunc(calls, func(c Call) bool { return c.Checker == check.Checker })
		if p.together && before >= 0 {
			if !slices.Contains(calls[before].Argv, check.Path) {
				calls[before].Argv = append(calls[before].Argv, check.Path)
			}
			continue
		}
		if !p.single {
			call.Argv = append(call.Argv, check.Path)
		}
		if !slices.ContainsFunc(calls, func(c Call) bool { return slices.Equal(c.Argv, call.Argv) }) {
			calls = append(calls, call)
		}
	}
	return calls
}

// View is a host as it will be.
type View struct {
	Runner command.Runner
	// Tree is the folder below which the staged files lie at their paths.
	Tree string
	// Scratch is a folder, made by the caller, on which something may be mounted in the view.
	Scratch string
	// Files are the staged paths, Gone those that will be no more.
	Files, Gone []string
	// Secrets must not be told by what a program says.
	Secrets [][]byte
}

// overlay makes, in a mount namespace of its own, each of some folders a read-only union: removals over the staged
// tree over what is there. Its arguments: scratch folder, tree, folders, `--`, paths that are gone, `--`, the command.
const overlay = `set -eu
scratch=$1 tree=$2; shift 2
mount -t tmpfs -o mode=0755 tmpfs "$scratch"
folders=
while [ "$1" != -- ]; do folders="$folders $1"; mkdir -p "$scratch$1"; shift; done; shift
while [ "$1" != -- ]; do mkdir -p "$scratch${1%/*}"; mknod "$scratch$1" c 0 0; shift; done; shift
for folder in $folders; do
  [ -d "$folder" ] && [ -d "$tree$folder" ] || { [ -d "$folder" ] && [ "$(ls "$scratch$folder")" ] && mkdir -p "$tree$folder"; } || continue
  mount -t overlay -o "ro,lowerdir=$scratch$folder:$tree$folder:$folder" reef-agent "$folder"
done
exec "$@"
`

// mountPoint is the folder to be laid over for a path: near the top, but never one that holds the tree itself. A path
// that has no such folder gives "": its file is not in the view.
func mountPoint(p string) string {
	parts := strings.Split(p, "/")
	depth := 2
	switch {
	case strings.HasPrefix(p, "/var/lib/"):
		depth = 4
	case strings.HasPrefix(p, "/var/"):
		depth = 3
	}
	if len(parts) <= depth {
		return ""
	}
	return strings.Join(parts[:depth], "/")
}

func (v View) argv(argv []string) []string {
	var folders []string
	for _, p := range slices.Concat(v.Files, v.Gone) {
		if folder := mountPoint(p); folder != "" {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	full := []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", overlay, "sh", v.Scratch, v.Tree}
	full = append(full, slices.Compact(folders)...)
	full = append(append(full, "--"), v.Gone...)
	return append(append(full, "--"), argv...)
}

// checkTimeout bounds one checker.
const checkTimeout = 60 * time.Second

// Check runs all calls whose program is there, returns those whose program is not, and all complaints together.
func (v View) Check(ctx context.Context, calls []Call) (deferred []Call, err error) {
	var errs []error
	for _, call := range calls {
		if !strings.HasPrefix(call.Argv[0], "/") && !v.Runner.Has(call.Argv[0]) {
			deferred = append(deferred, call)
			continue
		}
		out, err := v.Runner.Run(ctx, command.Command{Argv: v.argv(call.Argv), Timeout: checkTimeout})
		if err == nil && !strings.Contains(string(out), call.expect) {
			err = errors.New("it does not say that it reads documents of this format")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s refuses the configuration: %s", call.Checker, v.complaint(err)))
		}
	}
	return deferred, errors.Join(errs...)
}

// complaint is what a program said, without the script that called it and without secrets.
func (v View) complaint(err error) string {
	text := err.Error()
	var exit *command.ExitError
	if errors.As(err, &exit) {
		text = strings.TrimSpace(exit.Output)
		if text == "" {
			text = fmt.Sprintf("exit code %d", exit.Code)
		}
	}
	return Mask(strings.ReplaceAll(text, v.Tree, ""), v.Secrets)
}

// shortestSecret is the length from which a line of a secret is one by itself; what is shorter also stands in harmless
// texts.
const shortestSecret = 6

// Mask replaces every line of a secret, and every longer word of it, in a text.
func Mask(text string, secrets [][]byte) string {
	var parts []string
	for _, secret := range secrets {
		for line := range bytes.Lines(secret) {
			line = bytes.TrimSpace(line)
			if len(line) < shortestSecret {
				continue
			}
			parts = append(parts, string(line))
			for word := range bytes.FieldsSeq(line) {
				if len(word) >= shortestSecret {
					parts = append(parts, strings.Trim(string(word), `"';`))
				}
			}
		}
	}
	// Longest first, so that a part of a longer one does not split it.
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	for _, part := range parts {
		if len(part) >= shortestSecret {
			text = strings.ReplaceAll(text, part, "[secret]")
		}
	}
	return text
}

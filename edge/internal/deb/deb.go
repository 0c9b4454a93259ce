// Package deb installs Debian packages.
package deb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"blackroad.io/edge/internal/command"
)

// Installed tells which of some packages are installed, configured and all.
func Installed(ctx context.Context, runner command.Runner, packages []string) (map[string]bool, error) {
	installed := map[string]bool{}
	if len(packages) == 0 {
		return installed, nil
	}
	argv := append([]string{"dpkg-query", "--show", "--showformat=${Package} ${Status}\n", "--"}, packages...)
	out, err := runner.Run(ctx, command.Command{Argv: argv})
	// It fails if any of them is unknown, and still tells of the others.
	if command.IsMissing(err) || ctx.Err() != nil {
		return nil, err
	}
	for line := range strings.SplitSeq(string(out), "\n") {
		if name, status, ok := strings.Cut(line, " "); ok && status == "install ok installed" {
			installed[name] = true
		}
	}
	return installed, nil
}

// Missing returns those of some packages that are not installed, in their order.
func Missing(ctx context.Context, runner command.Runner, packages []string) ([]string, error) {
	installed, err := Installed(ctx, runner, packages)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, p := range packages {
		if !installed[p] {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

const (
	attempts       = 3
	installTimeout = 15 * time.Minute
)

// Install installs packages, after finishing whatever a run that was cut off has left half done. Files that are there
// already are kept as they are.
func Install(ctx context.Context, runner command.Runner, packages []string) error {
	if len(packages) == 0 {
		return nil
	}
	install := append([]string{
		"apt-get", "--quiet", "--yes", "--no-install-recommends",
		"-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
		"-o", "Dpkg::Use-Pty=0", "install", "--",
	}, packages...)
	steps := [][]string{
		{"dpkg", "--configure", "-a"},
		{"apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=0", "update"},
		install,
	}
	var err error
	for range attempts {
		for _, argv := range steps {
			if _, err = runner.Run(ctx, command.Command{Argv: argv, Timeout: installTimeout}); err != nil {
				break
			}
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("installing %s failed %d times: %w", strings.Join(packages, ", "), attempts, err)
}

// Package host puts together the agent of the host that it runs on.
package host

import (
	"crypto/rand"
	"os"
	"path/filepath"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/converge"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/lock"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/transaction"
	"blackroad.io/edge/internal/unit"
)

// executable is the program that runs now, even if another one has taken its place in the meantime.
type executable struct{}

func (executable) Content() ([]byte, error) { return os.ReadFile("/proc/self/exe") }

// Agent is the agent of this host. In the boot nothing may be waited for.
func Agent(log func(string, ...any), booting bool) (*transaction.Agent, error) {
	disk, err := rootfs.OpenDisk("/")
	if err != nil {
		return nil, err
	}
	now, err := clock.OpenHost()
	if err != nil {
		return nil, err
	}
	return &transaction.Agent{
		Host: converge.Host{
			FS: disk, Runner: command.Host{}, Clock: now,
			Units:     unit.Systemctl{Runner: command.Host{}, NoBlock: booting},
			Originals: original.Store{FS: disk, Folder: filepath.Join(generation.StateFolder, "originals")},
		},
		State:  generation.StateFolder,
		Lock:   lock.File{Path: filepath.Join(generation.StateFolder, "lock")},
		Self:   executable{},
		Caller: confirm.Host{Clock: now, Proc: "/proc"},
		Random: rand.Reader,
		Log:    log,
		Keep:   transaction.Kept,
	}, nil
}

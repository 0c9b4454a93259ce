package clock

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Host is the clock of this host.
type Host struct{ boot string }

// OpenHost reads the identity of this boot.
func OpenHost() (*Host, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, fmt.Errorf("which boot this is cannot be told: %w", err)
	}
	boot := strings.TrimSpace(string(text))
	// The kernel's identity is that of the real machine; a container boots more often. Its first process is as old as
	// its boot.
	stat, err := os.ReadFile("/proc/1/stat")
	if err != nil {
		return nil, fmt.Errorf("which boot this is cannot be told: %w", err)
	}
	start, err := StartTicks(string(stat))
	if err != nil {
		return nil, err
	}
	return &Host{boot: fmt.Sprintf("%s/%d", boot, start)}, nil
}

// Now implements [Clock].
func (*Host) Now() time.Time { return time.Now() }

// SinceBoot implements [Clock].
func (*Host) SinceBoot() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		panic(fmt.Sprintf("CLOCK_BOOTTIME: %v", err))
	}
	return time.Duration(now.Nano())
}

// Boot implements [Clock].
func (h *Host) Boot() string { return h.boot }

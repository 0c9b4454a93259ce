// Package clock tells time in two ways: by the calendar, for humans, and since the boot, for decisions. A calendar
// that is set back a year changes no decision.
package clock

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Clock is the time of one host.
type Clock interface {
	// Now is the calendar's time, which may be wrong. For display only.
	Now() time.Time
	// SinceBoot grows steadily, also while the host is suspended. Comparable within one boot only.
	SinceBoot() time.Duration
	// Boot is the identity of this boot.
	Boot() string
}

// Instant is a moment within one boot.
type Instant struct {
	Boot string `json:"boot"`
	// Since is the time since that boot, in nanoseconds.
	Since time.Duration `json:"since"`
}

// At returns the present moment, moved by a duration.
func At(c Clock, moved time.Duration) Instant {
	return Instant{Boot: c.Boot(), Since: c.SinceBoot() + moved}
}

// Passed reports whether a moment lies behind us. Every moment of an earlier boot does.
func (i Instant) Passed(c Clock) bool {
	return i.Boot != c.Boot() || c.SinceBoot() >= i.Since
}

// StartTicks reads from the text of /proc/PID/stat when the process started, in hundredths of a second since the
// boot of the kernel.
func StartTicks(stat string) (int64, error) {
	// The name of the program stands in parentheses and may itself have spaces and parentheses.
	_, rest, found := cutLast(stat, ") ")
	fields := strings.Fields(rest)
	const startTime = 19
	if !found || len(fields) <= startTime {
		return 0, fmt.Errorf("/proc/PID/stat has %d fields after the name", len(fields))
	}
	var ticks int64
	if _, err := fmt.Sscanf(fields[startTime], "%d", &ticks); err != nil {
		return 0, fmt.Errorf("start time %q: %w", fields[startTime], err)
	}
	return ticks, nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// Calendar is a clock of the calendar alone, for hosts that never boot.
type Calendar struct{}

// Now implements [Clock].
func (Calendar) Now() time.Time { return time.Now() }

// SinceBoot implements [Clock].
func (Calendar) SinceBoot() time.Duration { return time.Duration(time.Now().UnixNano()) }

// Boot implements [Clock].
func (Calendar) Boot() string { return "never" }

// Fake is a clock that tests set.
type Fake struct {
	mu    sync.Mutex
	now   time.Time
	since time.Duration
	boots int
}

// NewFake returns a clock a minute after its first boot.
func NewFake() *Fake {
	return &Fake{now: time.Date(2025, 11, 21, 16, 0, 0, 0, time.UTC), since: time.Minute, boots: 1}
}

// Now implements [Clock].
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// SinceBoot implements [Clock].
func (f *Fake) SinceBoot() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.since
}

// Boot implements [Clock].
func (f *Fake) Boot() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprintf("boot-%d", f.boots)
}

// Pass lets time go by.
func (f *Fake) Pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now, f.since = f.now.Add(d), f.since+d
}

// SetCalendar moves the calendar alone.
func (f *Fake) SetCalendar(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// Reboot starts the time since boot anew.
func (f *Fake) Reboot() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.boots++
	f.since = time.Second
}

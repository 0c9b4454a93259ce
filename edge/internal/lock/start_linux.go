package lock

import (
	"fmt"
	"os"

	"blackroad.io/edge/internal/clock"
)

// startOf is when a process started.
func startOf(pid int) (int64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return clock.StartTicks(string(stat))
}

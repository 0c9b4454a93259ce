//go:build !linux

package lock

// startOf is not known: only hosts made of files are anything but Linux, and whoever has the lock of one is alive.
func startOf(int) (int64, error) { return 0, nil }

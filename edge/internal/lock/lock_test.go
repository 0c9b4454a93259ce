package lock

import (
	"bufio"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hold lets another process, not of our program, take the lock as the agent does, and leave the same note.
func hold(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	const script = `started=$(sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 20)
printf '{"pid":%d,"command":"apply","started":%d,"since":"2025-11-21T16:00:00Z"}' $$ "$started" >"$1"
echo held
exec sleep 60`
	other := exec.Command("flock", "--no-fork", path, "sh", "-c", script, "sh", path)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatal(line, err)
	}
	return other
}

func TestSecondIsToldWhoHoldsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	other := hold(t, path)
	_, err := File{path}.Acquire("apply")
	var held *HeldError
	if !errors.As(err, &held) || held.Holder.PID != other.Process.Pid || !strings.Contains(err.Error(), "`reef-agent apply`") {
		t.Fatal(err)
	}
	// The kernel lets go of it when its holder is killed.
	_ = other.Process.Kill()
	_ = other.Wait()
	release, err := File{path}.Acquire("apply")
	if err != nil {
		t.Fatal(err)
	}
	release()
	if release, err = (File{path}).Acquire("apply"); err != nil {
		t.Fatal(err)
	}
	release()
}

func TestSeizeKillsWhoHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	other := hold(t, path)
	release, err := File{path}.Seize("revert", 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if err := other.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatal(err)
	}
}

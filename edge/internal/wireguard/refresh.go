package wireguard

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/rootfs"
)

// deadAfter is the age of a session from which its peer counts as silent: a session is renewed after 120 s, and a
// handshake may take 15 s more (WireGuard's REKEY_AFTER_TIME and REKEY_TIMEOUT with its retries).
const deadAfter = 135 * time.Second

// resolveTimeout bounds the resolution of one name: two servers, each asked twice for 5 s.
const resolveTimeout = 25 * time.Second

// Refresh calls the peers of an interface that have an endpoint and are silent, each after looking its name up anew.
//
// WireGuard itself resolves a name once, so a peer that moved would never be found again. And it sends the first
// keepalive when keepalives are switched on, which wg-quick does before the private key is there: both ends would stay
// silent until something else wants to be sent.
//
// A name that cannot be resolved is no error: the address known so far is called, and the next run tries again.
func Refresh(ctx context.Context, fs rootfs.FS, runner command.Runner, now clock.Clock, name string) error {
	config, err := fs.ReadFile("/etc/wireguard/" + name + ".conf")
	if err != nil {
		return err
	}
	ages, err := handshakes(ctx, runner, now.Now(), name)
	if err != nil {
		return err
	}
	var silent []peer
	for _, p := range parse(string(config)).peers {
		// A session from the future is one from before the calendar was set back.
		if age, known := ages[p.key]; known && (age < 0 || age >= deadAfter) {
			silent = append(silent, p)
		}
	}
	return callAll(ctx, runner, name, silent)
}

// callAll calls those of some peers that have an endpoint, all at once, since a name may take long to be resolved.
func callAll(ctx context.Context, runner command.Runner, name string, peers []peer) error {
	errs := make([]error, len(peers))
	var all sync.WaitGroup
	for i, p := range peers {
		if p.endpoint != "" {
			all.Go(func() { errs[i] = call(ctx, runner, name, p) })
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

// never is the age of a session that there has never been.
const never = time.Duration(1<<63 - 1)

// handshakes returns how long ago each peer was last heard.
func handshakes(ctx context.Context, runner command.Runner, now time.Time, name string) (map[string]time.Duration, error) {
	out, err := runner.Run(ctx, command.Command{Argv: []string{"wg", "show", name, "latest-handshakes"}})
	if err != nil {
		return nil, err
	}
	ages := map[string]time.Duration{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		seconds, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return nil, err
		}
		ages[fields[0]] = never
		if seconds != 0 {
			ages[fields[0]] = now.Sub(time.Unix(seconds, 0))
		}
	}
	return ages, nil
}

func call(ctx context.Context, runner command.Runner, name string, p peer) error {
	// wg resolves as every other program here does. It would try 15 times; we come again.
	_, _ = runner.Run(ctx, command.Command{
		Argv:    []string{"wg", "set", name, "peer", p.key, "endpoint", p.endpoint},
		Env:     []string{"WG_ENDPOINT_RESOLUTION_RETRIES=1"},
		Timeout: resolveTimeout,
	})
	if p.keepalive == "" {
		return nil
	}
	for _, seconds := range []string{"0", p.keepalive} {
		if _, err := runner.Run(ctx, command.Command{Argv: []string{"wg", "set", name, "peer", p.key, "persistent-keepalive", seconds}}); err != nil {
			return err
		}
	}
	return nil
}

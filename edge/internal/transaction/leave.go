package transaction

import (
	"context"
	"path"

	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// bootUnitPath is where arming puts the unit of the boot.
const bootUnitPath = "/etc/systemd/system/" + generation.RevertUnit

// left is the state folder of an agent that has gone: out of the way at once, and removed after that.
func (a *Agent) left() string { return a.State + ".left" }

// Leave takes the host back to how it was found, the agent with all that it remembers included. Nobody has to confirm
// it, for whoever asks for it gives the host up. Cut off, the host is on its generation as before, or on none; repeated,
// it is finished.
func (a *Agent) Leave(ctx context.Context) error {
	if err := rootfs.RemoveTree(a.FS, a.left()); err != nil {
		return err
	}
	there, err := rootfs.Exists(a.FS, a.State)
	if err != nil || !there {
		return err
	}
	if err := a.leaveGeneration(ctx); err != nil {
		return err
	}
	release, err := a.Lock.Seize("leave", patience)
	if err != nil {
		return err
	}
	defer release()
	s, _, err := a.begin(ctx, false)
	if err != nil {
		return err
	}
	if s.Phase != Idle {
		return refused(&WaitingError{s.Open, a.Left(s)})
	}
	return a.dismantle(ctx)
}

// leaveGeneration commits a generation that has nothing.
func (a *Agent) leaveGeneration(ctx context.Context) error {
	const confirmSeconds = 60
	s, err := a.Situation()
	if err != nil {
		return err
	}
	committed, _, err := a.Committed(s)
	if err != nil {
		return err
	}
	nothing := &generation.Document{Format: generation.Format, Host: committed.Host, ConfirmSeconds: confirmSeconds}
	outcome, err := a.Apply(ctx, nothing, ApplyOptions{Supersede: true, Command: "leave"})
	if err != nil || !outcome.Changed {
		return err
	}
	token, err := confirm.ParseToken(outcome.Token)
	if err != nil {
		return err
	}
	_, err = a.Confirm(ctx, token, "")
	return err
}

// dismantle removes what the agent itself has put on the host.
func (a *Agent) dismantle(ctx context.Context) error {
	states, err := a.Units.States(ctx, []string{generation.RevertUnit})
	if err != nil {
		return err
	}
	if states[generation.RevertUnit].Enabled {
		if err := a.Units.Disable(ctx, generation.RevertUnit); err != nil {
			return err
		}
	}
	if there, err := rootfs.Exists(a.FS, bootUnitPath); err != nil {
		return err
	} else if there {
		if err := a.FS.Remove(bootUnitPath); err != nil {
			return err
		}
		if err := a.Units.DaemonReload(ctx); err != nil {
			return err
		}
	}
	// The boot must not look for what is about to go, nor find half of it.
	if err := a.FS.SyncAll(); err != nil {
		return err
	}
	if err := a.FS.Rename(a.State, a.left()); err != nil {
		return err
	}
	if err := a.FS.SyncFolder(path.Dir(a.State)); err != nil {
		return err
	}
	return rootfs.RemoveTree(a.FS, a.left())
}

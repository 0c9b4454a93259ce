package transaction

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"blackroad.io/edge/internal/account"
	"blackroad.io/edge/internal/converge"
	"blackroad.io/edge/internal/deb"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/status"
)

// compare reports whether there is nothing to do, and finds out what there is. A committed generation that is damaged
// is replaced in any case.
func (t *transfer) compare(ctx context.Context, damage error) (same bool, err error) {
	if t.missing, err = deb.Missing(ctx, t.Runner, t.g.Packages); err != nil {
		return false, err
	}
	var names []string
	for _, service := range t.g.AllServices {
		names = append(names, service.Unit)
	}
	if t.before, err = t.Units.States(ctx, names); err != nil {
		return false, err
	}
	if damage != nil {
		t.Log("%v", damage)
	} else if t.g.Digest() == t.current.Digest() && t.current.Number != 0 {
		r := t.Drift(ctx, t.current)
		if len(r.Drift) == 0 {
			return true, nil
		}
		t.owed = r.Owed
		t.Log("generation %d has drifted and is put right", t.current.Number)
	}
	return false, t.plan()
}

// Drift compares a host with a generation that it should be on.
func (a *Agent) Drift(ctx context.Context, g *generation.Generation) *status.Report {
	var r status.Report
	status.Observer{Host: a.Host}.Look(ctx, g, &r)
	return &r
}

// plan finds what will change, and everything that stands in the way of it.
func (t *transfer) plan() error {
	index, err := t.Originals.Load()
	if err != nil {
		return err
	}
	users, err := account.Read(t.FS)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range t.g.AllFiles {
		info, err := t.FS.Lstat(f.Path)
		switch {
		case err != nil && !rootfs.Missing(err):
			errs = append(errs, err)
		case err == nil && info.Kind == rootfs.Folder:
			errs = append(errs, fmt.Errorf("%s is a folder", f.Path))
		case err == nil && info.Kind == rootfs.Other:
			errs = append(errs, fmt.Errorf("%s is neither a file nor a link", f.Path))
		}
		errs = append(errs, t.ownable(users, f.Path, f.Owner))
	}
	for _, k := range t.g.Keys {
		if there, err := rootfs.Exists(t.FS, k.Path); err != nil || !there {
			errs = append(errs, &converge.PathError{Path: k.Path, Err: errors.Join(err, converge.ErrNoKey)})
		}
		errs = append(errs, t.ownable(users, k.Path, k.Owner))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	// Owners that do not exist yet are errors here, which the check above has found to be none.
	t.changes, _ = t.Changes(t.g, index)
	return nil
}

// ownable refuses an owner who does not exist and will not.
func (t *transfer) ownable(users *account.Table, p, owner string) error {
	_, _, err := users.Owner(owner)
	if err == nil || len(t.missing) > 0 || t.makes(owner) {
		return nil
	}
	return fmt.Errorf("%s: %w, and neither a user nor a package of this generation brings it", p, err)
}

func (t *transfer) makes(owner string) bool {
	user, group, _ := strings.Cut(owner, ":")
	for _, u := range t.g.Users {
		if u.Name == user || u.Name == group {
			return true
		}
	}
	return false
}

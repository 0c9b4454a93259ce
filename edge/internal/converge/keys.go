package converge

import (
	"errors"
	"maps"
	"slices"

	"blackroad.io/edge/internal/account"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
)

// KeyChange is a key that does not belong to whom it should.
type KeyChange struct {
	Path       string
	Want, Have original.Owned
}

// ErrNoKey says that a key has never been made.
var ErrNoKey = errors.New("this key is missing; `reef-agent csr` makes it")

// KeyChanges compares owners and modes of a host's keys with a generation. All problems are returned together, each a
// [PathError].
func (h Host) KeyChanges(g *generation.Generation, index *original.Index) ([]KeyChange, error) {
	users, err := account.Read(h.FS)
	if err != nil {
		return nil, err
	}
	wanted := map[string]original.Owned{}
	maps.Copy(wanted, index.Keys)
	var errs []error
	for _, k := range g.Keys {
		uid, gid, err := users.Owner(k.Owner)
		if err != nil {
			errs = append(errs, &PathError{k.Path, err})
		}
		wanted[k.Path] = original.Owned{Mode: k.ModeBits(), UID: uid, GID: gid}
	}
	var changes []KeyChange
	for _, p := range slices.Sorted(maps.Keys(wanted)) {
		info, err := h.FS.Lstat(p)
		ours := slices.ContainsFunc(g.Keys, func(k generation.Key) bool { return k.Path == p })
		switch {
		case rootfs.Missing(err) && !ours:
		case rootfs.Missing(err):
			errs = append(errs, &PathError{p, ErrNoKey})
		case err != nil:
			errs = append(errs, &PathError{p, err})
		case info.Kind != rootfs.Regular:
			errs = append(errs, &PathError{p, errors.New("is not a regular file")})
		default:
			have := original.Owned{Mode: info.Mode, UID: info.UID, GID: info.GID}
			if have != wanted[p] {
				changes = append(changes, KeyChange{p, wanted[p], have})
			}
		}
	}
	return changes, errors.Join(errs...)
}

// ownKeys comes when all users and groups are there, and before the units that read the keys.
func (r *run) ownKeys() error {
	changes, err := r.KeyChanges(r.g, r.index)
	errs := []error{err}
	for _, c := range changes {
		r.result.Written = append(r.result.Written, c.Path)
		err := r.FS.Own(c.Path, c.Want.Mode, c.Want.UID, c.Want.GID)
		if err == nil {
			err = r.FS.SyncFile(c.Path)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

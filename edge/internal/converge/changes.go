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

// Change is a path that is not as it should be.
type Change struct {
	Path string
	// Want is what should be there, Have what is.
	Want, Have original.File
	content    []byte
}

// Remove says that nothing should be there.
func (c Change) Remove() bool { return c.Want.Kind == 0 }

// want returns what should stand at a path under a generation.
func (h Host) want(g *generation.Generation, index *original.Index, users *account.Table, p string) (original.File, []byte, error) {
	if f, has := g.File(p); has {
		uid, gid, err := users.Owner(f.Owner)
		return original.File{Kind: rootfs.Regular, Mode: f.ModeBits(), UID: uid, GID: gid, SHA256: f.SHA256}, f.Content, err
	}
	f := index.Files[p]
	if f.Kind != rootfs.Regular {
		return f, nil, nil
	}
	content, err := h.Originals.Content(f)
	return f, content, err
}

// PathError says why a path could not be compared.
type PathError struct {
	Path string
	Err  error
}

func (e *PathError) Error() string { return e.Path + ": " + e.Err.Error() }

func (e *PathError) Unwrap() error { return e.Err }

// PathErrors returns the paths that could not be compared, of an error of [Host.Changes].
func PathErrors(err error) []*PathError {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return nil
	}
	var all []*PathError
	for _, each := range joined.Unwrap() {
		var problem *PathError
		if errors.As(each, &problem) {
			all = append(all, problem)
		}
	}
	return all
}

// Changes compares a host's files with a generation. All problems are returned together, with what could be compared.
func (h Host) Changes(g *generation.Generation, index *original.Index) ([]Change, error) {
	users, err := account.Read(h.FS)
	if err != nil {
		return nil, err
	}
	paths := map[string]bool{}
	for _, f := range g.AllFiles {
		paths[f.Path] = true
	}
	for p := range index.Files {
		paths[p] = true
	}
	var changes []Change
	var errs []error
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		want, content, err := h.want(g, index, users, p)
		if err != nil {
			errs = append(errs, &PathError{p, err})
			continue
		}
		have, err := original.Look(h.FS, p)
		if err != nil {
			errs = append(errs, &PathError{p, err})
			continue
		}
		if !want.Same(have) {
			changes = append(changes, Change{Path: p, Want: want, Have: have, content: content})
		}
	}
	// The agent comes last, so that everything else is done by the one that began.
	slices.SortStableFunc(changes, func(a, b Change) int { return rank(a.Path) - rank(b.Path) })
	return changes, errors.Join(errs...)
}

func rank(p string) int {
	if p == generation.AgentPath {
		return 1
	}
	return 0
}

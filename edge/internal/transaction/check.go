package transaction

import (
	"context"
	"errors"
	"fmt"
	"path"

	"blackroad.io/edge/internal/checker"
	"blackroad.io/edge/internal/deb"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

func (t *transfer) check(ctx context.Context) error {
	now, later := t.split(checker.Calls(t.g.AllChecks))
	deferred, err := t.checkWith(ctx, now)
	deferred = append(deferred, later...)
	if err == nil && len(deferred) > 0 && len(t.missing) == 0 {
		err = fmt.Errorf("%s is not installed, and no package of this generation brings it: %s cannot be checked",
			deferred[0].Argv[0], deferred[0].Checker)
	}
	t.deferred = deferred
	return err
}

// split puts off what would be refused for want of a package that the generation brings: a unit's program must be there.
func (t *transfer) split(calls []checker.Call) (now, later []checker.Call) {
	for _, call := range calls {
		if call.Checker == "unit" && len(t.missing) > 0 {
			later = append(later, call)
		} else {
			now = append(now, call)
		}
	}
	return now, later
}

func (t *transfer) checkWith(ctx context.Context, calls []checker.Call) ([]checker.Call, error) {
	return t.checkTree(ctx, t.store().Tree(t.g.Number), calls)
}

// checkTree runs checkers on the host as it will be with the files that are staged in a tree.
func (t *transfer) checkTree(ctx context.Context, tree string, calls []checker.Call) ([]checker.Call, error) {
	scratch := path.Join(t.State, "view")
	if _, err := rootfs.MkdirAll(t.FS, scratch, 0o700); err != nil {
		return nil, err
	}
	view := checker.View{Runner: t.Runner, Tree: tree, Scratch: scratch, Secrets: t.g.Secrets()}
	for _, f := range t.g.AllFiles {
		view.Files = append(view.Files, f.Path)
	}
	for _, c := range t.changes {
		if c.Remove() {
			view.Gone = append(view.Gone, c.Path)
		}
	}
	return view.Check(ctx, calls)
}

// Check finds out whether a document could be applied: it is staged beside its place, and its checkers are run. A
// program that is missing where a package will bring it is told, not an error.
func (a *Agent) Check(ctx context.Context, d *generation.Document) (unchecked []string, err error) {
	release, err := a.Lock.Acquire("check")
	if err != nil {
		return nil, err
	}
	defer release()
	if _, err := rootfs.MkdirAll(a.FS, a.State, 0o700); err != nil {
		return nil, err
	}
	s, j, err := ReadSituation(a.FS, a.Clock, a.State)
	if err != nil {
		return nil, err
	}
	current, _, err := a.Committed(s)
	if err != nil {
		return nil, err
	}
	here, err := a.Network().Derive(ctx, d)
	if err != nil {
		return nil, err
	}
	t := &transfer{Agent: a, j: j, s: s, current: current, g: generation.New(s.Next, *d, here)}
	if t.missing, err = deb.Missing(ctx, a.Runner, d.Packages); err != nil {
		return nil, err
	}
	if err := errors.Join(t.plan(), t.fetch()); err != nil {
		return nil, err
	}
	if err := t.space(); err != nil {
		return nil, err
	}
	folder := path.Join(a.store().Folder, "check.new")
	defer func() { err = errors.Join(err, rootfs.RemoveTree(a.FS, folder)) }()
	if err := a.store().WriteTo(t.g, folder); err != nil {
		return nil, err
	}
	now, later := t.split(checker.Calls(t.g.AllChecks))
	deferred, err := t.checkTree(ctx, path.Join(folder, "tree"), now)
	deferred = append(deferred, later...)
	for _, call := range deferred {
		unchecked = append(unchecked, call.Checker)
	}
	if err == nil && len(deferred) > 0 && len(t.missing) == 0 {
		err = fmt.Errorf("%s is not installed, and no package of this generation brings it", deferred[0].Argv[0])
	}
	return unchecked, err
}

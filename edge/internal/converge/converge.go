// Package converge brings a host's files, users, kernel settings and units to a generation, from wherever they are.
//
// It is one function for going forward and for going back, and may be cut off anywhere and called again. What a
// generation does not have returns to how it was found.
package converge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"blackroad.io/edge/internal/account"
	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

// Host is what is brought to a generation.
type Host struct {
	FS        rootfs.FS
	Runner    command.Runner
	Units     unit.Manager
	Clock     clock.Clock
	Originals original.Store
}

// Options of one run.
type Options struct {
	// From are the generations that may have left something: their services say which units a file concerns.
	From []*generation.Generation
	// Pending are units that a run which was cut off still owed something.
	Pending map[string]string
	// Intend is told, before the first file changes, which units will have to take something up.
	Intend func(units map[string]string) error
	// KeepGoing goes on with the other units where one fails, for the way back; else the first failure ends the run.
	KeepGoing bool
}

// Result is what a run has done.
type Result struct {
	Written, Removed []string
	// Units with what was done to them, `start nginx.service`, in order.
	Units []string
	// Problems did not keep the files from being right.
	Problems []error
}

// Run brings the host to a generation. An error says that files are not right; what is only a unit's failure stands in
// the result, unless it ended the run.
func (h Host) Run(ctx context.Context, g *generation.Generation, o Options) (Result, error) {
	r := run{Host: h, g: g, o: o, ctx: ctx}
	index, err := h.Originals.Load()
	if err != nil {
		return r.result, err
	}
	r.index = index
	for _, step := range []func() error{
		r.cleanTemporary, r.makeUsers, r.intend, r.stopLeaving, r.changeFiles, r.ownKeys, r.removeFolders, r.enable,
		r.reread, r.setInterfaces, r.setSysctls, r.runServices, r.restoreLeaving, r.deleteUsers,
	} {
		// On the way back, files that cannot be put back must not keep units from taking up those that could.
		if err := step(); err != nil {
			if !o.KeepGoing {
				return r.result, err
			}
			r.errs = append(r.errs, err)
		}
	}
	// What other programs wrote, such as links of enabled units, is made durable too.
	return r.result, errors.Join(append(r.errs, h.FS.SyncAll())...)
}

type run struct {
	Host
	ctx     context.Context
	g       *generation.Generation
	o       Options
	index   *original.Index
	changes []Change
	// pending is what units owe, by unit.
	pending map[string]string
	// relinked says that another set of units starts at boot, of which systemd does not know yet.
	relinked bool
	result   Result
	errs     []error
}

// problem ends the run, or on the way back is noted.
func (r *run) problem(err error) error {
	if err == nil || !r.o.KeepGoing {
		return err
	}
	r.result.Problems = append(r.result.Problems, err)
	return nil
}

// cleanTemporary removes what a run that was cut off has left beside the files.
func (r *run) cleanTemporary() error {
	paths := slices.Collect(maps.Keys(r.index.Files))
	for _, g := range append(slices.Clone(r.o.From), r.g) {
		for _, f := range g.AllFiles {
			paths = append(paths, f.Path)
		}
	}
	slices.Sort(paths)
	for _, p := range slices.Compact(paths) {
		if err := rootfs.RemoveIfThere(r.FS, rootfs.TempName(p)); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) makeUsers() error {
	users, err := account.Read(r.FS)
	if err != nil {
		return err
	}
	for _, u := range r.g.Users {
		if err := r.problem(account.Ensure(r.ctx, r.Runner, users, u)); err != nil {
			return fmt.Errorf("user %s: %w", u.Name, err)
		}
	}
	return nil
}

// services are those of the generation and of those before, the generation's own view of a unit first.
func (r *run) services() []generation.Service {
	services := slices.Clone(r.g.AllServices)
	for _, g := range r.o.From {
		services = append(services, g.AllServices...)
	}
	return services
}

func (r *run) intend() error {
	changes, err := r.Changes(r.g, r.index)
	r.changes = changes
	r.pending = maps.Clone(r.o.Pending)
	if r.pending == nil {
		r.pending = map[string]string{}
	}
	var paths []string
	for _, change := range changes {
		paths = append(paths, change.Path)
	}
	keys, _ := r.KeyChanges(r.g, r.index) // ownKeys tells the errors
	for _, change := range keys {
		paths = append(paths, change.Path)
	}
	for _, p := range paths {
		for _, service := range r.services() {
			if effect := service.Effect(p); effect != "" && r.pending[service.Unit] != generation.Restart {
				r.pending[service.Unit] = effect
			}
		}
	}
	if r.o.Intend != nil && len(r.pending) > 0 {
		err = errors.Join(err, r.o.Intend(r.pending))
	}
	return err
}

// leaving are the units that were ours and are no part of the generation, last started first.
func (r *run) leaving() []string {
	var names []string
	for _, service := range r.services() {
		if _, known := r.index.Units[service.Unit]; known {
			names = append(names, service.Unit)
		}
	}
	names = append(names, slices.Sorted(maps.Keys(r.index.Units))...)
	var leaving []string
	for _, name := range names {
		ours := slices.ContainsFunc(r.g.AllServices, func(s generation.Service) bool { return s.Unit == name })
		if !ours && !slices.Contains(leaving, name) {
			leaving = append(leaving, name)
		}
	}
	slices.Reverse(leaving)
	return leaving
}

// stopLeaving comes before the files change: a unit's file says how to stop it.
func (r *run) stopLeaving() error {
	leaving := r.leaving()
	states, err := r.Units.States(r.ctx, leaving)
	if err != nil {
		return r.problem(err)
	}
	for _, name := range leaving {
		before, now := r.index.Units[name], states[name]
		// A unit that is not there any more was stopped by an earlier run, or has never been written.
		if !before.Active && (now.Active || now.Failed || now.Queued) {
			if err := r.do(unit.Stop, name); err != nil {
				return err
			}
		}
		if !before.Enabled && now.Enabled {
			if err := r.problem(r.Units.Disable(r.ctx, name)); err != nil {
				return err
			}
			r.relinked = true
		}
	}
	return nil
}

func (r *run) do(action unit.Action, name string) error {
	r.result.Units = append(r.result.Units, string(action)+" "+name)
	if err := r.Units.Do(r.ctx, action, name); err != nil {
		return r.problem(fmt.Errorf("%s of %s: %w", action, name, err))
	}
	return nil
}

func (r *run) changeFiles() error {
	var errs []error
	for _, change := range r.changes {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := r.change(change); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", change.Path, err))
			if !r.o.KeepGoing {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (r *run) change(c Change) error {
	if c.Remove() {
		r.result.Removed = append(r.result.Removed, c.Path)
		if err := rootfs.RemoveIfThere(r.FS, c.Path); err != nil {
			return err
		}
		return r.FS.SyncFolder(path.Dir(c.Path))
	}
	r.result.Written = append(r.result.Written, c.Path)
	if _, err := rootfs.MkdirAll(r.FS, path.Dir(c.Path), 0o755); err != nil {
		return err
	}
	if c.Want.Kind == rootfs.Link {
		return rootfs.ReplaceLink(r.FS, c.Path, c.Want.Target)
	}
	return rootfs.Replace(r.FS, c.Path, c.content, c.Want.Mode, c.Want.UID, c.Want.GID)
}

// removeFolders removes folders that we made, innermost first, where nothing is in them any more.
func (r *run) removeFolders() error {
	folders := slices.Sorted(slices.Values(r.index.Folders))
	slices.Reverse(folders)
	for _, folder := range folders {
		names, err := r.FS.ReadFolder(folder)
		if rootfs.Missing(err) || err == nil && len(names) > 0 {
			continue
		}
		if err == nil {
			err = r.FS.Remove(folder)
		}
		if err == nil {
			err = r.FS.SyncFolder(path.Dir(folder))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ReadSysctl returns a kernel setting.
func ReadSysctl(ctx context.Context, runner command.Runner, key string) (string, error) {
	out, err := runner.Run(ctx, command.Command{Argv: []string{"sysctl", "--values", "--", key}})
	return strings.Join(strings.Fields(string(out)), " "), err
}

func (r *run) setSysctls() error {
	wanted := maps.Clone(r.index.Sysctls)
	maps.Copy(wanted, r.g.Sysctls)
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		value := strings.Join(strings.Fields(wanted[key]), " ")
		have, err := ReadSysctl(r.ctx, r.Runner, key)
		if err == nil && have != value {
			_, err = r.Runner.Run(r.ctx, command.Command{Argv: []string{"sysctl", "--quiet", "--write", "--", key + "=" + value}})
		}
		if err != nil {
			if err := r.problem(fmt.Errorf("sysctl %s: %w", key, err)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *run) deleteUsers() error {
	users, err := account.Read(r.FS)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(r.index.Users)) {
		if slices.ContainsFunc(r.g.Users, func(u generation.User) bool { return u.Name == name }) {
			continue
		}
		if err := r.problem(account.Delete(r.ctx, r.Runner, users, name)); err != nil {
			return err
		}
	}
	return nil
}

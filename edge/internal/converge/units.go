package converge

import (
	"fmt"
	"slices"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/unit"
)

// enable comes before systemd is told, so that it is told once of the units' files and of their links.
func (r *run) enable() error {
	names := r.names()
	states, err := r.Units.States(r.ctx, names)
	if err != nil {
		return r.problem(err)
	}
	return r.enableAll(slices.DeleteFunc(names, func(name string) bool { return states[name].Enabled }))
}

// enableAll enables units together, and one by one where that fails, so that it is known which does not let itself be.
func (r *run) enableAll(names []string) error {
	if len(names) == 0 {
		return nil
	}
	r.relinked = true
	if err := r.Units.Enable(r.ctx, names...); err == nil {
		return nil
	}
	for _, name := range names {
		if err := r.Units.Enable(r.ctx, name); err != nil {
			if err := r.problem(fmt.Errorf("enabling %s: %w", name, err)); err != nil {
				return err
			}
		}
	}
	return nil
}

// names are the generation's units, in the order of starting.
func (r *run) names() []string {
	var names []string
	for _, service := range r.g.AllServices {
		names = append(names, service.Unit)
	}
	return names
}

func (r *run) reread() error {
	// A run that was cut off may have changed a unit's file without this; it has left something pending then.
	isUnit := func(c Change) bool { return generation.IsUnitFile(c.Path) }
	if len(r.pending) == 0 && !r.relinked && !slices.ContainsFunc(r.changes, isUnit) {
		return nil
	}
	r.relinked = false
	return r.problem(r.Units.DaemonReload(r.ctx))
}

func (r *run) runServices() error {
	names := r.names()
	states, err := r.Units.States(r.ctx, names)
	if err != nil {
		return r.problem(err)
	}
	for _, name := range names {
		if err := r.takeUp(name, states[name].Active); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) takeUp(name string, active bool) error {
	switch effect := r.pending[name]; {
	case effect == generation.Restart:
		return r.do(unit.Restart, name)
	case effect == generation.Reload:
		return r.do(unit.ReloadOrRestart, name)
	case !active:
		return r.do(unit.Start, name)
	default:
		return nil
	}
}

// restoreLeaving gives units that are no longer ours, but ran before they were, back what they had.
func (r *run) restoreLeaving() error {
	leaving := r.leaving()
	states, err := r.Units.States(r.ctx, leaving)
	if err != nil {
		return r.problem(err)
	}
	var enabled []string
	for _, name := range leaving {
		if r.index.Units[name].Enabled && !states[name].Enabled {
			enabled = append(enabled, name)
		}
	}
	if err := r.enableAll(enabled); err != nil {
		return err
	}
	if r.relinked {
		if err := r.problem(r.Units.DaemonReload(r.ctx)); err != nil {
			return err
		}
	}
	for _, name := range leaving {
		if r.index.Units[name].Active {
			if err := r.takeUp(name, states[name].Active); err != nil {
				return err
			}
		}
	}
	return nil
}

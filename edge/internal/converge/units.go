package converge

import (
	"fmt"
	"slices"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/unit"
)

func (r *run) reread() error {
	// A run that was cut off may have changed a unit's file without this; it has left something pending then.
	if len(r.pending) == 0 && !slices.ContainsFunc(r.changes, func(c Change) bool { return generation.IsUnitFile(c.Path) }) {
		return nil
	}
	return r.problem(r.Units.DaemonReload(r.ctx))
}

func (r *run) runServices() error {
	var names []string
	for _, service := range r.g.AllServices {
		names = append(names, service.Unit)
	}
	states, err := r.Units.States(r.ctx, names)
	if err != nil {
		return r.problem(err)
	}
	for _, name := range names {
		if !states[name].Enabled {
			if err := r.problem(r.Units.Enable(r.ctx, name)); err != nil {
				return fmt.Errorf("enabling %s: %w", name, err)
			}
		}
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
	for _, name := range leaving {
		before := r.index.Units[name]
		if before.Enabled && !states[name].Enabled {
			if err := r.problem(r.Units.Enable(r.ctx, name)); err != nil {
				return err
			}
		}
		if before.Active {
			if err := r.takeUp(name, states[name].Active); err != nil {
				return err
			}
		}
	}
	return nil
}

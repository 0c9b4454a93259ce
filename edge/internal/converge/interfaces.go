package converge

import (
	"context"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/network"
	"blackroad.io/edge/internal/original"
)

// Network is the part of the host that has its interfaces.
func (h Host) Network() network.Host {
	return network.Host{FS: h.FS, Runner: h.Runner, Units: h.Units, Originals: h.Originals}
}

// rememberInterfaces adds how interfaces are that a generation is the first to have.
func (h Host) rememberInterfaces(ctx context.Context, g *generation.Generation, index *original.Index) error {
	if len(g.Interfaces) == 0 {
		return nil
	}
	live, err := network.Read(ctx, h.Runner)
	if err != nil {
		return err
	}
	index.Renderer = g.Renderer
	for _, i := range g.Interfaces {
		if _, known := index.Interfaces[i.Name]; !known {
			index.Interfaces[i.Name] = live[i.Name]
		}
	}
	return nil
}

// setInterfaces comes when the files are there, and before the units that use the addresses.
func (r *run) setInterfaces() error {
	c := network.Change{Renderer: r.g.Renderer, Wanted: r.g.Interfaces, Leaving: map[string]original.Interface{}}
	if c.Renderer == "" {
		c.Renderer = r.index.Renderer
	}
	for _, g := range r.o.From {
		c.Before = append(c.Before, g.Interfaces...)
	}
	for name, before := range r.index.Interfaces {
		c.Leaving[name] = before
	}
	for _, i := range r.g.Interfaces {
		delete(c.Leaving, i.Name)
	}
	changed, err := r.Network().Set(r.ctx, c)
	for _, name := range changed {
		r.result.Units = append(r.result.Units, "set interface "+name)
	}
	return r.problem(err)
}

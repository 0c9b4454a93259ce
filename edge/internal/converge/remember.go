package converge

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"blackroad.io/edge/internal/account"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

// RememberState adds to the index, durably, how units, kernel settings and users are that a generation is the first to
// have. It comes before packages are installed, which may bring units and start them.
func (h Host) RememberState(ctx context.Context, g *generation.Generation, states map[string]unit.State) error {
	index, err := h.Originals.Load()
	if err != nil {
		return err
	}
	users, err := account.Read(h.FS)
	if err != nil {
		return err
	}
	for _, service := range g.AllServices {
		if _, known := index.Units[service.Unit]; !known {
			index.Units[service.Unit] = original.Unit{Enabled: states[service.Unit].Enabled, Active: states[service.Unit].Active}
		}
	}
	var errs []error
	for key := range g.Sysctls {
		if _, known := index.Sysctls[key]; known {
			continue
		}
		value, err := ReadSysctl(ctx, h.Runner, key)
		if err != nil {
			errs = append(errs, fmt.Errorf("sysctl %s: %w", key, err))
		}
		index.Sysctls[key] = value
	}
	for _, u := range g.Users {
		if !users.Has(u.Name) {
			index.Users[u.Name] = true
		}
	}
	errs = append(errs, h.rememberInterfaces(ctx, g, index))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return h.Originals.Save(index)
}

// RememberFiles adds to the index, durably, what stands where a generation is the first to have files. It comes after
// packages are installed, whose own files are what is given back later.
func (h Host) RememberFiles(g *generation.Generation) error {
	index, err := h.Originals.Load()
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range g.AllFiles {
		errs = append(errs, h.Originals.Remember(index, f.Path), h.rememberFolders(index, path.Dir(f.Path)))
	}
	for _, k := range g.Keys {
		info, err := h.FS.Lstat(k.Path)
		if _, known := index.Keys[k.Path]; !known && err == nil {
			index.Keys[k.Path] = original.Owned{Mode: info.Mode, UID: info.UID, GID: info.GID}
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return h.Originals.Save(index)
}

// rememberFolders notes the folders that will have to be made.
func (h Host) rememberFolders(index *original.Index, folder string) error {
	for ; folder != "/"; folder = path.Dir(folder) {
		there, err := rootfs.Exists(h.FS, folder)
		if err != nil || there {
			return err
		}
		if !slices.Contains(index.Folders, folder) {
			index.Folders = append(index.Folders, folder)
		}
	}
	return nil
}

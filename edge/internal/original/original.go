// Package original remembers what stood where a generation puts something, so that it can come back: when a
// generation is reverted that was the first to have a file, or when a later one no longer has it.
package original

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// File is what stood at a path.
type File struct {
	// Kind is Regular, Link, or 0 for nothing.
	Kind     rootfs.Kind `json:"kind,omitempty"`
	Mode     uint32      `json:"mode,omitempty"`
	UID      int         `json:"uid,omitempty"`
	GID      int         `json:"gid,omitempty"`
	Target   string      `json:"target,omitempty"`
	SHA256   string      `json:"sha256,omitempty"`
	contents []byte
}

// Unit is how a unit was.
type Unit struct {
	Enabled bool `json:"enabled,omitempty"`
	Active  bool `json:"active,omitempty"`
}

// Index has everything that is remembered.
type Index struct {
	Files map[string]File `json:"files"`
	Units map[string]Unit `json:"units"`
	// Sysctls are the values before.
	Sysctls map[string]string `json:"sysctls"`
	// Folders and Users were made by us, and go when nothing needs them.
	Folders []string        `json:"folders"`
	Users   map[string]bool `json:"users"`
	// Keys are owners and modes before; their contents are never touched.
	Keys map[string]Owned `json:"keys"`
	// Interfaces by name, and the program that configures them.
	Interfaces map[string]Interface `json:"interfaces"`
	Renderer   string               `json:"renderer,omitempty"`
}

// Interface is how a network interface was.
type Interface struct {
	// Exists is false for one that we made.
	Exists    bool     `json:"exists,omitempty"`
	Up        bool     `json:"up,omitempty"`
	MTU       int      `json:"mtu,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	// Dynamic are those of the addresses that came from elsewhere, as by DHCP, and may go again.
	Dynamic []string `json:"dynamic,omitempty"`
	Routes  []Route  `json:"routes,omitempty"`
}

// Route leads through an interface by way of a gateway; Destination is a network or `default`.
type Route struct {
	Destination string `json:"destination"`
	Via         string `json:"via"`
}

// Owned is who may do what with a file.
type Owned struct {
	Mode uint32 `json:"mode"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
}

func empty() *Index {
	return &Index{
		Files: map[string]File{}, Units: map[string]Unit{}, Sysctls: map[string]string{}, Users: map[string]bool{},
		Keys: map[string]Owned{}, Interfaces: map[string]Interface{},
	}
}

// Store keeps an index and contents below a folder.
type Store struct {
	FS     rootfs.FS
	Folder string
}

func (s Store) index() string { return path.Join(s.Folder, "index.json") }

func (s Store) blob(sum string) string { return path.Join(s.Folder, "content-"+sum) }

// Load reads the index; a missing one is empty.
func (s Store) Load() (*Index, error) {
	index := empty()
	data, err := s.FS.ReadFile(s.index())
	if rootfs.Missing(err) {
		return index, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, index); err != nil {
		return nil, fmt.Errorf("%s: %w", s.index(), err)
	}
	return index, nil
}

// Save writes the index durably, contents of new entries first.
func (s Store) Save(index *Index) error {
	if _, err := rootfs.MkdirAll(s.FS, s.Folder, 0o700); err != nil {
		return err
	}
	for _, f := range index.Files {
		if f.Kind != rootfs.Regular || f.contents == nil {
			continue
		}
		if err := rootfs.Replace(s.FS, s.blob(f.SHA256), f.contents, 0o600, 0, 0); err != nil {
			return err
		}
	}
	data, err := json.Marshal(index)
	if err != nil {
		return err
	}
	return rootfs.Replace(s.FS, s.index(), data, 0o600, 0, 0)
}

// Remember adds what stands at a path now, if nothing is remembered of it yet.
func (s Store) Remember(index *Index, p string) error {
	if _, known := index.Files[p]; known {
		return nil
	}
	found, err := Look(s.FS, p)
	if err != nil {
		return err
	}
	index.Files[p] = found
	return nil
}

// Look returns what stands at a path, contents and all.
func Look(fs rootfs.FS, p string) (File, error) {
	info, err := fs.Lstat(p)
	if rootfs.Missing(err) {
		return File{}, nil
	}
	if err != nil {
		return File{}, err
	}
	f := File{Kind: info.Kind, Mode: info.Mode, UID: info.UID, GID: info.GID, Target: info.Target}
	switch info.Kind {
	case rootfs.Link:
		return File{Kind: rootfs.Link, Target: info.Target}, nil
	case rootfs.Regular:
		f.contents, err = fs.ReadFile(p)
		if f.contents == nil {
			f.contents = []byte{}
		}
		f.SHA256 = generation.Sum(f.contents)
		return f, err
	case rootfs.Folder:
		return File{}, fmt.Errorf("%s is a folder", p)
	default:
		return File{}, fmt.Errorf("%s is neither a file nor a link", p)
	}
}

// Same reports whether two finds are the same, content, mode and owner.
func (f File) Same(other File) bool {
	return f.Kind == other.Kind && f.Mode == other.Mode && f.UID == other.UID && f.GID == other.GID &&
		f.Target == other.Target && f.SHA256 == other.SHA256
}

// Bytes is how much a find's content has.
func (f File) Bytes() int { return len(f.contents) }

// Content returns a remembered file's content.
func (s Store) Content(f File) ([]byte, error) {
	if f.contents != nil {
		return f.contents, nil
	}
	data, err := s.FS.ReadFile(s.blob(f.SHA256))
	if err != nil {
		return nil, err
	}
	if generation.Sum(data) != f.SHA256 {
		return nil, fmt.Errorf("%s is damaged", s.blob(f.SHA256))
	}
	return data, nil
}

// Settle forgets all but what belongs to a generation that is now the whole truth, and what of ours still stands.
func (s Store) Settle(g *generation.Generation) error {
	index, err := s.Load()
	if err != nil {
		return err
	}
	kept := empty()
	needed := map[string]bool{"index.json": true}
	for p, f := range index.Files {
		if _, has := g.File(p); has {
			kept.Files[p] = f
			needed[path.Base(s.blob(f.SHA256))] = true
		}
	}
	for unit, state := range index.Units {
		if slices.ContainsFunc(g.AllServices, func(service generation.Service) bool { return service.Unit == unit }) {
			kept.Units[unit] = state
		}
	}
	for key, value := range index.Sysctls {
		if _, has := g.Sysctls[key]; has {
			kept.Sysctls[key] = value
		}
	}
	for _, k := range g.Keys {
		if before, known := index.Keys[k.Path]; known {
			kept.Keys[k.Path] = before
		}
	}
	for _, i := range g.Interfaces {
		if before, known := index.Interfaces[i.Name]; known {
			kept.Interfaces[i.Name], kept.Renderer = before, index.Renderer
		}
	}
	for _, u := range g.Users {
		if index.Users[u.Name] {
			kept.Users[u.Name] = true
		}
	}
	for _, folder := range index.Folders {
		if there, err := rootfs.Exists(s.FS, folder); err == nil && there && !slices.Contains(kept.Folders, folder) {
			kept.Folders = append(kept.Folders, folder)
		}
	}
	if err := s.Save(kept); err != nil {
		return err
	}
	names, err := s.FS.ReadFolder(s.Folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !needed[name] {
			if err := s.FS.Remove(path.Join(s.Folder, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Package stage keeps whole generations below the state folder, written so that one is there whole or not at all.
//
//	generations/7/manifest.json   everything but the files' contents, with their hashes; itself with a checksum
//	generations/7/tree/etc/motd   the contents, each at its path, which lets checkers see them in their places
package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// Store is the folder of generations.
type Store struct {
	FS rootfs.FS
	// Folder is absolute: `/var/lib/reef-agent/generations`.
	Folder string
}

type manifest struct {
	Number   int                  `json:"number"`
	Digest   string               `json:"digest"`
	Document generation.Document  `json:"document"`
	Renderer string               `json:"renderer,omitempty"`
	Files    []generation.File    `json:"files"`
	Services []generation.Service `json:"services"`
	Checks   []generation.Check   `json:"checks"`
}

// sealed is a manifest with the checksum of its text.
type sealed struct {
	SHA256   string          `json:"sha256"`
	Manifest json.RawMessage `json:"manifest"`
}

func (s Store) folder(number int) string { return path.Join(s.Folder, strconv.Itoa(number)) }

// Tree is the folder below which a generation's files lie at their paths.
func (s Store) Tree(number int) string { return path.Join(s.folder(number), "tree") }

const suffixNew = ".new"

// Write stores a generation durably. It must not be there yet.
func (s Store) Write(g *generation.Generation) error {
	final := s.folder(g.Number)
	fresh := final + suffixNew
	if err := s.WriteTo(g, fresh); err != nil {
		return err
	}
	if err := s.FS.Rename(fresh, final); err != nil {
		return err
	}
	return s.FS.SyncFolder(s.Folder)
}

// WriteTo stores a generation's parts, durably, in a folder that it makes anew.
func (s Store) WriteTo(g *generation.Generation, folder string) error {
	if err := rootfs.RemoveTree(s.FS, folder); err != nil {
		return err
	}
	if _, err := rootfs.MkdirAll(s.FS, path.Join(folder, "tree"), 0o700); err != nil {
		return err
	}
	m := manifest{Number: g.Number, Digest: g.Digest(), Document: g.Document, Services: g.AllServices, Checks: g.AllChecks, Renderer: g.Renderer}
	m.Document.Files = slices.Clone(g.Files)
	for i := range m.Document.Files {
		m.Document.Files[i].Content, m.Document.Files[i].Source = nil, ""
	}
	for _, f := range g.AllFiles {
		if err := s.writeContent(path.Join(folder, "tree"), f); err != nil {
			return err
		}
		f.Content, f.Source = nil, ""
		m.Files = append(m.Files, f)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	text, err = json.Marshal(sealed{SHA256: generation.Sum(text), Manifest: text})
	if err != nil {
		return err
	}
	return rootfs.Replace(s.FS, path.Join(folder, "manifest.json"), text, 0o600, 0, 0)
}

func (s Store) writeContent(tree string, f generation.File) error {
	at := path.Join(tree, f.Path)
	// Open to all, as in the host's own tree: what a checker runs under another user must find its way. The state
	// folder above is closed to everyone else.
	if _, err := rootfs.MkdirAll(s.FS, path.Dir(at), 0o755); err != nil {
		return err
	}
	if err := s.FS.Create(at, f.Content, f.ModeBits()&0o777, 0, 0); err != nil {
		return err
	}
	if err := s.FS.SyncFile(at); err != nil {
		return err
	}
	return s.FS.SyncFolder(path.Dir(at))
}

// Load reads a generation, and refuses one that is damaged. Number 0 is the host as it was found.
func (s Store) Load(number int) (*generation.Generation, error) {
	g, damage, err := s.LoadDamaged(number)
	return g, errors.Join(err, damage)
}

// LoadDamaged reads a generation, and takes contents that are damaged from where else they are: from the file itself, or
// from another generation. The error is for what is lost.
func (s Store) LoadDamaged(number int) (g *generation.Generation, damage, err error) {
	if number == 0 {
		return generation.Baseline(), nil, nil
	}
	damaged := func(why string) error { return fmt.Errorf("generation %d is damaged: %s", number, why) }
	text, err := s.FS.ReadFile(path.Join(s.folder(number), "manifest.json"))
	if err != nil {
		return nil, nil, damaged(err.Error())
	}
	var outer sealed
	var m manifest
	if json.Unmarshal(text, &outer) != nil || generation.Sum(outer.Manifest) != outer.SHA256 {
		return nil, nil, damaged("the manifest's checksum does not hold")
	}
	if err := json.Unmarshal(outer.Manifest, &m); err != nil {
		return nil, nil, damaged(err.Error())
	}
	g = &generation.Generation{Number: m.Number, Document: m.Document, AllFiles: m.Files, AllServices: m.Services, AllChecks: m.Checks, Renderer: m.Renderer}
	for i := range g.AllFiles {
		f := &g.AllFiles[i]
		if f.Content, err = s.read(path.Join(s.Tree(number), f.Path), f.SHA256); err == nil {
			continue
		}
		damage = damaged(fmt.Sprintf("%s: %v", f.Path, err))
		var found bool
		if f.Content, found = s.Find(f.Path, f.SHA256); !found {
			return nil, nil, damage
		}
	}
	for i := range g.Files {
		if f, found := g.File(g.Files[i].Path); found {
			g.Files[i].Content = f.Content
		}
	}
	if m.Number != number || g.Digest() != m.Digest {
		return nil, nil, damaged("the manifest is that of another generation")
	}
	return g, damage, nil
}

// read reads a file that must have a hash.
func (s Store) read(p, sum string) ([]byte, error) {
	content, err := s.FS.ReadFile(p)
	if err == nil && generation.Sum(content) != sum {
		return nil, errors.New("is not what its hash says")
	}
	return content, err
}

// Find looks for the content of a path by its hash: at the path itself, then in every stored generation, latest first.
func (s Store) Find(p, sum string) ([]byte, bool) {
	if content, err := s.read(p, sum); err == nil {
		return content, true
	}
	numbers, err := s.Numbers()
	if err != nil {
		return nil, false
	}
	for _, number := range slices.Backward(numbers) {
		if content, err := s.read(path.Join(s.Tree(number), p), sum); err == nil {
			return content, true
		}
	}
	return nil, false
}

// Numbers returns the generations that are stored, lowest first.
func (s Store) Numbers() ([]int, error) {
	names, err := s.FS.ReadFolder(s.Folder)
	if rootfs.Missing(err) {
		return nil, nil
	}
	var numbers []int
	for _, name := range names {
		if number, err := strconv.Atoi(name); err == nil && number > 0 {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, err
}

// Clean removes what runs that were cut off have left half done.
func (s Store) Clean() error {
	names, err := s.FS.ReadFolder(s.Folder)
	if rootfs.Missing(err) {
		return nil
	}
	for _, name := range names {
		if strings.HasSuffix(name, suffixNew) {
			err = errors.Join(err, rootfs.RemoveTree(s.FS, path.Join(s.Folder, name)))
		}
	}
	return err
}

// Remove deletes a generation; cut off halfway, it leaves something that [Store.Clean] removes.
func (s Store) Remove(number int) error {
	gone := s.folder(number) + suffixNew
	if err := rootfs.RemoveTree(s.FS, gone); err != nil {
		return err
	}
	if err := s.FS.Rename(s.folder(number), gone); err != nil {
		if rootfs.Missing(err) {
			return nil
		}
		return err
	}
	return rootfs.RemoveTree(s.FS, gone)
}

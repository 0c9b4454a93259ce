package rootfs

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"
	"syscall"
)

// Memory is a file system that remembers what is durable and what is not, for tests that cut its power.
//
// Its folders and files have two states: what programs see, and what a power cut would leave. Between two SyncFolder
// calls each folder's changes reach the disk in order, whatever becomes of another folder's, so a cut keeps some first
// part of them; a file's content reaches it in any way at all. Real file systems are kinder, each in its own way.
type Memory struct {
	// Step is called with the name of an operation before each one that changes something; what it returns is what
	// the operation returns, and nothing happens then. nil is never called.
	Step func(op, path string) error
	// Capacity is how many bytes all files together may have; 0 is no limit.
	Capacity int64

	mu   sync.Mutex
	seen *node
	// pending are the changes of folders that are not durable yet, in order.
	pending []change
}

type node struct {
	info Info
	// children of a folder; durable are those that a power cut leaves.
	children, durable map[string]*node
	content, synced   []byte
	// dirty says that content is not durable.
	dirty bool
}

// change is one atomic change of directory entries: all of the puts together.
type change struct {
	puts []put
}

type put struct {
	folder *node
	name   string
	// child is nil where the entry goes away.
	child *node
}

// NewMemory returns an empty file system with a root folder.
func NewMemory() *Memory {
	return &Memory{seen: newFolder(0o755)}
}

func newFolder(mode uint32) *node {
	return &node{info: Info{Kind: Folder, Mode: mode}, children: map[string]*node{}, durable: map[string]*node{}}
}

func (m *Memory) step(op, p string) error {
	if err := check(op, p); err != nil {
		return err
	}
	if m.Step == nil {
		return nil
	}
	return m.Step(op, p)
}

func fail(op, p string, err error) error { return &fs.PathError{Op: op, Path: p, Err: err} }

// find returns the node at a path; nil where the last part is missing.
func (m *Memory) find(op, p string) (folder, at *node, err error) {
	if err := check(op, p); err != nil {
		return nil, nil, err
	}
	if p == "/" {
		return nil, m.seen, nil
	}
	folder, err = m.folder(op, path.Dir(p))
	if err != nil {
		return nil, nil, err
	}
	return folder, folder.children[path.Base(p)], nil
}

func (m *Memory) folder(op, p string) (*node, error) {
	if p == "/" {
		return m.seen, nil
	}
	above, err := m.folder(op, path.Dir(p))
	if err != nil {
		return nil, err
	}
	at := above.children[path.Base(p)]
	switch {
	case at == nil:
		return nil, fail(op, p, fs.ErrNotExist)
	case at.info.Kind == Link:
		return nil, fail(op, p, ErrLink)
	case at.info.Kind != Folder:
		return nil, fail(op, p, syscall.ENOTDIR)
	}
	return at, nil
}

func (m *Memory) regular(op, p string) (*node, error) {
	_, at, err := m.find(op, p)
	switch {
	case err != nil:
		return nil, err
	case at == nil:
		return nil, fail(op, p, fs.ErrNotExist)
	case at.info.Kind != Regular:
		return nil, fail(op, p, errors.New("is not a regular file"))
	}
	return at, nil
}

func (m *Memory) used(at *node) int64 {
	total := at.info.Size
	for _, child := range at.children {
		total += m.used(child)
	}
	return total
}

func (m *Memory) room(op, p string, more int) error {
	if m.Capacity > 0 && m.used(m.seen)+int64(more) > m.Capacity {
		return fail(op, p, syscall.ENOSPC)
	}
	return nil
}

func (m *Memory) enter(puts ...put) {
	for _, p := range puts {
		if p.child == nil {
			delete(p.folder.children, p.name)
		} else {
			p.folder.children[p.name] = p.child
		}
	}
	m.pending = append(m.pending, change{puts})
}

// add makes a new entry.
func (m *Memory) add(op, p string, child *node) error {
	folder, at, err := m.find(op, p)
	if err != nil {
		return err
	}
	if at != nil {
		return fail(op, p, fs.ErrExist)
	}
	if err := m.room(op, p, len(child.content)); err != nil {
		return err
	}
	m.enter(put{folder, path.Base(p), child})
	return nil
}

// Lstat implements [FS].
func (m *Memory) Lstat(p string) (Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, at, err := m.find("lstat", p)
	if err != nil {
		return Info{}, err
	}
	if at == nil {
		return Info{}, fail("lstat", p, fs.ErrNotExist)
	}
	return at.info, nil
}

// ReadFile implements [FS].
func (m *Memory) ReadFile(p string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.regular("read", p)
	if err != nil {
		return nil, err
	}
	return slices.Clone(at.content), nil
}

// ReadFolder implements [FS].
func (m *Memory) ReadFolder(p string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.folder("readdir", p)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(at.children)), nil
}

// Create implements [FS].
func (m *Memory) Create(p string, content []byte, mode uint32, uid, gid int) error {
	if err := m.step("create", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	info := Info{Kind: Regular, Mode: mode, UID: uid, GID: gid, Size: int64(len(content))}
	return m.add("create", p, &node{info: info, content: slices.Clone(content), dirty: true})
}

// Own implements [FS].
func (m *Memory) Own(p string, mode uint32, uid, gid int) error {
	if err := m.step("own", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.regular("own", p)
	if err != nil {
		return err
	}
	at.info.Mode, at.info.UID, at.info.GID = mode, uid, gid
	return nil
}

// Append implements [FS].
func (m *Memory) Append(p string, content []byte) error {
	if err := m.step("append", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.regular("append", p)
	if err != nil {
		return err
	}
	if err := m.room("append", p, len(content)); err != nil {
		return err
	}
	at.set(append(slices.Clone(at.content), content...))
	return nil
}

func (n *node) set(content []byte) {
	n.content, n.dirty, n.info.Size = content, true, int64(len(content))
}

// Truncate implements [FS].
func (m *Memory) Truncate(p string, size int64) error {
	if err := m.step("truncate", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.regular("truncate", p)
	if err != nil {
		return err
	}
	if size < at.info.Size {
		at.set(slices.Clone(at.content[:size]))
	}
	return nil
}

// Reserve implements [FS].
func (m *Memory) Reserve(p string, size int64) error {
	if err := m.step("reserve", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, at, err := m.find("reserve", p)
	if err != nil || at != nil {
		return err
	}
	return m.add("reserve", p, &node{info: Info{Kind: Regular, Mode: 0o600, Size: size}, content: make([]byte, size)})
}

// Symlink implements [FS].
func (m *Memory) Symlink(target, p string) error {
	if err := m.step("symlink", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add("symlink", p, &node{info: Info{Kind: Link, Mode: 0o777, Target: target}})
}

// Mkdir implements [FS].
func (m *Memory) Mkdir(p string, mode uint32) error {
	if err := m.step("mkdir", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add("mkdir", p, newFolder(mode))
}

// Rename implements [FS].
func (m *Memory) Rename(oldPath, newPath string) error {
	if err := m.step("rename", newPath); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	from, at, err := m.find("rename", oldPath)
	if err != nil {
		return err
	}
	if at == nil {
		return fail("rename", oldPath, fs.ErrNotExist)
	}
	to, there, err := m.find("rename", newPath)
	if err != nil {
		return err
	}
	if there != nil && (there.info.Kind == Folder) != (at.info.Kind == Folder) {
		return fail("rename", newPath, syscall.EISDIR)
	}
	if there != nil && len(there.children) > 0 {
		return fail("rename", newPath, syscall.ENOTEMPTY)
	}
	m.enter(put{from, path.Base(oldPath), nil}, put{to, path.Base(newPath), at})
	return nil
}

// Remove implements [FS].
func (m *Memory) Remove(p string) error {
	_, err := m.Lstat(p)
	if err != nil {
		return fail("remove", p, err)
	}
	if err := m.step("remove", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	folder, at, err := m.find("remove", p)
	switch {
	case err != nil:
		return err
	case at == nil || folder == nil:
		return fail("remove", p, fs.ErrNotExist)
	case len(at.children) > 0:
		return fail("remove", p, syscall.ENOTEMPTY)
	}
	m.enter(put{folder, path.Base(p), nil})
	return nil
}

func (m *Memory) walk(at *node, do func(*node)) {
	do(at)
	for _, name := range slices.Sorted(maps.Keys(at.children)) {
		m.walk(at.children[name], do)
	}
}

// Space implements [FS].
func (m *Memory) Space(string) (Space, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Capacity == 0 {
		return Space{Bytes: 1 << 40}, nil
	}
	return Space{Bytes: uint64(max(m.Capacity-m.used(m.seen), 0))}, nil
}

// Used is how many bytes all files together have.
func (m *Memory) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used(m.seen)
}

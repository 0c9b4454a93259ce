package rootfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// persist makes changes durable, in order, that concern one folder (all where it is nil) and those which a change of
// two folders ties to it, and that are wanted. One that is not wanted holds up the later ones of its folders.
func (m *Memory) persist(wanted func(change) bool, only *node) {
	concerned := map[*node]bool{only: true}
	// Backwards, for what is tied comes before.
	for _, c := range slices.Backward(m.pending) {
		if c.concerns(concerned) {
			c.mark(concerned)
		}
	}
	heldUp := map[*node]bool{}
	var left []change
	for _, c := range m.pending {
		if only != nil && !c.concerns(concerned) || c.concerns(heldUp) || !wanted(c) {
			c.mark(heldUp)
			left = append(left, c)
			continue
		}
		for _, p := range c.puts {
			if p.child == nil {
				delete(p.folder.durable, p.name)
			} else {
				p.folder.durable[p.name] = p.child
			}
		}
	}
	m.pending = left
}

func (c change) concerns(folders map[*node]bool) bool {
	return slices.ContainsFunc(c.puts, func(p put) bool { return folders[p.folder] })
}

func (c change) mark(folders map[*node]bool) {
	for _, p := range c.puts {
		folders[p.folder] = true
	}
}

// CutPower leaves what is durable, with random parts of what is not: a first part of the folders' changes, and files
// that were not synced empty, torn, full of zeros or whole.
func (m *Memory) CutPower(random *rand.Rand) {
	m.mu.Lock()
	defer m.mu.Unlock()
	// One change in so many does not make it; with few of them often all do.
	unlikely := 1 + random.IntN(8)
	m.persist(func(change) bool { return random.IntN(unlikely+1) > 0 }, nil)
	m.pending = nil
	m.restore(m.seen, random, map[*node]bool{})
}

func (m *Memory) restore(at *node, random *rand.Rand, done map[*node]bool) {
	if done[at] {
		return
	}
	done[at] = true
	if at.info.Kind == Regular && at.dirty {
		at.content = tear(at.content, at.synced, random)
		at.info.Size = int64(len(at.content))
		at.synced, at.dirty = at.content, false
	}
	if at.info.Kind == Folder {
		at.children = maps.Clone(at.durable)
		for _, name := range slices.Sorted(maps.Keys(at.children)) {
			m.restore(at.children[name], random, done)
		}
	}
}

// tear returns what may be left of a file that was not synced. What was synced before and only added to stays.
func tear(content, synced []byte, random *rand.Rand) []byte {
	keep := 0
	for keep < min(len(content), len(synced)) && content[keep] == synced[keep] {
		keep++
	}
	torn := slices.Clone(content)
	cut := keep + random.IntN(len(content)-keep+1)
	switch random.IntN(4) {
	case 0:
		return slices.Clone(synced)
	case 1:
		return torn[:cut]
	case 2:
		clear(torn[cut:])
		return torn
	default:
		return torn
	}
}

// SyncFile implements [FS].
func (m *Memory) SyncFile(p string) error {
	if err := m.step("sync", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.regular("sync", p)
	if err != nil {
		return err
	}
	at.synced, at.dirty = at.content, false
	return nil
}

// SyncFolder implements [FS].
func (m *Memory) SyncFolder(p string) error {
	if err := m.step("sync", p); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at, err := m.folder("sync", p)
	if err != nil {
		return err
	}
	m.persist(func(change) bool { return true }, at)
	return nil
}

// SyncAll implements [FS].
func (m *Memory) SyncAll() error {
	if err := m.step("sync", "/"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.persist(func(change) bool { return true }, nil)
	m.walk(m.seen, func(n *node) { n.synced, n.dirty = n.content, false })
	return nil
}

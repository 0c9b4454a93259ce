package paper

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"strings"

	"blackroad.io/edge/internal/rootfs"
)

// owner is what a file would have.
type owner struct {
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	Mode uint32 `json:"mode"`
}

const ownersPath = "/var/lib/reef-agent/owners.json"

// Files is the file system of a host made of files. All of it seems to belong to root, but for what it knows better:
// owners cannot be given without root, and a mode that keeps our own user out would keep us out. Nothing is synced:
// these hosts do not lose power.
type Files struct {
	*rootfs.Disk
	host Host
	// known are the paths whose owner or mode is not what the disk says.
	known map[string]owner
}

// OpenFiles opens the files of a host.
func OpenFiles(h Host) (*Files, error) {
	disk, err := rootfs.OpenDisk(h.Root)
	if err != nil {
		return nil, err
	}
	f := &Files{Disk: disk, host: h, known: map[string]owner{}}
	data, err := os.ReadFile(h.path(ownersPath))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &f.known)
	}
	return f, err
}

func (f *Files) save() error {
	data, err := json.MarshalIndent(f.known, "", "  ")
	if err != nil {
		return err
	}
	fresh := f.host.path(ownersPath) + ".new"
	if err := os.WriteFile(fresh, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, f.host.path(ownersPath))
}

// ours are the bits that we need ourselves.
const ours = 0o600

// Create implements [rootfs.FS].
func (f *Files) Create(p string, content []byte, mode uint32, uid, gid int) error {
	if err := f.Disk.Create(p, content, mode&0o777|ours, 0, 0); err != nil {
		return err
	}
	if mode == mode&0o777|ours && uid == 0 && gid == 0 {
		return nil
	}
	f.known[p] = owner{uid, gid, mode}
	return f.save()
}

// Own implements [rootfs.FS].
func (f *Files) Own(p string, mode uint32, uid, gid int) error {
	if err := f.Disk.Own(p, mode&0o777|ours, 0, 0); err != nil {
		return err
	}
	known := maps.Clone(f.known)
	known[p] = owner{uid, gid, mode}
	return f.learn(known)
}

// Lstat implements [rootfs.FS].
func (f *Files) Lstat(p string) (rootfs.Info, error) {
	info, err := f.Disk.Lstat(p)
	info.UID, info.GID = 0, 0
	if better, is := f.known[p]; is && err == nil {
		info.UID, info.GID, info.Mode = better.UID, better.GID, better.Mode
	}
	return info, err
}

// Rename implements [rootfs.FS].
func (f *Files) Rename(from, to string) error {
	if err := f.Disk.Rename(from, to); err != nil {
		return err
	}
	moved := map[string]owner{}
	for p, is := range f.known {
		switch {
		case p == from, strings.HasPrefix(p, from+"/"):
			moved[to+strings.TrimPrefix(p, from)] = is
		case p != to:
			moved[p] = is
		}
	}
	return f.learn(moved)
}

// Remove implements [rootfs.FS].
func (f *Files) Remove(p string) error {
	if err := f.Disk.Remove(p); err != nil {
		return err
	}
	left := maps.Clone(f.known)
	delete(left, p)
	return f.learn(left)
}

func (f *Files) learn(known map[string]owner) error {
	if maps.Equal(known, f.known) {
		return nil
	}
	f.known = known
	return f.save()
}

// SyncFile implements [rootfs.FS].
func (*Files) SyncFile(string) error { return nil }

// SyncFolder implements [rootfs.FS].
func (*Files) SyncFolder(string) error { return nil }

// SyncAll implements [rootfs.FS].
func (*Files) SyncAll() error { return nil }

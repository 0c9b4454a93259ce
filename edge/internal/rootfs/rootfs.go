// Package rootfs is a host's file system as the agent uses it: few operations, each of which either happens or does
// not, and two kinds of durability made explicit. [Disk] is the real one, [Memory] the one that tests cut power to.
//
// All paths are absolute and clean, below the root that the implementation was opened with. No operation follows a
// symbolic link, neither in a folder on the way nor at the end: who can write to a folder on the way must not be able
// to lead the agent elsewhere.
package rootfs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Kind is what stands at a path.
type Kind int

// The kinds of things that the agent tells apart. Other is a device, a socket or a pipe.
const (
	Regular Kind = iota + 1
	Folder
	Link
	Other
)

// Info describes what stands at a path.
type Info struct {
	Kind Kind
	// Mode has the permission bits with set-user-id, set-group-id and sticky as in chmod(2), at most 07777.
	Mode     uint32
	UID, GID int
	Size     int64
	// Target is where a link points; empty for everything else.
	Target string
}

// Space is what is left on the file system that holds a path.
type Space struct {
	Bytes uint64
	// Files is how many more files fit; file systems without such a limit say 0 in TotalFiles.
	Files, TotalFiles uint64
}

// FS is a host's file system. A missing path is an error for which errors.Is(err, fs.ErrNotExist) holds.
//
// After a power cut a file has the content of its last SyncFile, or anything else if there was none since it was
// written; a folder has the entries of its last SyncFolder and perhaps some later ones.
type FS interface {
	Lstat(path string) (Info, error)
	// ReadFile returns the content of a regular file.
	ReadFile(path string) ([]byte, error)
	// ReadFolder returns the names in a folder, sorted.
	ReadFolder(path string) ([]string, error)
	// Create makes a regular file that must not exist. Not durable until SyncFile and SyncFolder.
	Create(path string, content []byte, mode uint32, uid, gid int) error
	// Append adds to the end of a regular file in one write. Not durable until SyncFile.
	Append(path string, content []byte) error
	// Truncate cuts a regular file to a size in bytes. Not durable until SyncFile.
	Truncate(path string, size int64) error
	// Reserve makes a file that occupies so many bytes, to be had back by removing it.
	Reserve(path string, size int64) error
	Symlink(target, path string) error
	Mkdir(path string, mode uint32) error
	// Rename replaces whatever file or link stands at the new path.
	Rename(oldPath, newPath string) error
	// Remove removes a file, a link or an empty folder.
	Remove(path string) error
	// Own gives a regular file a mode and an owner. At no moment may anyone do with it what neither the old nor the new
	// ones allow. Not durable until SyncFile.
	Own(path string, mode uint32, uid, gid int) error
	// SyncFile makes the content, mode and owner of a regular file durable.
	SyncFile(path string) error
	// SyncFolder makes the entries of a folder durable.
	SyncFolder(path string) error
	// SyncAll makes everything durable, also what other programs wrote.
	SyncAll() error
	Space(path string) (Space, error)
}

// ErrLink says that a folder on the way to a path is a symbolic link.
var ErrLink = errors.New("is a symbolic link; name the real path")

// TempName is the path beside a file at which its successor is written before it takes the file's place.
func TempName(p string) string {
	return path.Join(path.Dir(p), "."+path.Base(p)+".reef-new")
}

// Missing reports whether nothing stands at a path.
func Missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// Exists reports whether something stands at a path.
func Exists(f FS, p string) (bool, error) {
	switch _, err := f.Lstat(p); {
	case Missing(err):
		return false, nil
	default:
		return err == nil, err
	}
}

// Replace puts a whole file at a path, durably: after a power cut either the old or the new one is there.
func Replace(f FS, p string, content []byte, mode uint32, uid, gid int) error {
	temp := TempName(p)
	if err := RemoveIfThere(f, temp); err != nil {
		return err
	}
	if err := f.Create(temp, content, mode, uid, gid); err != nil {
		return err
	}
	if err := f.SyncFile(temp); err != nil {
		return err
	}
	return finish(f, temp, p)
}

// ReplaceLink puts a symbolic link at a path, durably, as [Replace] does for a file.
func ReplaceLink(f FS, p, target string) error {
	temp := TempName(p)
	if err := RemoveIfThere(f, temp); err != nil {
		return err
	}
	if err := f.Symlink(target, temp); err != nil {
		return err
	}
	return finish(f, temp, p)
}

func finish(f FS, temp, p string) error {
	if err := f.Rename(temp, p); err != nil {
		return err
	}
	return f.SyncFolder(path.Dir(p))
}

// RemoveIfThere removes a file, a link or an empty folder, and is content if there is none.
func RemoveIfThere(f FS, p string) error {
	if err := f.Remove(p); err != nil && !Missing(err) {
		return err
	}
	return nil
}

// RemoveTree removes a folder with everything in it, or a file; content if there is none.
func RemoveTree(f FS, p string) error {
	info, err := f.Lstat(p)
	if Missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Kind == Folder {
		names, err := f.ReadFolder(p)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := RemoveTree(f, path.Join(p, name)); err != nil {
				return err
			}
		}
	}
	return RemoveIfThere(f, p)
}

// MkdirAll makes a folder with those above it that are missing, durably, and returns the ones it made, outermost first.
func MkdirAll(f FS, p string, mode uint32) ([]string, error) {
	var missing []string
	for at := p; ; at = path.Dir(at) {
		info, err := f.Lstat(at)
		if err == nil {
			if info.Kind != Folder {
				return nil, fmt.Errorf("%s is not a folder", at)
			}
			break
		}
		if !Missing(err) || at == "/" {
			return nil, err
		}
		missing = append(missing, at)
	}
	var made []string
	for i := len(missing) - 1; i >= 0; i-- {
		if err := f.Mkdir(missing[i], mode); err != nil {
			return made, err
		}
		made = append(made, missing[i])
		if err := f.SyncFolder(path.Dir(missing[i])); err != nil {
			return made, err
		}
	}
	return made, nil
}

// check refuses paths that are not absolute and clean.
func check(op, p string) error {
	if !strings.HasPrefix(p, "/") || path.Clean(p) != p || strings.ContainsRune(p, 0) {
		return &fs.PathError{Op: op, Path: p, Err: fs.ErrInvalid}
	}
	return nil
}

package rootfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// largestFile bounds what ReadFile takes into memory, in bytes. Documents are bounded far below.
const largestFile = 256 << 20

// Disk is the real file system below a folder.
type Disk struct {
	root int
	// owners is off where the process may not give files away, as in tests without root.
	owners bool
}

// OpenDisk opens the file system below a folder: `/` on a host.
func OpenDisk(root string) (*Disk, error) {
	fd, err := unix.Open(root, onlyPath|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: root, Err: err}
	}
	return &Disk{root: fd, owners: os.Geteuid() == 0}, nil
}

// Close gives the root's descriptor back.
func (d *Disk) Close() error { return unix.Close(d.root) }

// folder opens the folder p without following a link in any step. The caller closes it.
func (d *Disk) folder(op, p string, flags int) (int, error) {
	if err := check(op, p); err != nil {
		return -1, err
	}
	at, err := unix.Dup(d.root)
	if err != nil {
		return -1, &fs.PathError{Op: op, Path: p, Err: err}
	}
	parts := strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
	for i := 0; i <= len(parts); i++ {
		name, how := ".", onlyPath
		if i < len(parts) {
			name = parts[i]
		} else if how = flags; flags == onlyPath {
			break
		}
		next, err := unix.Openat(at, name, how|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			err = explain(at, name, err)
			_ = unix.Close(at)
			return -1, &fs.PathError{Op: op, Path: "/" + strings.Join(parts[:min(i+1, len(parts))], "/"), Err: err}
		}
		_ = unix.Close(at)
		at = next
	}
	return at, nil
}

// explain tells a link from everything else that is not a folder.
func explain(at int, name string, err error) error {
	var stat unix.Stat_t
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		if unix.Fstatat(at, name, &stat, unix.AT_SYMLINK_NOFOLLOW) == nil && stat.Mode&unix.S_IFMT == unix.S_IFLNK {
			return ErrLink
		}
	}
	return err
}

// within calls do with the open folder of a path and the path's last part.
func (d *Disk) within(op, p string, do func(folder int, name string) error) error {
	if p == "/" {
		return &fs.PathError{Op: op, Path: p, Err: fs.ErrInvalid}
	}
	if err := check(op, p); err != nil {
		return err
	}
	folder, err := d.folder(op, path.Dir(p), onlyPath)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(folder) }()
	if err := do(folder, path.Base(p)); err != nil {
		return &fs.PathError{Op: op, Path: p, Err: err}
	}
	return nil
}

// Lstat implements [FS].
func (d *Disk) Lstat(p string) (Info, error) {
	if p == "/" {
		return Info{Kind: Folder, Mode: 0o755}, nil
	}
	var info Info
	err := d.within("lstat", p, func(folder int, name string) error {
		var stat unix.Stat_t
		if err := unix.Fstatat(folder, name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		info = Info{Kind: Other, Mode: uint32(stat.Mode) & 0o7777, UID: int(stat.Uid), GID: int(stat.Gid), Size: stat.Size}
		switch stat.Mode & unix.S_IFMT {
		case unix.S_IFREG:
			info.Kind = Regular
		case unix.S_IFDIR:
			info.Kind = Folder
		case unix.S_IFLNK:
			info.Kind = Link
			buffer := make([]byte, unix.PathMax)
			n, err := unix.Readlinkat(folder, name, buffer)
			info.Target = string(buffer[:max(n, 0)])
			return err
		}
		return nil
	})
	return info, err
}

// file opens a regular file and calls do with it.
func (d *Disk) file(op, p string, flags int, mode uint32, do func(*os.File) error) error {
	return d.within(op, p, func(folder int, name string) error {
		// O_NONBLOCK: a pipe that someone put there must not hold us up.
		fd, err := unix.Openat(folder, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, mode)
		if err != nil {
			return explain(folder, name, err)
		}
		file := os.NewFile(uintptr(fd), p)
		var stat unix.Stat_t
		if err := unix.Fstat(fd, &stat); err != nil {
			_ = file.Close()
			return err
		}
		if stat.Mode&unix.S_IFMT != unix.S_IFREG {
			_ = file.Close()
			return errors.New("is not a regular file")
		}
		return errors.Join(do(file), file.Close())
	})
}

// ReadFile implements [FS].
func (d *Disk) ReadFile(p string) ([]byte, error) {
	var content []byte
	err := d.file("read", p, unix.O_RDONLY, 0, func(file *os.File) error {
		var err error
		content, err = io.ReadAll(io.LimitReader(file, largestFile+1))
		if err == nil && len(content) > largestFile {
			err = fmt.Errorf("is larger than %d MiB", largestFile>>20)
		}
		return err
	})
	return content, err
}

// ReadFolder implements [FS].
func (d *Disk) ReadFolder(p string) ([]string, error) {
	fd, err := d.folder("readdir", p, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	folder := os.NewFile(uintptr(fd), p)
	names, err := folder.Readdirnames(-1)
	slices.Sort(names)
	return names, errors.Join(err, folder.Close())
}

// Create implements [FS].
func (d *Disk) Create(p string, content []byte, mode uint32, uid, gid int) error {
	return d.file("create", p, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600, func(file *os.File) error {
		if _, err := file.Write(content); err != nil {
			return err
		}
		if d.owners {
			// Before the mode, since a change of owner clears the set-user-id bit.
			if err := unix.Fchown(int(file.Fd()), uid, gid); err != nil {
				return err
			}
		}
		return unix.Fchmod(int(file.Fd()), mode)
	})
}

// Own implements [FS].
func (d *Disk) Own(p string, mode uint32, uid, gid int) error {
	return d.file("own", p, unix.O_RDONLY, 0, func(file *os.File) error {
		fd := int(file.Fd())
		if d.owners {
			var stat unix.Stat_t
			if err := unix.Fstat(fd, &stat); err != nil {
				return err
			}
			// What the old group may do, the new one might not.
			if err := unix.Fchmod(fd, uint32(stat.Mode)&mode&0o777); err != nil {
				return err
			}
			if err := unix.Fchown(fd, uid, gid); err != nil {
				return err
			}
		}
		return unix.Fchmod(fd, mode)
	})
}

// Append implements [FS].
func (d *Disk) Append(p string, content []byte) error {
	return d.file("append", p, unix.O_WRONLY|unix.O_APPEND, 0, func(file *os.File) error {
		_, err := file.Write(content)
		return err
	})
}

// Truncate implements [FS].
func (d *Disk) Truncate(p string, size int64) error {
	return d.file("truncate", p, unix.O_WRONLY, 0, func(file *os.File) error { return file.Truncate(size) })
}

// Reserve implements [FS].
func (d *Disk) Reserve(p string, size int64) error {
	return d.file("reserve", p, unix.O_WRONLY|unix.O_CREAT, 0o600, func(file *os.File) error {
		err := allocate(int(file.Fd()), max(size, 1))
		if errors.Is(err, unix.EOPNOTSUPP) {
			_, err = io.CopyN(file, zeros{}, size)
		}
		return err
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Symlink implements [FS].
func (d *Disk) Symlink(target, p string) error {
	return d.within("symlink", p, func(folder int, name string) error { return unix.Symlinkat(target, folder, name) })
}

// Mkdir implements [FS].
func (d *Disk) Mkdir(p string, mode uint32) error {
	return d.within("mkdir", p, func(folder int, name string) error {
		if err := unix.Mkdirat(folder, name, mode); err != nil {
			return err
		}
		return unix.Fchmodat(folder, name, mode, 0)
	})
}

// Rename implements [FS].
func (d *Disk) Rename(oldPath, newPath string) error {
	return d.within("rename", oldPath, func(from int, oldName string) error {
		return d.within("rename", newPath, func(to int, newName string) error {
			return unix.Renameat(from, oldName, to, newName)
		})
	})
}

// Remove implements [FS].
func (d *Disk) Remove(p string) error {
	return d.within("remove", p, func(folder int, name string) error {
		err := unix.Unlinkat(folder, name, 0)
		if errors.Is(err, unix.EISDIR) {
			return unix.Unlinkat(folder, name, unix.AT_REMOVEDIR)
		}
		return err
	})
}

// SyncFile implements [FS].
func (d *Disk) SyncFile(p string) error {
	return d.file("sync", p, unix.O_RDONLY, 0, func(file *os.File) error { return file.Sync() })
}

// SyncFolder implements [FS].
func (d *Disk) SyncFolder(p string) error {
	fd, err := d.folder("sync", p, unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.Fsync(fd); err != nil && !errors.Is(err, unix.EINVAL) {
		return &fs.PathError{Op: "sync", Path: p, Err: err}
	}
	return nil
}

// SyncAll implements [FS].
func (d *Disk) SyncAll() error {
	unix.Sync()
	return nil
}

// Space implements [FS].
func (d *Disk) Space(p string) (Space, error) {
	fd, err := d.folder("statfs", p, unix.O_RDONLY)
	if err != nil {
		return Space{}, err
	}
	defer func() { _ = unix.Close(fd) }()
	var stat unix.Statfs_t
	if err := unix.Fstatfs(fd, &stat); err != nil {
		return Space{}, &fs.PathError{Op: "statfs", Path: p, Err: err}
	}
	return Space{Bytes: stat.Bavail * uint64(stat.Bsize), Files: stat.Ffree, TotalFiles: stat.Files}, nil
}

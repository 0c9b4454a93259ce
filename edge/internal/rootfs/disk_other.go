//go:build !linux

package rootfs

import "golang.org/x/sys/unix"

// onlyPath opens a folder for nothing but going on from it. Hosts are Linux; elsewhere only hosts made of files are.
const onlyPath = unix.O_RDONLY

// allocate says that this cannot be had, so that zeros are written instead.
func allocate(int, int64) error { return unix.EOPNOTSUPP }

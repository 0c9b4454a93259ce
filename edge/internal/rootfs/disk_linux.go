package rootfs

import "golang.org/x/sys/unix"

// onlyPath opens a folder for nothing but going on from it.
const onlyPath = unix.O_PATH

// allocate gives a file so many bytes of the disk.
func allocate(fd int, size int64) error { return unix.Fallocate(fd, 0, 0, size) }

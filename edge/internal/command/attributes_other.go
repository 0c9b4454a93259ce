//go:build !linux

package command

import "syscall"

// attributes give a program a group of its own. Nothing but Linux lets it die with us; hosts are Linux.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

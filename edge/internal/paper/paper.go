// Package paper is a host made of files, for a machine on which nothing may be changed: no root, no systemd, perhaps
// not even Linux. A generation's files lie below a folder; what would have been done besides is written down.
//
//	ROOT/var/lib/reef-agent/paper.log     what would have been run, line by line
//	ROOT/var/lib/reef-agent/owners.json   owners and modes that the files themselves do not have
//	ROOT/var/lib/paper/                   units, packages and kernel settings, as other stand-ins keep them too
package paper

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Host is a folder that stands for a host.
type Host struct{ Root string }

func (h Host) path(p string) string { return filepath.Join(h.Root, filepath.FromSlash(p)) }

const logPath = "/var/lib/reef-agent/paper.log"

// note writes down what would have been done.
func (h Host) note(format string, args ...any) error {
	if err := os.MkdirAll(filepath.Dir(h.path(logPath)), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(h.path(logPath), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, format+"\n", args...)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// fact is a file below /var/lib/paper; that it is there says something.
func (h Host) fact(kind, name string) string {
	return filepath.Join(h.path("/var/lib/paper"), filepath.FromSlash(kind), strings.ReplaceAll(name, "/", "."))
}

func (h Host) is(kind, name string) bool {
	_, err := os.Lstat(h.fact(kind, name))
	return err == nil
}

func (h Host) set(kind, name, content string) error {
	p := h.fact(kind, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		return err
	}
	return os.WriteFile(p, []byte(content), 0o644)
}

func (h Host) unset(kind, name string) error {
	if err := os.Remove(h.fact(kind, name)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// Base makes what every Debian has before anything of ours: folders, and the accounts of base-passwd.
func (h Host) Base() error {
	for _, folder := range []string{"/etc/systemd/system", "/usr/local/sbin", "/var/lib"} {
		if err := os.MkdirAll(h.path(folder), 0o755); err != nil {
			return err
		}
	}
	for p, text := range map[string]string{"/etc/passwd": basePasswd, "/etc/group": baseGroup} {
		file, err := os.OpenFile(h.path(p), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = file.WriteString(text)
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const basePasswd = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`

const baseGroup = `root:x:0:
daemon:x:1:
adm:x:4:
sudo:x:27:
www-data:x:33:
nogroup:x:65534:
`

// Self is the agent's program on paper. It is taken for whichever agent the host has, since it can do the same.
type Self struct{ Host Host }

// Content implements revert.Self.
func (s Self) Content() ([]byte, error) {
	content, err := os.ReadFile(s.Host.path("/usr/local/sbin/reef-agent"))
	if os.IsNotExist(err) {
		return []byte("The agent of a host made of files.\n"), nil
	}
	return content, err
}

// Package account finds and makes the users of a host.
package account

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// Table has the numbers of a host's users and groups.
type Table struct {
	users, groups map[string]int
	// members of each group that has some.
	members map[string]map[string]bool
}

// Read reads the host's own users and groups.
func Read(fs rootfs.FS) (*Table, error) {
	t := &Table{members: map[string]map[string]bool{}}
	var err error
	if t.users, err = t.read(fs, "/etc/passwd", nil); err != nil {
		return nil, err
	}
	t.groups, err = t.read(fs, "/etc/group", t.members)
	return t, err
}

func (t *Table) read(fs rootfs.FS, path string, members map[string]map[string]bool) (map[string]int, error) {
	numbers := map[string]int{"root": 0}
	data, err := fs.ReadFile(path)
	if rootfs.Missing(err) {
		return numbers, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		fields := strings.Split(line, ":")
		if len(fields) < 4 {
			continue
		}
		number, err := strconv.Atoi(fields[2])
		if err != nil {
			continue
		}
		numbers[fields[0]] = number
		if members != nil {
			members[fields[0]] = map[string]bool{}
			for member := range strings.SplitSeq(fields[3], ",") {
				members[fields[0]][member] = true
			}
		}
	}
	return numbers, nil
}

// Has reports whether there is such a user.
func (t *Table) Has(user string) bool {
	_, has := t.users[user]
	return has
}

// Owner resolves `user:group`.
func (t *Table) Owner(owner string) (uid, gid int, err error) {
	user, group, _ := strings.Cut(owner, ":")
	uid, hasUser := t.users[user]
	gid, hasGroup := t.groups[group]
	switch {
	case !hasUser:
		return 0, 0, fmt.Errorf("there is no user %s", user)
	case !hasGroup:
		return 0, 0, fmt.Errorf("there is no group %s", group)
	}
	return uid, gid, nil
}

// Lacks reports whether a user is missing, or a group that it must be in lacks it.
func (t *Table) Lacks(u generation.User) bool {
	if !t.Has(u.Name) {
		return true
	}
	for _, group := range u.Groups {
		if !t.members[group][u.Name] {
			return true
		}
	}
	return false
}

// Ensure makes a user who is missing, and adds one to groups that lack it.
func Ensure(ctx context.Context, runner command.Runner, t *Table, u generation.User) error {
	if !t.Lacks(u) {
		return nil
	}
	argv := []string{"usermod", "--append"}
	if !t.Has(u.Name) {
		argv = []string{"useradd", "--create-home"}
		if u.System {
			argv = []string{"useradd", "--system", "--no-create-home"}
		}
		if u.Home != "" {
			argv = append(argv, "--home-dir", u.Home)
		}
		switch {
		case u.Shell != "":
			argv = append(argv, "--shell", u.Shell)
		case u.System:
			argv = append(argv, "--shell", "/usr/sbin/nologin")
		default:
			argv = append(argv, "--shell", "/bin/bash")
		}
	}
	if len(u.Groups) > 0 {
		argv = append(argv, "--groups", strings.Join(u.Groups, ","))
	}
	_, err := runner.Run(ctx, command.Command{Argv: append(argv, "--", u.Name)})
	return err
}

// Delete removes a user; its home folder stays.
func Delete(ctx context.Context, runner command.Runner, t *Table, name string) error {
	if !t.Has(name) {
		return nil
	}
	_, err := runner.Run(ctx, command.Command{Argv: []string{"userdel", "--", name}})
	return err
}

package paper

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// firstNumber is where accounts of ours begin.
const firstNumber = 900

func option(argv []string, name string) []string {
	at := slices.Index(argv, name)
	if at < 0 || at+1 >= len(argv) {
		return nil
	}
	return strings.Split(argv[at+1], ",")
}

// edit changes the lines of an account file.
func (h Host) edit(p string, change func(lines []string) []string) error {
	text, err := os.ReadFile(h.path(p))
	if err != nil {
		return err
	}
	lines := change(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
	fresh := h.path(p) + ".new"
	if err := os.WriteFile(fresh, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, h.path(p))
}

func find(lines []string, name string) int {
	return slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
}

// free is a number that none of some lines has.
func free(lines []string) int {
	number := firstNumber
	for slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, fmt.Sprintf(":%d:", number)) }) {
		number++
	}
	return number
}

func (h Host) addGroup(name string) (number int, err error) {
	err = h.edit("/etc/group", func(lines []string) []string {
		if at := find(lines, name); at >= 0 {
			_, err = fmt.Sscanf(strings.Split(lines[at], ":")[2], "%d", &number)
			return lines
		}
		number = free(lines)
		return append(lines, fmt.Sprintf("%s:x:%d:", name, number))
	})
	return number, err
}

// addUser adds a user with a group of the same name.
func (p Programs) addUser(name string) error {
	group, err := p.Host.addGroup(name)
	if err != nil {
		return err
	}
	return p.Host.edit("/etc/passwd", func(lines []string) []string {
		if find(lines, name) >= 0 {
			return lines
		}
		return append(lines, fmt.Sprintf("%s:x:%d:%d::/nonexistent:/usr/sbin/nologin", name, free(lines), group))
	})
}

// join makes a user a member of groups, which are made where they are missing.
func (p Programs) join(user string, groups []string) error {
	for _, group := range groups {
		if _, err := p.Host.addGroup(group); err != nil {
			return err
		}
		err := p.Host.edit("/etc/group", func(lines []string) []string {
			at := find(lines, group)
			before, members, _ := cutLast(lines[at])
			names := strings.FieldsFunc(members, func(r rune) bool { return r == ',' })
			if !slices.Contains(names, user) {
				names = append(names, user)
			}
			lines[at] = before + ":" + strings.Join(names, ",")
			return lines
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func cutLast(line string) (before, after string, found bool) {
	at := strings.LastIndex(line, ":")
	if at < 0 {
		return line, "", false
	}
	return line[:at], line[at+1:], true
}

func (p Programs) removeUser(name string) error {
	for _, file := range []string{"/etc/passwd", "/etc/group"} {
		err := p.Host.edit(file, func(lines []string) []string {
			return slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

package transaction

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

// load is what the host's programs read, and whether they like it.
func (w *world) load(name string) (string, error) {
	var files []string
	switch name {
	case interfacesUnit:
		// What `reef-agent interfaces` does.
		return "", w.agent().Network().Boot(context.Background())
	case sshUnit:
		files = []string{sshdPath}
	case generation.NftablesUnit:
		files = []string{generation.NftablesPath}
	case webUnit:
		names, err := w.fs.ReadFolder("/etc/web")
		if err != nil && !rootfs.Missing(err) {
			return "", err
		}
		for _, n := range names {
			// As programs do: what begins with a dot is none of their files.
			info, err := w.fs.Lstat(path.Join("/etc/web", n))
			if err == nil && info.Kind == rootfs.Regular && !strings.HasPrefix(n, ".") {
				files = append(files, path.Join("/etc/web", n))
			}
		}
	}
	var text strings.Builder
	for _, p := range files {
		content, err := w.fs.ReadFile(p)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&text, "%s: %s\n", p, content)
	}
	if strings.Contains(text.String(), "BROKEN") {
		return "", fmt.Errorf("%s does not understand its files", name)
	}
	return text.String(), nil
}

// answer plays the programs that the agent calls.
func (w *world) answer(c command.Command) ([]byte, error) {
	argv := c.Argv
	switch argv[0] {
	case "dpkg-query":
		var out strings.Builder
		for _, p := range argv[4:] {
			if w.installed[p] {
				fmt.Fprintf(&out, "%s install ok installed\n", p)
			}
		}
		return []byte(out.String()), nil
	case "sysctl":
		return w.sysctl(argv)
	case "nft":
		return w.table()
	case "ip":
		return w.ip(argv)
	}
	if argv[1] == "--net" {
		return c.Stdin, nil
	}
	if err := w.step(c.String()); err != nil {
		return nil, err
	}
	switch argv[0] {
	case "unshare":
		return w.check(argv)
	case "apt-get":
		if w.offline {
			return nil, errors.New("the package source cannot be reached")
		}
		if at := slices.Index(argv, "install"); at >= 0 {
			for _, p := range argv[at+2:] {
				w.installed[p] = true
				if p == daemon {
					return nil, w.bringDaemon()
				}
			}
		}
	case "useradd":
		return nil, w.passwd(func(text string) string { return text + argv[len(argv)-1] + ":x:1000:0::/:/bin/sh\n" })
	case "userdel":
		name := argv[len(argv)-1]
		return nil, w.passwd(func(text string) string {
			return strings.ReplaceAll(text, name+":x:1000:0::/:/bin/sh\n", "")
		})
	}
	return nil, nil
}

// ip plays eth0.
func (w *world) ip(argv []string) ([]byte, error) {
	switch typed := strings.Join(argv[1:], " "); typed {
	case "-json address show":
		address, length, _ := strings.Cut(w.address, "/")
		return fmt.Appendf(nil, `[{"ifname":"eth0","flags":["UP"],"mtu":1500,"addr_info":[{"family":"inet","local":%q,"prefixlen":%s,"scope":"global"}]}]`, address, length), nil
	case "-json -4 route show":
		return fmt.Appendf(nil, `[{"dst":"default","gateway":%q,"dev":"eth0"}]`, w.gateway), nil
	case "-json -6 route show":
		return nil, nil
	}
	if err := w.step(strings.Join(argv, " ")); err != nil {
		return nil, err
	}
	switch argv[1] + " " + argv[2] {
	case "address replace":
		w.address = argv[3]
	case "route replace":
		w.gateway = argv[5]
	}
	return nil, nil
}

// table is what `nft list` says: here, what was loaded, as it was written.
func (w *world) table() ([]byte, error) {
	text, runs := strings.CutPrefix(w.units.Running[generation.NftablesUnit], generation.NftablesPath+": ")
	if !runs {
		return nil, &command.ExitError{Code: 1, Output: "No such file or directory"}
	}
	text, _, _ = strings.Cut(text, "}\n\n")
	return []byte(text + "}\n"), nil
}

// bringDaemon is what many a Debian package does: it enables and starts its unit at once.
func (w *world) bringDaemon() error {
	w.units.Preset[daemonUnit] = true
	if err := w.units.Enable(context.Background(), daemonUnit); err != nil {
		return err
	}
	return w.units.Do(context.Background(), unit.Start, daemonUnit)
}

func (w *world) sysctl(argv []string) ([]byte, error) {
	last := argv[len(argv)-1]
	key, value, write := strings.Cut(last, "=")
	if !write {
		return []byte(w.sysctls[key] + "\n"), nil
	}
	if err := w.step(strings.Join(argv, " ")); err != nil {
		return nil, err
	}
	w.sysctls[key] = value
	return nil, nil
}

func (w *world) passwd(change func(string) string) error {
	text, err := w.fs.ReadFile("/etc/passwd")
	if err != nil {
		return err
	}
	// shadow-utils has its own way of not leaving half a file; here it is one step.
	step := w.fs.Step
	w.fs.Step = nil
	defer func() { w.fs.Step = step }()
	return rootfs.Replace(w.fs, "/etc/passwd", []byte(change(string(text))), 0o644, 0, 0)
}

// check plays the checkers: they find what a file says, in the staged tree, if it says REFUSED.
func (w *world) check(argv []string) ([]byte, error) {
	tree := argv[9]
	for _, p := range []string{sshdPath, generation.NftablesPath} {
		content, err := w.fs.ReadFile(tree + p)
		if err == nil && bytes.Contains(content, []byte("REFUSED")) {
			return nil, &command.ExitError{Code: 1, Output: tree + p + ": REFUSED"}
		}
	}
	return []byte(`{"formats":["` + generation.Format + `"]}`), nil
}

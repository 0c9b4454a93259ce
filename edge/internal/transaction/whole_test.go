package transaction

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

// whole fails the test unless the host is on the committed generation, all of it, and can be reached. It returns the
// generation's number.
func (w *world) whole(context string) int {
	w.t.Helper()
	number, problems := w.problems()
	if len(problems) > 0 {
		w.t.Fatalf("%s: on generation %d, but\n\t%s\nwhat happened:\n\t%s", context, number, strings.Join(problems, "\n\t"), strings.Join(w.log, "\n\t"))
	}
	return number
}

func (w *world) problems() (int, []string) {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	a := w.agent()
	number, err := ReadPointer(w.fs, a.State)
	must(w.t, err)
	g, err := a.Generation(number)
	if err != nil {
		return number, []string{err.Error()}
	}
	for _, f := range g.AllFiles {
		have, err := w.fs.ReadFile(f.Path)
		info, statErr := w.fs.Lstat(f.Path)
		if err != nil || statErr != nil || string(have) != string(f.Content) || info.Mode != f.ModeBits() {
			say("%s is %q (%v)", f.Path, have, err)
		}
	}
	for _, p := range []string{sshdPath, "/etc/motd", keyPath} {
		if _, managed := g.File(p); managed {
			continue
		}
		if have, err := w.fs.ReadFile(p); err != nil || string(have) != found[p] {
			say("%s is %q, not as it was found (%v)", p, have, err)
		}
	}
	key, want := "0600 0:0", map[int]string{0: "0600 0:0", 1: "0640 0:50"}[len(g.Keys)]
	if info, err := w.fs.Lstat(keyPath); err == nil {
		key = fmt.Sprintf("%04o %d:%d", info.Mode, info.UID, info.GID)
	}
	if key != want {
		say("the key has %s, not %s", key, want)
	}
	address, gateway := foundAddress, foundGateway
	for _, i := range g.Interfaces {
		address, gateway = i.Addresses[0], i.Gateway
	}
	if w.address != address || w.gateway != gateway {
		say("eth0 has %s via %s, not %s via %s", w.address, w.gateway, address, gateway)
	}
	w.strays("/etc", g, say)
	w.unitsAreRight(g, say)
	if want := map[bool]string{true: "1", false: "0"}[g.Sysctls[sysctl] == "1"]; w.sysctls[sysctl] != want {
		say("%s is %s", sysctl, w.sysctls[sysctl])
	}
	users, _ := w.fs.ReadFile("/etc/passwd")
	if strings.Contains(string(users), "even:") != (len(g.Users) > 0) {
		say("users are %q", users)
	}
	// Reachable: neither sshd nor the table that is in force keeps the operator out.
	for _, name := range []string{sshUnit, generation.NftablesUnit} {
		if strings.Contains(w.units.Running[name], "LOCKOUT") {
			say("%s keeps the operator out", name)
		}
	}
	if w.units.Running[sshUnit] == "" {
		say("sshd does not run")
	}
	return number, problems
}

// strays are files of no generation, and what was left half done.
func (w *world) strays(folder string, g *generation.Generation, say func(string, ...any)) {
	names, err := w.fs.ReadFolder(folder)
	must(w.t, err)
	if len(names) == 0 && folder != "/etc/systemd/system/multi-user.target.wants" {
		say("%s was left empty", folder)
	}
	for _, name := range names {
		p := path.Join(folder, name)
		info, err := w.fs.Lstat(p)
		must(w.t, err)
		if info.Kind == rootfs.Folder {
			w.strays(p, g, say)
			continue
		}
		_, managed := g.File(p)
		// Before the revert is armed nobody cleans up until the next run, see tidy.
		own := p == rootfs.TempName("/etc/systemd/system/"+generation.RevertUnit) || p == "/etc/systemd/system/"+generation.RevertUnit || folder == "/etc/systemd/system/multi-user.target.wants"
		if _, asFound := found[p]; !managed && !asFound && !own {
			say("%s was left", p)
		}
	}
}

func (w *world) unitsAreRight(g *generation.Generation, say func(string, ...any)) {
	known := []string{sshUnit, webUnit, "even.service", daemonUnit, interfacesUnit, generation.NftablesUnit}
	states, err := w.units.States(context.Background(), known)
	must(w.t, err)
	for _, name := range known {
		ours := name == sshUnit || slices.ContainsFunc(g.AllServices, func(s generation.Service) bool { return s.Unit == name })
		if states[name].Enabled != ours || states[name].Active != ours {
			say("%s: %+v", name, states[name])
		}
		if !ours {
			continue
		}
		want, err := w.load(name)
		if err != nil {
			say("%v", err)
		}
		if file, err := w.fs.ReadFile("/etc/systemd/system/" + name); err == nil {
			want += "\n" + string(file)
		} else {
			want += "\n"
		}
		if w.units.Running[name] != want {
			say("%s runs with %q, not %q", name, w.units.Running[name], want)
		}
	}
}

package generation

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the time to confirm, in seconds: long enough for a fresh SSH connection, short enough to wait for.
const (
	minConfirmSeconds = 5
	maxConfirmSeconds = 3600
)

var (
	userPattern      = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)
	packagePattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]{1,127}$`)
	unitPattern      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,200}\.(service|socket|timer|path|target)$`)
	sysctlPattern    = regexp.MustCompile(`^[a-z0-9_]+([./][A-Za-z0-9_@-]+)+$`)
	tablePattern     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
	interfacePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,14}$`)
	wordPattern      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	peerPattern      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9/._-]{0,127}$`)
	endpointPattern  = regexp.MustCompile(`^([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$`)
	modePattern      = regexp.MustCompile(`^[0-7]{4}$`)
	sumPattern       = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

var families = []string{"arp", "bridge", "inet", "ip", "ip6", "netdev"}

// Checkers are the names that Check.Checker may have; package checker knows what they do.
var Checkers = []string{"agent", "haproxy", "nft", "nginx", "prometheus", "prometheus-rules", "sshd", "sudoers", "unbound", "unit", "wireguard"}

// kernelFolders are not files of ours, and the state folder is nobody's but the agent's.
var forbiddenFolders = []string{"/dev", "/proc", "/run", "/sys", "/tmp", StateFolder}

// StateFolder is where the agent keeps its generations.
const StateFolder = "/var/lib/reef-agent"

// AgentPath is where the agent itself lies. A generation that has this file updates the agent.
const AgentPath = "/usr/local/sbin/reef-agent"

// RevertUnit is the unit that puts the previous generation back at boot. The agent writes it itself.
const RevertUnit = "reef-agent-revert.service"

const longestName = 240 // of one part of a path: NAME_MAX less what TempName adds

type validator struct{ errs []error }

func (v *validator) fail(place, format string, args ...any) {
	const most = 100
	if len(v.errs) < most {
		v.errs = append(v.errs, fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...)))
	}
}

func (v *validator) match(place string, pattern *regexp.Regexp, text, what string) {
	if !pattern.MatchString(text) {
		v.fail(place, "%s is expected", what)
	}
}

// unique tells what comes twice.
func unique[T any](v *validator, list string, items []T, key func(T) string) {
	if len(items) > MaxEntries {
		v.fail(list, "has more than %d entries", MaxEntries)
	}
	first := map[string]int{}
	for i, item := range items {
		k := key(item)
		if at, twice := first[k]; twice {
			v.fail(fmt.Sprintf("%s[%d]", list, i), "is the same as %s[%d]", list, at)
			continue
		}
		first[k] = i
	}
}

// Validate checks everything that can be checked without a host, and returns all errors together.
func (d *Document) Validate() error {
	v := &validator{}
	if d.Format != Format {
		v.fail("format", "%q is expected; this agent reads no other", Format)
	}
	v.match("host", peerPattern, d.Host, "the key of a host")
	if d.ConfirmSeconds < minConfirmSeconds || d.ConfirmSeconds > maxConfirmSeconds {
		v.fail("confirmSeconds", "%d to %d is expected", minConfirmSeconds, maxConfirmSeconds)
	}
	v.management(d)
	v.files(d)
	v.keys(d)
	v.accounts(d)
	v.kernel(d)
	v.interfaces(d)
	v.tunnels(d)
	v.services(d)
	if len(v.errs) == 0 {
		v.derived(d)
	}
	return errors.Join(v.errs...)
}

func (v *validator) management(d *Document) {
	unique(v, "management", d.Management, func(m Management) string { return m.Name })
	for i, m := range d.Management {
		v.match(fmt.Sprintf("management[%d].name", i), wordPattern, m.Name, "a word")
		if _, err := netip.ParseAddr(m.Address); m.Address != "" && err != nil {
			v.fail(fmt.Sprintf("management[%d].address", i), "an address is expected")
		}
	}
	unique(v, "routes", d.Routes, func(r Route) string { return r.Destination + " " + r.Interface })
	for i, r := range d.Routes {
		place := fmt.Sprintf("routes[%d]", i)
		if p, err := netip.ParsePrefix(r.Destination); r.Destination != "default" && (err != nil || p != p.Masked()) {
			v.fail(place+".destination", "a network or `default` is expected")
		}
		if _, err := netip.ParseAddr(r.Via); r.Via != "" && err != nil {
			v.fail(place+".via", "an address is expected")
		}
		if r.Interface != "" {
			v.match(place+".interface", interfacePattern, r.Interface, "an interface's name")
		}
	}
}

// CheckPath checks a path of a file that a configuration may have, for others; place names it in the error.
func CheckPath(place, p string) error {
	v := &validator{}
	v.path(place, p)
	return errors.Join(v.errs...)
}

// path checks an absolute, clean path of a file.
func (v *validator) path(place, p string) {
	switch {
	case !strings.HasPrefix(p, "/") || p == "/":
		v.fail(place, "an absolute path is expected")
	case path.Clean(p) != p:
		v.fail(place, "a path without `..`, `.`, `//` and trailing `/` is expected")
	case len(p) > 1024 || slices.ContainsFunc(strings.Split(p, "/"), func(part string) bool { return len(part) > longestName }):
		v.fail(place, "is too long")
	case strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r == 0x7f || r > 0x7e || strings.ContainsRune(`"'\$`+"`", r) }):
		v.fail(place, "has a character other than printable ASCII without spaces, quotes, `$` and `\\`")
	case strings.HasSuffix(p, ".reef-new"):
		v.fail(place, "the ending .reef-new is the agent's own")
	}
	for _, folder := range forbiddenFolders {
		if p == folder || strings.HasPrefix(p, folder+"/") {
			v.fail(place, "%s holds no files of a configuration", folder)
		}
	}
	if p == "/etc/systemd/system/"+RevertUnit {
		v.fail(place, "is the agent's own")
	}
}

func (v *validator) files(d *Document) {
	unique(v, "files", d.Files, func(f File) string { return f.Path })
	paths := map[string]bool{}
	for _, f := range d.Files {
		paths[f.Path] = true
	}
	for i, f := range d.Files {
		place := fmt.Sprintf("files[%d]", i)
		if f.Path != "" {
			place = fmt.Sprintf("files[%d] (%q)", i, f.Path)
		}
		v.path(place+".path", f.Path)
		for above := path.Dir(f.Path); len(above) > 1; above = path.Dir(above) {
			if paths[above] {
				v.fail(place+".path", "lies below %s, which is a file", above)
			}
		}
		v.owned(place, f.Owner, f.Mode)
		content := f.Content
		if f.Text != "" {
			if len(f.Content) > 0 {
				v.fail(place, "has both content and text")
			}
			content = []byte(f.Text)
		}
		if f.Source != "" {
			v.source(place, f)
			content = nil
		}
		switch {
		case len(content) > MaxFileBytes:
			v.fail(place, "is larger than %d MiB", MaxFileBytes>>20)
		case !sumPattern.MatchString(f.SHA256):
			v.fail(place+".sha256", "64 hexadecimal digits are expected")
		case f.Source == "" && Sum(content) != f.SHA256:
			v.fail(place+".sha256", "is not that of the content")
		}
		if f.Secret && bits(f.Mode)&0o007 != 0 {
			v.fail(place+".mode", "a secret file must not be open to everyone")
		}
		if f.Path == AgentPath && (f.ModeBits()&0o500 != 0o500 || f.Owner != "root:root") {
			v.fail(place, "the agent must belong to root:root, who must be able to run it")
		}
	}
}

// source checks a path that is only read, and so may be anywhere.
func (v *validator) source(place string, f File) {
	if len(f.Content) > 0 || f.Text != "" {
		v.fail(place, "has both a source and a content")
	}
	if !strings.HasPrefix(f.Source, "/") || path.Clean(f.Source) != f.Source || f.Source == "/" || strings.ContainsFunc(f.Source, unprintable) {
		v.fail(place+".source", "an absolute, clean path in printable ASCII is expected")
	}
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

func (v *validator) owned(place, owner, mode string) {
	v.match(place+".mode", modePattern, mode, "four octal digits")
	user, group, _ := strings.Cut(owner, ":")
	if !userPattern.MatchString(user) || !userPattern.MatchString(group) {
		v.fail(place+".owner", "user:group is expected")
	}
}

func (v *validator) keys(d *Document) {
	unique(v, "keys", d.Keys, func(k Key) string { return k.Path })
	for i, k := range d.Keys {
		place := fmt.Sprintf("keys[%d]", i)
		v.path(place+".path", k.Path)
		v.owned(place, k.Owner, k.Mode)
		if bits(k.Mode)&0o007 != 0 {
			v.fail(place+".mode", "a key must not be open to everyone")
		}
		if slices.ContainsFunc(d.Files, func(f File) bool { return f.Path == k.Path }) {
			v.fail(place+".path", "is a file of the generation too")
		}
	}
}

// bits is a mode as a number; 0 where it is malformed.
func bits(mode string) uint32 {
	number, err := strconv.ParseUint(mode, 8, 12)
	if err != nil {
		return 0
	}
	return uint32(number)
}

// ModeBits is the mode as a number; 0 where it is malformed.
func (f File) ModeBits() uint32 { return bits(f.Mode) }

// ModeBits is the mode as a number; 0 where it is malformed.
func (k Key) ModeBits() uint32 { return bits(k.Mode) }

func (v *validator) accounts(d *Document) {
	unique(v, "packages", d.Packages, func(p string) string { return p })
	for i, p := range d.Packages {
		v.match(fmt.Sprintf("packages[%d]", i), packagePattern, p, "a Debian package's name")
	}
	unique(v, "users", d.Users, func(u User) string { return u.Name })
	for i, u := range d.Users {
		place := fmt.Sprintf("users[%d]", i)
		v.match(place+".name", userPattern, u.Name, "a user's name")
		if u.Name == "root" {
			v.fail(place+".name", "root is not ours to make")
		}
		if u.Home != "" {
			v.path(place+".home", u.Home)
		}
		if u.Shell != "" {
			v.path(place+".shell", u.Shell)
		}
		for j, group := range u.Groups {
			v.match(fmt.Sprintf("%s.groups[%d]", place, j), userPattern, group, "a group's name")
		}
	}
}

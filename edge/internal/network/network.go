// Package network gives a host's interfaces the addresses that a generation says, through whichever program configures
// interfaces on that system.
//
// Only that program gets a file. Where it is NetworkManager or systemd-networkd it is asked to take the file up; the
// others only act when a system boots or a cable is plugged in, so that there the running interface is changed by ip(8).
// netplan is none of them: it writes files for one of the first two, and appends lists of addresses where its own files
// meet. A file of that program which comes before netplan's counts instead.
package network

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

// The programs, as a generation names them.
const (
	// Networkd is systemd-networkd: servers.
	Networkd = "systemd-networkd"
	// NetworkManager of Raspberry Pi OS from Bookworm on.
	NetworkManager = "NetworkManager"
	// Dhcpcd of Raspberry Pi OS up to Bullseye.
	Dhcpcd = "dhcpcd"
	// Ifupdown of Debian.
	Ifupdown = "ifupdown"
	// Direct is the agent itself, where there is no such program.
	Direct = "reef-agent"
)

// units are those that show who is at work, in the order in which they are believed.
var units = []struct{ unit, renderer string }{
	{"NetworkManager.service", NetworkManager},
	{"systemd-networkd.service", Networkd},
	{"dhcpcd.service", Dhcpcd},
	{"networking.service", Ifupdown},
}

func unitOf(renderer string) string {
	for _, u := range units {
		if u.renderer == renderer {
			return u.unit
		}
	}
	return ""
}

// Host is what has the interfaces.
type Host struct {
	FS        rootfs.FS
	Runner    command.Runner
	Units     unit.Manager
	Originals original.Store
}

// Derive returns the files of a document's interfaces for this host's program, and what else they mean. It reads only.
func (h Host) Derive(ctx context.Context, d *generation.Document) (generation.Part, error) {
	if len(d.Interfaces) == 0 {
		return generation.Part{}, nil
	}
	renderer, err := h.detect(ctx, d.Interfaces)
	if err != nil {
		return generation.Part{}, err
	}
	part := generation.Part{Renderer: renderer}
	switch renderer {
	case Networkd:
		part.Files = networkdFiles(d.Interfaces)
	case NetworkManager:
		part.Files = networkManagerFiles(d.Interfaces)
	case Dhcpcd:
		part.Files, err = h.dhcpcdFiles(d.Interfaces)
	case Ifupdown:
		part.Files, err = h.ifupdownFiles(d.Interfaces)
	default:
		part.Files, part.Services, err = h.directFiles(d.Interfaces)
	}
	for _, f := range part.Files {
		if slices.ContainsFunc(d.Files, func(other generation.File) bool { return other.Path == f.Path }) {
			err = errors.Join(err, fmt.Errorf("%s is written by the agent itself, from the document's interfaces", f.Path))
		}
	}
	return part, err
}

// detect finds out who configures interfaces here. NetworkManager leaves those alone that it is told to.
func (h Host) detect(ctx context.Context, interfaces []generation.Interface) (string, error) {
	var names []string
	for _, u := range units {
		names = append(names, u.unit)
	}
	states, err := h.Units.States(ctx, names)
	if err != nil {
		return "", fmt.Errorf("who configures interfaces here cannot be told: %w", err)
	}
	for _, u := range units {
		if !states[u.unit].Active || u.renderer == NetworkManager && !h.managed(ctx, interfaces) {
			continue
		}
		return u.renderer, nil
	}
	return Direct, nil
}

func (h Host) managed(ctx context.Context, interfaces []generation.Interface) bool {
	out, err := h.Runner.Run(ctx, command.Command{Argv: []string{"nmcli", "--terse", "--fields", "DEVICE,STATE", "device"}})
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(out)) {
		name, state, _ := strings.Cut(strings.TrimSpace(line), ":")
		if state == "unmanaged" && slices.ContainsFunc(interfaces, func(i generation.Interface) bool { return i.Name == name }) {
			return false
		}
	}
	return true
}

// before is what stood at a path before anything of ours did.
func (h Host) before(p string) (original.File, error) {
	index, err := h.Originals.Load()
	if err != nil {
		return original.File{}, err
	}
	if f, known := index.Files[p]; known {
		return f, nil
	}
	return original.Look(h.FS, p)
}

// base is the text that stood at a path before anything of ours did, and whether there was one.
func (h Host) base(p string) (text string, mode string, found bool, err error) {
	f, err := h.before(p)
	if err != nil || f.Kind != rootfs.Regular {
		return "", "", false, err
	}
	content, err := h.Originals.Content(f)
	return string(content), fmt.Sprintf("%04o", f.Mode), true, err
}

// names are those in a folder, as they were before anything of ours.
func (h Host) names(folder string) ([]string, error) {
	names, err := h.FS.ReadFolder(folder)
	if err != nil && !rootfs.Missing(err) {
		return nil, err
	}
	index, err := h.Originals.Load()
	if err != nil {
		return nil, err
	}
	for p, f := range index.Files {
		if path.Dir(p) == folder && f.Kind == rootfs.Regular {
			names = append(names, path.Base(p))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func file(p, mode, content string) generation.File {
	return generation.File{Path: p, Mode: mode, Owner: "root:root", Content: []byte(content), SHA256: generation.Sum([]byte(content))}
}

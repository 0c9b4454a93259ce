// Package difference shows what a document would change against a generation, without any secret.
package difference

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"blackroad.io/edge/internal/generation"
)

// Part is one thing that differs.
type Part struct {
	// What is `file`, `package`, `user`, `key`, `sysctl`, `service` or `document`.
	What string `json:"what"`
	Name string `json:"name"`
	// How is `added`, `removed` or `changed`.
	How string `json:"how"`
	// Text is the difference in lines; empty where there is nothing to show, or nothing that may be shown.
	Text string `json:"text,omitempty"`
}

// Compare returns what differs, files first.
func Compare(before, after *generation.Generation) []Part {
	parts := files(before, after)
	parts = append(parts, sets("package", before.Packages, after.Packages)...)
	parts = append(parts, sets("user", users(before), users(after))...)
	parts = append(parts, sets("key", keys(before), keys(after))...)
	parts = append(parts, sets("sysctl", sysctls(before), sysctls(after))...)
	parts = append(parts, sets("service", services(before), services(after))...)
	if len(parts) == 0 && before.Digest() != after.Digest() {
		parts = append(parts, Part{What: "document", Name: "settings", How: "changed"})
	}
	return parts
}

func files(before, after *generation.Generation) []Part {
	paths := map[string]bool{}
	for _, f := range slices.Concat(before.AllFiles, after.AllFiles) {
		paths[f.Path] = true
	}
	var parts []Part
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		old, had := before.File(p)
		fresh, has := after.File(p)
		if had && has && old.SHA256 == fresh.SHA256 && old.Mode == fresh.Mode && old.Owner == fresh.Owner {
			continue
		}
		part := Part{What: "file", Name: p, How: "changed"}
		switch {
		case !had:
			part.How = "added"
		case !has:
			part.How = "removed"
		}
		if had && has && (old.Mode != fresh.Mode || old.Owner != fresh.Owner) {
			part.Text = fmt.Sprintf("%s %s → %s %s\n", old.Mode, old.Owner, fresh.Mode, fresh.Owner)
		}
		part.Text += body(old, fresh)
		parts = append(parts, part)
	}
	return parts
}

func body(old, fresh generation.File) string {
	switch {
	case old.SHA256 == fresh.SHA256:
		return ""
	case old.Secret || fresh.Secret:
		return "the content is secret\n"
	case fresh.Source != "":
		return fmt.Sprintf("by reference, %s → %s\n", abbreviated(old.SHA256), abbreviated(fresh.SHA256))
	case !isText(old.Content) || !isText(fresh.Content):
		return fmt.Sprintf("binary, %d → %d bytes\n", len(old.Content), len(fresh.Content))
	default:
		return Lines(string(old.Content), string(fresh.Content))
	}
}

// abbreviated is the beginning of a hash, enough to tell two apart.
func abbreviated(sum string) string {
	const length = 12
	if sum == "" {
		return "none"
	}
	return sum[:min(len(sum), length)]
}

func isText(content []byte) bool { return utf8.Valid(content) && !bytes.ContainsRune(content, 0) }

func users(g *generation.Generation) []string {
	var names []string
	for _, u := range g.Users {
		names = append(names, strings.TrimSpace(u.Name+" "+strings.Join(u.Groups, ",")))
	}
	return names
}

func keys(g *generation.Generation) []string {
	var names []string
	for _, k := range g.Keys {
		names = append(names, fmt.Sprintf("%s %s %s", k.Path, k.Mode, k.Owner))
	}
	return names
}

func sysctls(g *generation.Generation) []string {
	var settings []string
	for _, key := range slices.Sorted(maps.Keys(g.Sysctls)) {
		settings = append(settings, key+" = "+g.Sysctls[key])
	}
	return settings
}

func services(g *generation.Generation) []string {
	var names []string
	for _, s := range g.AllServices {
		names = append(names, s.Unit)
	}
	return names
}

func sets(what string, before, after []string) []Part {
	var parts []Part
	for _, name := range after {
		if !slices.Contains(before, name) {
			parts = append(parts, Part{What: what, Name: name, How: "added"})
		}
	}
	for _, name := range before {
		if !slices.Contains(after, name) {
			parts = append(parts, Part{What: what, Name: name, How: "removed"})
		}
	}
	return parts
}

// mostLines bounds the work of one comparison, which grows with the product of both sides.
const mostLines = 4000

// Lines is a line by line difference: `-` for lines that go, `+` for lines that come, with two lines around.
func Lines(before, after string) string {
	a, b := split(before), split(after)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	middleA, middleB := a[start:len(a)-end], b[start:len(b)-end]
	if len(middleA) > mostLines || len(middleB) > mostLines {
		return fmt.Sprintf("%d lines → %d lines, too many to compare\n", len(a), len(b))
	}
	const around = 2
	var out strings.Builder
	write := func(mark string, lines []string) {
		for _, line := range lines {
			out.WriteString(mark + line + "\n")
		}
	}
	write("  ", a[max(0, start-around):start])
	walk(middleA, middleB, write)
	write("  ", a[len(a)-end:min(len(a), len(a)-end+around)])
	return out.String()
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// walk follows a longest common subsequence.
func walk(a, b []string, write func(string, []string)) {
	length := make([][]int32, len(a)+1)
	for i := range length {
		length[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			write("  ", a[i:i+1])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && length[i+1][j] >= length[i][j+1]:
			write("- ", a[i:i+1])
			i++
		default:
			write("+ ", b[j:j+1])
			j++
		}
	}
}

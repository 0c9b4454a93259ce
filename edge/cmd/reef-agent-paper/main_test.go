package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"blackroad.io/edge/internal/generation"
)

// host runs the commands of a host made of files.
type host struct {
	t    *testing.T
	root string
}

func (h host) run(into any, input string, args ...string) error {
	h.t.Helper()
	var out, messages bytes.Buffer
	err := program(h.root).Run(h.t.Context(), append(args, "--json"), strings.NewReader(input), &out, &messages)
	if out.Len() > 0 && into != nil {
		if err := json.Unmarshal(out.Bytes(), into); err != nil {
			h.t.Fatalf("%v: %v", args, err)
		}
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, messages.String())
	}
	return err
}

func (h host) must(into any, input string, args ...string) {
	h.t.Helper()
	if err := h.run(into, input, args...); err != nil {
		h.t.Fatalf("%v: %v", args, err)
	}
}

func (h host) read(p string) string {
	h.t.Helper()
	content, err := os.ReadFile(filepath.Join(h.root, p))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(content)
}

const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

func document(t *testing.T, port string) string {
	t.Helper()
	config := "bind :" + port + "\n"
	d := generation.Document{
		Format: generation.Format, Host: "test/paper", ConfirmSeconds: 60,
		Management: []generation.Management{{Name: "lan", Address: "192.0.2.1"}, {Name: "tunnel", Address: "192.0.2.2"}},
		Files: []generation.File{
			{Path: "/etc/haproxy/haproxy.cfg", Mode: "0440", Owner: "haproxy:ops", Text: config, SHA256: generation.Sum([]byte(config))},
			{Path: generation.AgentPath, Mode: "0755", Owner: "root:root", Source: "/root/agent", SHA256: generation.Sum([]byte("agent"))},
		},
		Packages: []string{"haproxy"}, Users: []generation.User{{Name: "ops", Groups: []string{"sudo"}}},
		Interfaces: []generation.Interface{
			{Name: "eth0", Addresses: []string{"192.0.2.1/24", "2001:db8::1/64"}, Gateway: "192.0.2.254", MTU: 1400},
			{Name: "vlan40", VLAN: &generation.VLAN{Link: "eth0", ID: 40}, Routes: []generation.InterfaceRoute{{Destination: "198.18.0.0/15", Via: "192.0.2.9"}}},
		},
		Sysctls:  map[string]string{"net.ipv4.ip_forward": "1"},
		Nftables: &generation.Nftables{Family: "inet", Table: "reef", Rules: "chain a {\n}"},
		WireGuard: []generation.WireGuard{{Interface: "wg0", Addresses: []string{"192.0.2.2/24"}, MTU: 1420, PrivateKeyFile: "/etc/key",
			Peers: []generation.Peer{{Name: "hub", PublicKey: key, AllowedIPs: []string{"198.51.100.0/24"}}}}},
		Services: []generation.Service{{Unit: "haproxy.service", Reload: []string{"/etc/haproxy/"}}},
		Routes:   []generation.Route{{Destination: "198.51.100.0/24", Interface: "wg0"}},
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type planned struct {
	Attempt    int
	InOrder    bool
	Open       *struct{ Number int }
	Drift      []struct{ Part, Name string }
	Difference []struct{ Name string }
	Refused    string
}

type outcome struct {
	Generation, Attempt int
	Changed             bool
	Token               string
	Units               []string
}

// TestAHostMadeOfFiles goes through what the program does with a host, from nothing to a repaired drift.
func TestAHostMadeOfFiles(t *testing.T) {
	h := host{t, t.TempDir()}
	if err := os.MkdirAll(filepath.Join(h.root, "root"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.root, "root/agent"), []byte("agent"), 0o755); err != nil {
		t.Fatal(err)
	}
	first := document(t, "80")
	var p planned
	h.must(&p, first, "plan")
	if p.Attempt != 0 || p.InOrder || len(p.Difference) == 0 {
		t.Fatalf("%+v", p)
	}
	var o outcome
	h.must(&o, first, "apply", "--number", "1")
	if o.Generation != 1 || !o.Changed {
		t.Fatalf("%+v", o)
	}
	h.must(&p, first, "plan")
	if p.InOrder || p.Open == nil || p.Open.Number != 1 {
		t.Fatalf("%+v", p)
	}
	h.must(nil, "", "confirm", o.Token, "--path", "lan")
	h.must(nil, "", "confirm", o.Token, "--path", "tunnel")
	p = planned{}
	h.must(&p, first, "plan")
	if p.Attempt != 1 || !p.InOrder || p.Open != nil || len(p.Drift)+len(p.Difference) > 0 {
		t.Fatalf("%+v", p)
	}
	if h.read("etc/haproxy/haproxy.cfg") != "bind :80\n" || h.read("usr/local/sbin/reef-agent") != "agent" {
		t.Error("files are not there")
	}
	if owners := h.read("var/lib/reef-agent/owners.json"); !strings.Contains(owners, "/etc/haproxy/haproxy.cfg") {
		t.Error(owners)
	}
	o = outcome{}
	h.must(&o, document(t, "81"), "apply", "--number", "2")
	if fmt.Sprint(o.Units) != "[reload-or-restart haproxy.service]" {
		t.Errorf("%+v", o)
	}
	h.must(nil, "", "revert")
	if h.read("etc/haproxy/haproxy.cfg") != "bind :80\n" {
		t.Error("not reverted")
	}
	if err := os.WriteFile(filepath.Join(h.root, "etc/haproxy/haproxy.cfg"), []byte("by hand"), 0o644); err != nil {
		t.Fatal(err)
	}
	h.must(&p, first, "plan")
	if p.InOrder || p.Attempt != 2 || len(p.Drift) != 1 {
		t.Fatalf("%+v", p)
	}
	h.must(&o, first, "apply", "--number", "3")
	h.must(nil, "", "confirm", o.Token, "--path", "lan")
	h.must(nil, "", "confirm", o.Token, "--path", "tunnel")
	o = outcome{}
	h.must(&o, first, "apply", "--number", "3")
	if o.Changed || o.Token != "" {
		t.Fatalf("%+v", o)
	}
	h.must(nil, "", "confirm", "none", "--path", "lan")
	if log := h.read("var/lib/reef-agent/paper.log"); !strings.Contains(log, "systemctl restart wg-quick@wg0.service") && !strings.Contains(log, "systemctl start wg-quick@wg0.service") {
		t.Error(log)
	}
}

func TestMetricsAndDamage(t *testing.T) {
	h := host{t, t.TempDir()}
	if err := os.MkdirAll(filepath.Join(h.root, "root"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.root, "root/agent"), []byte("agent"), 0o755); err != nil {
		t.Fatal(err)
	}
	for number, port := range []string{"80", "81"} {
		var o outcome
		h.must(&o, document(t, port), "apply", "--number", fmt.Sprint(number+1))
		h.must(nil, "", "confirm", o.Token, "--path", "lan")
		h.must(nil, "", "confirm", o.Token, "--path", "tunnel")
	}
	h.must(nil, "", "status", "--prometheus", "--output", generation.MetricsPath)
	if text := h.read(generation.MetricsPath); !strings.Contains(text, "reef_agent_generation 2\n") || !strings.Contains(text, `reef_agent_drift{part="generation"} 0`) {
		t.Error(text)
	}
	if err := os.WriteFile(filepath.Join(h.root, "var/lib/reef-agent/generations/2/tree/etc/haproxy/haproxy.cfg"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.must(nil, "", "status", "--prometheus", "--output", generation.MetricsPath)
	if text := h.read(generation.MetricsPath); !strings.Contains(text, `reef_agent_drift{part="generation"} 1`) {
		t.Error(text)
	}
	var p planned
	h.must(&p, document(t, "81"), "plan")
	if p.InOrder || !strings.Contains(fmt.Sprint(p.Drift), "{generation 2}") {
		t.Errorf("%+v", p)
	}
}

func TestANewerDocumentStillTellsTheNumber(t *testing.T) {
	h := host{t, t.TempDir()}
	var p planned
	if err := h.run(&p, `{"format":"reef-generation/1","more":1}`, "plan"); err == nil || p.InOrder || !strings.Contains(p.Refused, "more") {
		t.Fatalf("%+v %v", p, err)
	}
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	t.Setenv("ROADNET_ROOT", "")
	for _, args := range [][]string{{"plan"}, {"--root", "/", "plan"}, {"--root", root + "/none", "plan"}} {
		if _, _, err := folder(args); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
	t.Setenv("ROADNET_ROOT", "/")
	if got, args, err := folder([]string{"--root", root, "plan"}); err != nil || got == "/" || len(args) != 1 {
		t.Error(got, args, err)
	}
}

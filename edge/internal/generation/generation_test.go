package generation

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

func text(path, content string) File {
	return File{Path: path, Mode: "0644", Owner: "root:root", Text: content, SHA256: Sum([]byte(content))}
}

func valid() Document {
	return Document{
		Format: Format, Host: "us-west/hub-1", ConfirmSeconds: 60,
		Management: []Management{{Name: "lan", Address: "192.168.4.10"}},
		Files:      []File{text("/etc/motd", "hello\n"), text("/etc/nginx/nginx.conf", "events {}\n")},
		Packages:   []string{"nginx"},
		Users:      []User{{Name: "ops", Groups: []string{"sudo"}}},
		Sysctls:    map[string]string{"net.ipv4.ip_forward": "1"},
		Nftables:   &Nftables{Family: "inet", Table: "reef", Rules: "chain input { type filter hook input priority 0; }"},
		WireGuard: []WireGuard{{Interface: "wg0", Addresses: []string{"10.200.0.1/24"}, MTU: 1420, PrivateKeyFile: "/etc/wireguard/key",
			Peers: []Peer{{Name: "a", PublicKey: key, PresharedKey: key, AllowedIPs: []string{"10.200.0.2/32"}}}}},
		Services: []Service{{Unit: "nginx.service", Reload: []string{"/etc/nginx/"}}},
	}
}

func encode(t *testing.T, d Document) []byte {
	t.Helper()
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseTakesAWholeDocument(t *testing.T) {
	d, err := Parse(encode(t, valid()))
	if err != nil {
		t.Fatal(err)
	}
	g := New(3, *d)
	var paths []string
	for _, f := range g.AllFiles {
		paths = append(paths, f.Path)
		if Sum(f.Content) != f.SHA256 {
			t.Errorf("%s: wrong hash", f.Path)
		}
	}
	want := "/etc/motd /etc/nginx/nginx.conf /etc/reef-agent/table.nft /etc/sysctl.d/90-reef-agent.conf" +
		" /etc/systemd/system/reef-agent-table.service /etc/systemd/system/wg-quick@wg0.service.d/reef-agent.conf /etc/wireguard/wg0.conf"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("files\n%s\nwant\n%s", got, want)
	}
	if got := fmt.Sprint(g.AllChecks); got != "[{nft /etc/reef-agent/table.nft} {nginx /etc/nginx/nginx.conf} {unit /etc/systemd/system/reef-agent-table.service} {wireguard /etc/wireguard/wg0.conf}]" {
		t.Error(got)
	}
	for _, service := range g.AllServices {
		if strings.HasSuffix(service.Unit, ".timer") {
			t.Error("a tunnel that calls nobody has a timer")
		}
	}
	calling := valid()
	calling.WireGuard[0].Peers[0].Endpoint = "vpn.blackroad.io:51820"
	if got := fmt.Sprint(New(1, calling).AllServices[1:3]); got != "[{wg-quick@wg0.service [/etc/wireguard/wg0.conf] []} {reef-agent-refresh-wg0.timer [] []}]" {
		t.Error(got)
	}
	if wg, _ := g.File("/etc/wireguard/wg0.conf"); !wg.Secret {
		t.Error("a preshared key in a file that is not secret")
	}
}

func TestDigestIsThatOfTheMeaning(t *testing.T) {
	one, err := Parse(encode(t, valid()))
	if err != nil {
		t.Fatal(err)
	}
	other := valid()
	other.Files[0].Text, other.Files[0].Content = "", []byte("hello\n")
	two, err := Parse(encode(t, other))
	if err != nil {
		t.Fatal(err)
	}
	if one.Digest() != two.Digest() {
		t.Error("text and base64 differ")
	}
	other.Files[0].Content, other.Files[0].Source = nil, "/home/admin/motd"
	if two, err = Parse(encode(t, other)); err != nil || one.Digest() != two.Digest() {
		t.Error("a file by reference differs", err)
	}
	other.ConfirmSeconds++
	if two, err = Parse(encode(t, other)); err != nil || one.Digest() == two.Digest() {
		t.Error("different documents are the same", err)
	}
}

// TestParseRefuses breaks a valid document in one place at a time.
func TestParseRefuses(t *testing.T) {
	cases := map[string]struct {
		breakIt func(*Document)
		want    string
	}{
		"format":          {func(d *Document) { d.Format = "reef-generation/2" }, "format"},
		"host":            {func(d *Document) { d.Host = "" }, "host"},
		"seconds":         {func(d *Document) { d.ConfirmSeconds = 1 }, "5 to 3600"},
		"traversal":       {func(d *Document) { d.Files[0].Path = "/etc/../root/x" }, "without `..`"},
		"relative":        {func(d *Document) { d.Files[0].Path = "etc/x" }, "absolute"},
		"proc":            {func(d *Document) { d.Files[0].Path = "/proc/sys/x" }, "/proc holds no files"},
		"own state":       {func(d *Document) { d.Files[0].Path = StateFolder + "/current" }, "holds no files"},
		"own unit":        {func(d *Document) { d.Files[0].Path = unitFolder + RevertUnit }, "agent's own"},
		"temp name":       {func(d *Document) { d.Files[0].Path = "/etc/.x.reef-new" }, "agent's own"},
		"newline":         {func(d *Document) { d.Files[0].Path = "/etc/a\nb" }, "printable"},
		"twice":           {func(d *Document) { d.Files[1].Path = d.Files[0].Path }, "is the same as files[0]"},
		"file as folder":  {func(d *Document) { d.Files[1].Path = "/etc/motd/x" }, "which is a file"},
		"derived":         {func(d *Document) { d.Files[0].Path = NftablesPath }, "written by the agent itself"},
		"derived unit":    {func(d *Document) { d.Services[0].Unit = NftablesUnit }, "run by the agent itself"},
		"mode":            {func(d *Document) { d.Files[0].Mode = "644" }, "four octal digits"},
		"owner":           {func(d *Document) { d.Files[0].Owner = "root" }, "user:group"},
		"hash":            {func(d *Document) { d.Files[0].Text = "other" }, "not that of the content"},
		"both":            {func(d *Document) { d.Files[0].Content = []byte("x") }, "both content and text"},
		"open secret":     {func(d *Document) { d.Files[0].Secret = true }, "open to everyone"},
		"source and text": {func(d *Document) { d.Files[0].Source = "/home/x" }, "both a source and a content"},
		"source path":     {func(d *Document) { d.Files[0].Text, d.Files[0].Source = "", "../x" }, "absolute, clean path"},
		"source hash":     {func(d *Document) { d.Files[0].Text, d.Files[0].Source, d.Files[0].SHA256 = "", "/x", "" }, "64 hexadecimal"},
		"open key":        {func(d *Document) { d.Keys = []Key{{"/etc/k", "root:root", "0644"}} }, "open to everyone"},
		"key is a file":   {func(d *Document) { d.Keys = []Key{{"/etc/motd", "root:root", "0600"}} }, "is a file of the generation too"},
		"key owner":       {func(d *Document) { d.Keys = []Key{{"/etc/k", "root", "0600"}} }, "user:group"},
		"agent mode":      {func(d *Document) { d.Files[0].Path = AgentPath }, "able to run it"},
		"package":         {func(d *Document) { d.Packages = []string{"-o=x"} }, "Debian package"},
		"package twice":   {func(d *Document) { d.Packages = []string{"nginx", "nginx"} }, "packages[1]"},
		"root":            {func(d *Document) { d.Users[0].Name = "root" }, "not ours"},
		"sysctl":          {func(d *Document) { d.Sysctls["../x"] = "1" }, "a name like"},
		"sysctl value":    {func(d *Document) { d.Sysctls["net.a"] = "1\nkernel.x=2" }, "one line"},
		"family":          {func(d *Document) { d.Nftables.Family = "inet x" }, "nftables.family"},
		"leaves table":    {func(d *Document) { d.Nftables.Rules = "}\nflush ruleset\ntable inet x {" }, "closes more braces"},
		"hidden brace":    {func(d *Document) { d.Nftables.Rules = "chain a { # {\n}\n}" }, "closes more braces"},
		"include":         {func(d *Document) { d.Nftables.Rules = "  include \"/tmp/x\"" }, "include"},
		"key":             {func(d *Document) { d.WireGuard[0].Peers[0].PublicKey = "x" }, "32 bytes"},
		"endpoint":        {func(d *Document) { d.WireGuard[0].Peers[0].Endpoint = "a\nb:1" }, "host:port"},
		"peer name":       {func(d *Document) { d.WireGuard[0].Peers[0].Name = "a\n[Interface]" }, "a name"},
		"mtu":             {func(d *Document) { d.WireGuard[0].MTU = 100 }, "1280 to 9000"},
		"unit":            {func(d *Document) { d.Services[0].Unit = "--now" }, "a unit's name"},
		"checker":         {func(d *Document) { d.Checks = []Check{{"sh", "/etc/motd"}} }, "one of agent"},
		"check elsewhere": {func(d *Document) { d.Checks = []Check{{"nft", "/etc/other"}} }, "no file of the generation"},
		"address":         {func(d *Document) { d.Management[0].Address = "lan" }, "an address"},
		"route":           {func(d *Document) { d.Routes = []Route{{Destination: "10.0.0.1/8"}} }, "a network"},
		"stolen network": {func(d *Document) {
			d.WireGuard[0].Peers = append(d.WireGuard[0].Peers, Peer{Name: "b", PublicKey: "B" + key[1:], AllowedIPs: []string{"10.200.0.2/32"}})
		}, "belongs to wireguard[0].peers[0] already"},
	}
	for name, c := range cases {
		d := valid()
		c.breakIt(&d)
		_, err := Parse(encode(t, d))
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q is missing in %v", name, c.want, err)
		}
	}
}

func TestParseTellsAllErrorsTogetherAndNoSecret(t *testing.T) {
	d := valid()
	d.Files[0].Mode, d.Files[1].Owner, d.Packages[0] = "x", "x", "X"
	d.Files[0].Text, d.Files[0].Secret = "hunter2hunter2", true
	_, err := Parse(encode(t, d))
	for _, want := range []string{"files[0] (\"/etc/motd\").mode", ".owner", "packages[0]", ".sha256"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if strings.Contains(fmt.Sprint(err), "hunter2") {
		t.Error("quotes a secret")
	}
}

func TestEffect(t *testing.T) {
	s := Service{Unit: "nginx.service", Reload: []string{"/etc/nginx/"}, Restart: []string{"/etc/nginx/modules.conf"}}
	for p, want := range map[string]string{
		"/etc/nginx/a/b":                              Reload,
		"/etc/nginx/modules.conf":                     Restart,
		"/etc/systemd/system/nginx.service":           Restart,
		"/etc/systemd/system/nginx.service.d/x.conf":  Restart,
		"/etc/systemd/system/nginx.service.dx/x.conf": "",
		"/etc/nginxx":                                 "",
	} {
		if got := s.Effect(p); got != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := json.Marshal(valid())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":"reef-generation/1","files":[{"path":"/../x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil {
			return
		}
		// What was accepted keeps its meaning when it is written and read again.
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		d2, err := Parse(again)
		if err != nil || d2.Digest() != d.Digest() {
			t.Fatal(err)
		}
		for _, file := range New(1, *d).AllFiles {
			if !strings.HasPrefix(file.Path, "/") || strings.Contains(file.Path, "/../") {
				t.Fatal(file.Path)
			}
		}
	})
}

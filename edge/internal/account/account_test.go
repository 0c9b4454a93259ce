package account

import (
	"context"
	"fmt"
	"testing"

	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/rootfs"
)

func TestTable(t *testing.T) {
	fs := rootfs.NewMemory()
	if err := fs.Mkdir("/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{
		"/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/bash\nbroken\n",
		"/etc/group":  "root:x:0:\nsudo:x:27:ops,other\nops:x:1000:\n",
	} {
		if err := fs.Create(path, []byte(content), 0o644, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	table, err := Read(fs)
	if err != nil {
		t.Fatal(err)
	}
	if uid, gid, err := table.Owner("ops:sudo"); uid != 1000 || gid != 27 || err != nil {
		t.Error(uid, gid, err)
	}
	if _, _, err := table.Owner("none:root"); err == nil || err.Error() != "there is no user none" {
		t.Error(err)
	}
	runner := &command.Fake{}
	for _, u := range []generation.User{
		{Name: "ops", Groups: []string{"sudo"}},
		{Name: "ops", Groups: []string{"adm"}},
		{Name: "daemon", System: true, Home: "/var/lib/d"},
		{Name: "human"},
	} {
		if err := Ensure(context.Background(), runner, table, u); err != nil {
			t.Fatal(err)
		}
	}
	want := "[usermod --append --groups adm -- ops" +
		" useradd --system --no-create-home --home-dir /var/lib/d --shell /usr/sbin/nologin -- daemon" +
		" useradd --create-home --shell /bin/bash -- human]"
	if got := fmt.Sprint(runner.Ran()); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

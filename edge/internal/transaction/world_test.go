package transaction

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/command"
	"blackroad.io/edge/internal/confirm"
	"blackroad.io/edge/internal/converge"
	"blackroad.io/edge/internal/generation"
	"blackroad.io/edge/internal/lock"
	"blackroad.io/edge/internal/original"
	"blackroad.io/edge/internal/rootfs"
	"blackroad.io/edge/internal/unit"
)

// world is a host made of fakes that can be killed, or lose its power, before any of its steps.
type world struct {
	t      *testing.T
	random *rand.Rand
	fs     *rootfs.Memory
	units  *unit.Fake
	clock  *clock.Fake
	runner *command.Fake
	lock   *lock.Fake
	// sysctls are lost at a reboot; installed packages are not.
	sysctls   map[string]string
	installed map[string]bool
	// address and gateway of eth0.
	address, gateway string
	// offline makes the package source unreachable.
	offline bool

	steps int
	// killAt is the step before which the agent dies; 0 is never.
	killAt int
	// fullAt is the step before which someone else fills the disk; 0 is never.
	fullAt int
	dead   bool
	binary []byte
	// agentRandom is what the agents read as chance.
	agentRandom byte
	log         []string
}

// killed is thrown where the agent dies.
type killed struct{}

const (
	sshdPath = "/etc/ssh/sshd_config"
	webUnit  = "web.service"
	sshUnit  = "ssh.service"
	sysctl   = "net.ipv4.ip_forward"
	keyPath  = "/etc/web.key"

	// foundAddress is what eth0 has after every boot, by whatever means.
	foundAddress = "192.168.4.10/24"
	foundGateway = "192.168.4.1"

	interfacesUnit = "reef-agent-interfaces.service"

	// daemon is a package that starts its unit.
	daemon     = "daemon"
	daemonUnit = "daemon.service"
)

var found = map[string]string{
	"/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
	"/etc/group":  "root:x:0:\nkeys:x:50:\n",
	keyPath:       "a private key\n",
	sshdPath:      "Port 22 # as found\n",
	"/etc/motd":   "as found\n",
}

func newWorld(t *testing.T, random *rand.Rand) *world {
	t.Helper()
	w := &world{t: t, random: random, fs: rootfs.NewMemory(), clock: clock.NewFake(), lock: &lock.Fake{},
		address: foundAddress, gateway: foundGateway, sysctls: map[string]string{sysctl: "0"}, installed: map[string]bool{}, binary: []byte("agent 1")}
	for _, folder := range []string{"/etc", "/etc/ssh", "/etc/systemd", "/etc/systemd/system", "/var", "/var/lib", "/usr", "/usr/local", "/usr/local/sbin"} {
		must(t, w.fs.Mkdir(folder, 0o755))
	}
	for p, content := range found {
		mode := uint32(0o644)
		if p == keyPath {
			mode = 0o600
		}
		must(t, w.fs.Create(p, []byte(content), mode, 0, 0))
	}
	must(t, w.fs.Create(generation.AgentPath, w.binary, 0o755, 0, 0))
	w.units = unit.NewFake(w.fs)
	w.units.Preset[sshUnit] = true
	w.units.Load = w.load
	w.runner = &command.Fake{Answer: w.answer}
	must(t, w.units.Enable(t.Context(), sshUnit))
	must(t, w.fs.SyncAll())
	w.units.Boot()
	w.fs.Step = func(op, p string) error { return w.step(op + " " + p) }
	w.units.Step = w.step
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) step(what string) error {
	if w.dead {
		panic(killed{})
	}
	w.steps++
	if w.steps == w.killAt {
		w.log = append(w.log, fmt.Sprintf("killed before step %d, %s", w.steps, what))
		w.dead = true
		panic(killed{})
	}
	if w.steps == w.fullAt {
		w.log = append(w.log, "the disk is full before "+what)
		space, err := w.fs.Space("/")
		must(w.t, err)
		if w.fs.Capacity > 0 {
			w.fs.Capacity -= int64(space.Bytes)
		}
	}
	return nil
}

type self struct{ w *world }

func (s self) Content() ([]byte, error) { return s.w.binary, nil }

func (w *world) agent() *Agent {
	return &Agent{
		Host: converge.Host{FS: w.fs, Runner: w.runner, Units: w.units, Clock: w.clock,
			Originals: original.Store{FS: w.fs, Folder: generation.StateFolder + "/originals"}},
		State: generation.StateFolder, Lock: w.lock, Self: self{w}, Caller: &confirm.Fake{Err: errors.New("no SSH here")},
		Random: constant(w.agentRandom), Keep: 3,
		Log: func(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) },
	}
}

type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

// run runs something of the agent's until it ends or is killed.
func (w *world) run(do func(a *Agent) error) (died bool, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			if _, ours := thrown.(killed); !ours {
				panic(thrown)
			}
			died = true
			w.lock.Holder = nil
		}
		w.dead, w.killAt = false, 0
	}()
	err = do(w.agent())
	return false, err
}

// reboot cuts the power and boots: what is enabled runs, the agent's unit first.
func (w *world) reboot() {
	w.fs.Step, w.units.Step = nil, nil
	w.fs.CutPower(w.random)
	w.clock.Reboot()
	w.clock.SetCalendar(-365 * 24 * time.Hour)
	w.sysctls[sysctl], w.address, w.gateway = "0", foundAddress, foundGateway
	w.units.Reboot()
	w.fs.Step = func(op, p string) error { return w.step(op + " " + p) }
	w.units.Step = w.step
}

// boot runs what boots; the agent's part may be killed by another power cut.
func (w *world) boot() (died bool) {
	enabled, err := rootfs.Exists(w.fs, "/etc/systemd/system/multi-user.target.wants/"+generation.RevertUnit)
	must(w.t, err)
	unitThere, err := rootfs.Exists(w.fs, "/etc/systemd/system/"+generation.RevertUnit)
	must(w.t, err)
	if enabled && unitThere {
		keeper, err := w.fs.ReadFile(generation.StateFolder + "/agent/reef-agent")
		if err != nil || !bytes.HasPrefix(keeper, []byte("agent ")) {
			w.t.Fatalf("the boot's unit has no whole keeper to run: %q %v", keeper, err)
		}
		died, err := w.run(func(a *Agent) error { return a.Boot(context.Background()) })
		if died {
			return true
		}
		if err != nil {
			w.log = append(w.log, "boot: "+err.Error())
		}
	}
	// systemd-sysctl runs behind it.
	if text, err := w.fs.ReadFile(generation.SysctlPath); err == nil {
		for line := range strings.SplitSeq(string(text), "\n") {
			if key, value, ok := strings.Cut(line, " = "); ok {
				w.sysctls[key] = value
			}
		}
	}
	w.units.Boot()
	return false
}

// recoverBy lets the host come to itself: by its timers, or by a reboot. Each try may be killed again.
func (w *world) recoverBy(reboot bool, killsLeft int) {
	defer func() { w.killAt = 0 }()
	again := func() {
		w.steps, w.killAt = 0, 0
		if killsLeft > 0 {
			killsLeft--
			w.killAt = 1 + w.random.IntN(60)
		}
	}
	if !reboot {
		for range 10 {
			if len(w.units.Timers) == 0 {
				return
			}
			w.clock.Pass(10 * time.Second)
			for name := range w.units.Timers {
				var number int
				_, err := fmt.Sscanf(name, "reef-agent-revert-%d", &number)
				must(w.t, err)
				again()
				died, err := w.run(func(a *Agent) error { return a.Watch(context.Background(), number) })
				if !died && err != nil {
					w.log = append(w.log, "watch: "+err.Error())
				}
				break
			}
		}
		return
	}
	for range 10 {
		w.reboot()
		again()
		if !w.boot() {
			return
		}
	}
}

func text(p, content string) generation.File {
	return generation.File{Path: p, Mode: "0644", Owner: "root:root", Content: []byte(content), SHA256: generation.Sum([]byte(content))}
}

// document is one of two configurations that share some things and differ in others.
func document(version int) *generation.Document {
	d := &generation.Document{
		Format: generation.Format, Host: "test", ConfirmSeconds: 60,
		Management: []generation.Management{{Name: "lan"}, {Name: "tunnel"}},
		Files: []generation.File{
			text(sshdPath, fmt.Sprintf("Port 22 # version %d\n", version)),
			text("/etc/web/site", fmt.Sprintf("site %d\n", version)),
			text("/etc/systemd/system/"+webUnit, fmt.Sprintf("unit %d\n", version)),
		},
		Packages: []string{"web"},
		Sysctls:  map[string]string{sysctl: "1"},
		Nftables: &generation.Nftables{Family: "inet", Table: "reef", Rules: fmt.Sprintf("# version %d", version)},
		Services: []generation.Service{
			{Unit: sshUnit, Reload: []string{sshdPath}},
			{Unit: webUnit, Reload: []string{"/etc/web/"}},
		},
	}
	if version%2 == 0 {
		d.Files = append(d.Files, text("/etc/web/even/deep", "even"), text("/etc/motd", "even\n"),
			text("/etc/systemd/system/even.service", "even unit\n"))
		d.Services = append(d.Services, generation.Service{Unit: "even.service"})
		d.Users = []generation.User{{Name: "even"}}
		d.Sysctls = nil
	}
	if version > 2 {
		d.Interfaces = []generation.Interface{{Name: "eth0", Addresses: []string{fmt.Sprintf("192.168.4.2%d/24", version)}, Gateway: "192.168.4.254"}}
	}
	if version%2 == 1 {
		d.Keys = []generation.Key{{Path: keyPath, Owner: "root:keys", Mode: "0640"}}
	}
	if version%3 == 0 {
		d.Packages = append(d.Packages, daemon)
		d.Services = append(d.Services, generation.Service{Unit: daemonUnit})
	}
	return d
}

// applyAndConfirm is what the program does on a host.
func (w *world) applyAndConfirm(d *generation.Document) error {
	var outcome Outcome
	_, err := w.run(func(a *Agent) (err error) {
		outcome, err = a.Apply(context.Background(), d, ApplyOptions{Supersede: true, Command: "apply"})
		return err
	})
	if err != nil || !outcome.Changed {
		return err
	}
	_, err = w.run(func(a *Agent) error { return confirmAll(a, outcome) })
	return err
}

func confirmAll(a *Agent, o Outcome) error {
	token, err := confirm.ParseToken(o.Token)
	if err != nil {
		return err
	}
	paths := o.Paths
	if len(paths) == 0 {
		paths = []string{""}
	}
	for _, p := range paths {
		if _, err := a.Confirm(context.Background(), token, p); err != nil {
			return err
		}
	}
	return nil
}

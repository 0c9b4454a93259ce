//go:build linux

package probe

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// batches is in how many portions a second's probes are sent.
const batches = 200

const nowhere = -1

// probe is one packet that is sent, again and again until it is answered.
type probe struct {
	question int
	protocol Protocol
	ends     ends
	// unsent is why the sender's own kernel did not take it, the last time.
	unsent error
	// arrived is the node that took it.
	arrived  atomic.Int32
	answered atomic.Bool
	// strayed is the address that answered in another's place.
	strayed atomic.Pointer[string]
}

// Run sends the request's probes and tells what became of each. Questions are answered in their order.
type Run struct {
	request Request
	id      uint64
	nodes   []*node
	probes  []*probe
	answers []Answer
	say     func(format string, values ...any)
}

// Ask runs a request. It needs to be root, since it enters namespaces.
func Ask(request Request, say func(format string, values ...any)) ([]Answer, error) {
	// Not from the seed: a packet of an earlier run that is still under way must not count.
	run := &Run{request: request, id: rand.Uint64(), answers: make([]Answer, len(request.Questions)), say: say}
	ports := &portList{ports: request.SourcePorts}
	defer func() {
		for _, n := range run.nodes {
			n.close()
		}
	}()
	for _, config := range request.Nodes {
		n, err := open(config, ports, request.hasIPv6())
		if err != nil {
			return nil, err
		}
		run.nodes = append(run.nodes, n)
	}
	if err := run.prepare(ports); err != nil {
		return nil, err
	}
	for i, n := range run.nodes {
		n.listen(func(p packet) { run.take(i, p) })
	}
	for range request.Passes {
		run.pass()
		time.Sleep(request.wait())
	}
	run.tell()
	return run.answers, nil
}

// prepare makes the probes, in an order that spreads each question's over the whole pass.
func (r *Run) prepare(ports *portList) error {
	for i, question := range r.request.Questions {
		from := r.nodes[question.From]
		source, err := from.sourceFor(question.To)
		if err == nil && question.To.Is4() {
			r.answers[i].Source = source.String()
		}
		add := func(protocol Protocol, port uint16) error {
			p := &probe{question: i, protocol: protocol, unsent: err}
			p.ends = ends{source: source, destination: question.To, sourcePort: from.port, destinationPort: port}
			if r.request.PortPerProbe {
				own, err := ports.next()
				if err != nil {
					return err
				}
				p.ends.sourcePort = own
			}
			p.arrived.Store(nowhere)
			r.probes = append(r.probes, p)
			return nil
		}
		var failed []error
		for _, port := range question.TCP {
			failed = append(failed, add(TCP, port))
		}
		for _, port := range question.UDP {
			failed = append(failed, add(UDP, port))
		}
		if question.Echo {
			failed = append(failed, add(ICMP, 0))
		}
		if err := errors.Join(failed...); err != nil {
			return err
		}
	}
	random := rand.New(rand.NewPCG(r.request.Seed, 0))
	random.Shuffle(len(r.probes), func(i, j int) { r.probes[i], r.probes[j] = r.probes[j], r.probes[i] })
	return nil
}

// pass sends every probe that has no answer yet, at the request's rate.
func (r *Run) pass() {
	ticker := time.NewTicker(time.Second / batches)
	defer ticker.Stop()
	batch := max(1, r.request.Rate/batches)
	sent := 0
	for i, p := range r.probes {
		if p.answered.Load() || !p.ends.source.IsValid() {
			continue
		}
		p.unsent = r.send(uint32(i), p)
		if sent++; sent%batch == 0 {
			<-ticker.C
		}
		if sent%(10*max(r.request.Rate, batches)) == 0 {
			r.say("sent %d, %d of %d", sent, i+1, len(r.probes))
		}
	}
	r.say("sent %d", sent)
}

func (r *Run) send(index uint32, p *probe) error {
	var segment []byte
	switch about := (payload{run: r.id, probe: index}); p.protocol {
	case TCP:
		segment = p.ends.syn(uint32(r.id) + index)
	case UDP:
		segment = p.ends.datagram(about)
	case ICMP:
		segment = p.ends.echo(about)
	}
	from := r.nodes[r.request.Questions[p.question].From]
	for range batches {
		err := from.send(p.protocol, p.ends, segment)
		if err != unix.ENOBUFS && err != unix.EAGAIN {
			return err
		}
		time.Sleep(time.Second / batches)
	}
	return unix.ENOBUFS
}

// take looks at a packet that a node's gates have let in.
func (r *Run) take(at int, received packet) {
	said, ok := received.message(r.id)
	if !ok || int(said.probe) >= len(r.probes) {
		return
	}
	p := r.probes[said.probe]
	if received.protocol != p.protocol {
		return
	}
	if said.isAnswer {
		r.takeAnswer(at, p, received)
		return
	}
	if received.ends.destinationPort != p.ends.destinationPort {
		return // No question of ours, but a connection with a number that looks like it.
	}
	p.arrived.CompareAndSwap(nowhere, int32(at))
	if p.protocol == UDP {
		back := ends{
			source:          received.ends.destination,
			destination:     received.ends.source,
			sourcePort:      received.ends.destinationPort,
			destinationPort: received.ends.sourcePort,
		}
		// An answer that is not sent is missed by whoever asked.
		_ = r.nodes[at].send(UDP, back, back.datagram(payload{run: r.id, probe: said.probe, isAnswer: true}))
	}
}

func (r *Run) takeAnswer(at int, p *probe, received packet) {
	if at != r.request.Questions[p.question].From || received.ends.sourcePort != p.ends.destinationPort {
		return
	}
	if received.ends.source == p.ends.destination {
		p.answered.Store(true)
		return
	}
	other := received.ends.source.String()
	p.strayed.Store(&other)
}

// tell sorts what became of the probes by question.
func (r *Run) tell() {
	for _, p := range r.probes {
		answer := &r.answers[p.question]
		outcome := map[Protocol]*Outcome{TCP: &answer.TCP, UDP: &answer.UDP, ICMP: &answer.Echo}[p.protocol]
		port := p.ends.destinationPort
		if p.answered.Load() {
			outcome.Answered = append(outcome.Answered, port)
		}
		if at := p.arrived.Load(); at != nowhere {
			put(&outcome.Arrived, r.nodes[at].name, port)
		}
		if other := p.strayed.Load(); other != nil {
			put(&outcome.Strayed, *other, port)
		}
		if p.unsent != nil {
			put(&outcome.Refused, p.unsent.Error(), port)
		}
		if r.request.PortPerProbe {
			if outcome.Sources == nil {
				outcome.Sources = map[uint16]uint16{}
			}
			outcome.Sources[port] = p.ends.sourcePort
		}
	}
}

func put(lists *map[string][]uint16, key string, port uint16) {
	if *lists == nil {
		*lists = map[string][]uint16{}
	}
	(*lists)[key] = append((*lists)[key], port)
}

package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// Request is what a run is asked, one JSON document.
type Request struct {
	// Seed orders the probes: equal seeds, equal order.
	Seed uint64 `json:"seed"`
	// Rate is how many probes are sent in a second.
	Rate int `json:"rate"`
	// Passes is how often a probe without an answer is sent.
	Passes int `json:"passes"`
	// WaitMilliseconds is how long answers are waited for behind each pass.
	WaitMilliseconds int `json:"waitMilliseconds"`
	// SourcePorts are those that probes may come from; none is to be asked about.
	SourcePorts Ports `json:"sourcePorts"`
	// PortPerProbe gives each probe a source port of its own, for whoever counts packets on the way.
	PortPerProbe bool       `json:"portPerProbe"`
	Nodes        []Node     `json:"nodes"`
	Questions    []Question `json:"questions"`
}

// Ports are all from the first to the last.
type Ports struct {
	From uint16 `json:"from"`
	To   uint16 `json:"to"`
}

// Node is a network namespace that is asked from, and that packets may arrive in.
type Node struct {
	Name string `json:"name"`
	// Namespace is its file, /run/netns/NAME.
	Namespace string `json:"namespace"`
}

// Question asks from a node about an address.
type Question struct {
	// From is the index of the node.
	From int        `json:"from"`
	To   netip.Addr `json:"to"`
	TCP  []uint16   `json:"tcp"`
	UDP  []uint16   `json:"udp"`
	Echo bool       `json:"echo"`
}

// Answer is what became of a question.
type Answer struct {
	// Source is the address that the node's kernel sends from; empty where it knows no way to send there.
	Source string  `json:"source"`
	TCP    Outcome `json:"tcp"`
	UDP    Outcome `json:"udp"`
	// Echo has the port 0 where others have theirs.
	Echo Outcome `json:"echo"`
}

// Outcome tells what became of the probes of one protocol by their ports. Those that stand nowhere were sent and seen by
// nobody again.
type Outcome struct {
	// Answered came back, from the address that was asked.
	Answered []uint16 `json:"answered"`
	// Arrived by the node that took them, answered or not.
	Arrived map[string][]uint16 `json:"arrived"`
	// Refused by the sender's own kernel, by its reason.
	Refused map[string][]uint16 `json:"refused"`
	// Strayed were answered by another address than was asked.
	Strayed map[string][]uint16 `json:"strayed"`
	// Sources are the ports that probes came from, where each has its own.
	Sources map[uint16]uint16 `json:"sources,omitempty"`
}

// Read reads a request, strictly.
func Read(r io.Reader) (Request, error) {
	var request Request
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return Request{}, fmt.Errorf("the request cannot be read: %w", err)
	}
	return request, request.check()
}

func (r Request) check() error {
	var wrong []error
	if r.Rate < 1 || r.Passes < 1 || r.WaitMilliseconds < 0 {
		wrong = append(wrong, errors.New("rate and passes must be above zero, waitMilliseconds no less than zero"))
	}
	if r.SourcePorts.From == 0 || r.SourcePorts.To < r.SourcePorts.From {
		wrong = append(wrong, errors.New("sourcePorts must be a range of ports"))
	}
	for i, question := range r.Questions {
		if question.From < 0 || question.From >= len(r.Nodes) {
			wrong = append(wrong, fmt.Errorf("question %d is from a node that is not there", i))
		}
		if !question.To.IsValid() || question.To.Is4In6() {
			wrong = append(wrong, fmt.Errorf("question %d has no address", i))
		}
	}
	return errors.Join(wrong...)
}

func (r Request) wait() time.Duration {
	return time.Duration(r.WaitMilliseconds) * time.Millisecond
}

// hasIPv6 tells whether sockets of IPv6 are needed at all.
func (r Request) hasIPv6() bool {
	for _, question := range r.Questions {
		if question.To.Is6() {
			return true
		}
	}
	return false
}

// portList gives out source ports.
type portList struct{ ports Ports }

func (l *portList) next() (uint16, error) {
	if l.ports.From == 0 || l.ports.From > l.ports.To {
		return 0, errors.New("there are no source ports left")
	}
	port := l.ports.From
	l.ports.From++
	return port, nil
}

package command

import (
	"context"
	"fmt"
	"sync"
)

// Fake answers commands by a function, and remembers them.
type Fake struct {
	// Answer plays the programs; nil answers nothing, successfully.
	Answer func(c Command) ([]byte, error)
	// Missing names programs that are not installed.
	Missing map[string]bool

	mu  sync.Mutex
	ran []Command
}

// Has implements [Runner].
func (f *Fake) Has(program string) bool { return !f.Missing[program] }

// Run implements [Runner].
func (f *Fake) Run(_ context.Context, c Command) ([]byte, error) {
	f.mu.Lock()
	f.ran = append(f.ran, c)
	f.mu.Unlock()
	if f.Missing[c.Argv[0]] {
		return nil, fmt.Errorf("%s %w", c.Argv[0], ErrMissing)
	}
	if f.Answer == nil {
		return nil, nil
	}
	return f.Answer(c)
}

// Ran returns the commands so far, as typed.
func (f *Fake) Ran() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var typed []string
	for _, c := range f.ran {
		typed = append(typed, c.String())
	}
	return typed
}

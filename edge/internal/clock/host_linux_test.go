package clock

import "testing"

func TestHost(t *testing.T) {
	h, err := OpenHost()
	if err != nil {
		t.Fatal(err)
	}
	before := h.SinceBoot()
	if h.Boot() == "" || before <= 0 || h.SinceBoot() < before {
		t.Fatal(h.Boot(), before)
	}
}

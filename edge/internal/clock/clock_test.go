package clock

import (
	"testing"
	"time"
)

func TestPassedDoesNotLookAtTheCalendar(t *testing.T) {
	c := NewFake()
	deadline := At(c, time.Minute)
	c.SetCalendar(-365 * 24 * time.Hour)
	if deadline.Passed(c) {
		t.Fatal("passed at once")
	}
	c.Pass(59 * time.Second)
	if deadline.Passed(c) {
		t.Fatal("passed a second early")
	}
	c.Pass(time.Second)
	if !deadline.Passed(c) {
		t.Fatal("not passed")
	}
	later := At(c, time.Hour)
	c.Reboot()
	if !later.Passed(c) {
		t.Fatal("a moment of an earlier boot lies ahead")
	}
}

func TestStartTicks(t *testing.T) {
	got, err := StartTicks("12 (a ) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20")
	if err != nil || got != 777 {
		t.Fatal(got, err)
	}
	if _, err := StartTicks("12 (a"); err == nil {
		t.Fatal("accepted")
	}
}

package transaction

import (
	"context"
	"testing"
)

// An apply that finds everything done is told a number that may be far behind: it is that number which is compared.
func TestNumbersAreThoseThatAppliesWereTold(t *testing.T) {
	w := fresh(t)
	must(t, w.applyAndConfirm(document(1)))
	apply := func(number int, by string) int {
		t.Helper()
		if _, err := w.agent().Apply(context.Background(), document(1), ApplyOptions{Number: number, By: by}); err != nil {
			t.Fatal(err)
		}
		return w.agent().Numbers()[by]
	}
	for _, told := range []int{4, 2} {
		if got := apply(told, "lan"); got != told {
			t.Errorf("told %d, noted %d", told, got)
		}
	}
	if got := apply(0, "tunnel"); got != 4 {
		t.Errorf("an apply without a number noted %d", got)
	}
}

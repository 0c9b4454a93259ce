package transaction

import (
	"context"
	"path"
	"testing"

	"blackroad.io/edge/internal/rootfs"
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

func TestNumbersThatAreLostOrDamagedAreNone(t *testing.T) {
	for what, content := range map[string]string{"empty": "", "torn": `{"lan":`, "null": "null", "a list": "[1]", "other values": `{"lan":"x"}`} {
		w := fresh(t)
		must(t, w.applyAndConfirm(document(1)))
		a := w.agent()
		must(t, rootfs.Replace(a.FS, path.Join(a.State, numbersName), []byte(content), 0o600, 0, 0))
		if numbers := w.agent().Numbers(); len(numbers) != 0 {
			t.Errorf("%s: %v", what, numbers)
		}
		if _, err := w.agent().Apply(context.Background(), document(1), ApplyOptions{Number: 5, By: "tunnel"}); err != nil {
			t.Fatal(what, err)
		}
		if numbers := w.agent().Numbers(); len(numbers) != 1 || numbers["tunnel"] != 5 {
			t.Errorf("%s: %v after the next apply", what, numbers)
		}
	}
}

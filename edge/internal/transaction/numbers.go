package transaction

import (
	"encoding/json"
	"path"

	"blackroad.io/edge/internal/rootfs"
)

// numbersName is the file with the number that the last apply by each management path was told. A program that
// configures a host first by one path, and ever after by another, can tell by it whether the first has been taken.
const numbersName = "numbers.json"

// Numbers returns the number of the last apply that came by each management path. It is a hint: a file that is
// missing or damaged says nothing, and whoever asks must not take that for a reason to do anything.
func (a *Agent) Numbers() map[string]int {
	var numbers map[string]int
	text, err := a.FS.ReadFile(path.Join(a.State, numbersName))
	if err != nil || json.Unmarshal(text, &numbers) != nil || numbers == nil {
		return map[string]int{}
	}
	return numbers
}

func (a *Agent) note(by string, number int) error {
	numbers := a.Numbers()
	if numbers[by] == number {
		return nil
	}
	numbers[by] = number
	text, err := json.Marshal(numbers)
	if err != nil {
		return err
	}
	return rootfs.Replace(a.FS, path.Join(a.State, numbersName), text, 0o600, 0, 0)
}

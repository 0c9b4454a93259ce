// Package journal is the agent's memory across crashes: records that are only ever added, each with a checksum.
//
// A line is `CRC32C LENGTH JSON`. A power cut may leave the last lines torn; what stands behind the last whole line
// is then cut off. A broken line with a whole one behind it is no torn end but a damaged disk, and is said.
package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"path"
	"slices"
	"time"

	"blackroad.io/edge/internal/clock"
	"blackroad.io/edge/internal/rootfs"
)

// Kind is what happened.
type Kind string

// What can happen to a generation, in the usual order.
const (
	// Staged: everything of the generation lies in the state folder.
	Staged Kind = "staged"
	// Armed: the revert is set, the first change may follow.
	Armed Kind = "armed"
	// Pending: these units must take up files that are about to change.
	Pending Kind = "pending"
	// Applied: all changes are made; confirmations are awaited.
	Applied Kind = "applied"
	// Confirmed: a management path works.
	Confirmed Kind = "confirmed"
	// Committed: the generation is the current one.
	Committed Kind = "committed"
	// Reverting: the previous generation is being put back.
	Reverting Kind = "reverting"
	// Reverted: the previous generation is back.
	Reverted Kind = "reverted"
	// Told: an apply was told this number and made no generation of it. It is not used again.
	Told Kind = "told"
	// Reissued: an applied generation got another token, and its time to confirm began anew.
	Reissued Kind = "reissued"
)

// Record is one thing that happened.
type Record struct {
	Sequence   int64 `json:"sequence"`
	Kind       Kind  `json:"kind"`
	Generation int   `json:"generation"`
	// Calendar is when, for humans; the calendar may be wrong.
	Calendar time.Time     `json:"calendar"`
	At       clock.Instant `json:"at"`
	// Digest of the generation's document, on Staged.
	Digest string `json:"digest,omitempty"`
	// Token is the SHA-256 of the token that confirms, on Armed and Reissued.
	Token string `json:"token,omitempty"`
	// Deadline is when the revert comes, whatever goes on: on Armed for the changes, on Applied and Reissued for the
	// confirmation.
	Deadline *clock.Instant `json:"deadline,omitempty"`
	// Previous is the generation to go back to, on Armed; 0 is the host as it was found.
	Previous int `json:"previous,omitempty"`
	// Units that must take up changed files, by what they need (`restart`, `reload`), on Pending.
	Units map[string]string `json:"units,omitempty"`
	// Path is the management path, on Confirmed.
	Path string `json:"path,omitempty"`
	// Reason is why, on Reverting; what went wrong, on Reverted.
	Reason string `json:"reason,omitempty"`
}

// Name is the journal's name in the state folder.
const Name = "journal"

// compactAt is the size in bytes from which a commit shortens the journal.
const compactAt = 1 << 20

// ErrDamaged says that the journal is broken in its middle.
var ErrDamaged = errors.New("the journal is damaged")

var table = crc32.MakeTable(crc32.Castagnoli)

// Encode writes one record as a line.
func Encode(r Record) ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %d %s\n", crc32.Checksum(text, table), len(text), text), nil
}

// Decode reads records until the first that is not whole, and returns where that one begins.
//
// The error is [ErrDamaged] where a whole record stands behind a broken one; the records before are still returned.
func Decode(data []byte) (records []Record, whole int, err error) {
	for whole < len(data) {
		line, _, ended := bytes.Cut(data[whole:], []byte("\n"))
		record, ok := decodeLine(line)
		if !ended || !ok {
			break
		}
		records = append(records, record)
		whole += len(line) + 1
	}
	_, behind, _ := bytes.Cut(data[whole:], []byte("\n"))
	for line := range bytes.SplitSeq(behind, []byte("\n")) {
		if _, ok := decodeLine(line); ok {
			return records, whole, ErrDamaged
		}
	}
	return records, whole, nil
}

func decodeLine(line []byte) (Record, bool) {
	sum, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return Record{}, false
	}
	length, text, ok := bytes.Cut(rest, []byte(" "))
	if !ok || string(length) != fmt.Sprint(len(text)) || string(sum) != fmt.Sprintf("%08x", crc32.Checksum(text, table)) {
		return Record{}, false
	}
	var r Record
	if json.Unmarshal(text, &r) != nil {
		return Record{}, false
	}
	return r, true
}

// Journal is an open journal. Only the holder of the agent's lock may add to it.
type Journal struct {
	fs      rootfs.FS
	clock   clock.Clock
	path    string
	records []Record
	size    int
	// torn says that the file goes on behind size; cut off before the next record is added.
	torn bool
	// highest is the highest number in any whole line, also behind a damage.
	highest int
}

// Open reads the journal in a state folder; a missing one is empty. With [ErrDamaged] the journal is still returned,
// as far as it could be read.
func Open(fs rootfs.FS, c clock.Clock, folder string) (*Journal, error) {
	j := &Journal{fs: fs, clock: c, path: path.Join(folder, Name)}
	data, err := fs.ReadFile(j.path)
	if rootfs.Missing(err) {
		return j, nil
	}
	if err != nil {
		return nil, err
	}
	j.records, j.size, err = Decode(data)
	j.torn = j.size < len(data)
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		if r, ok := decodeLine(line); ok {
			j.highest = max(j.highest, r.Generation)
		}
	}
	return j, err
}

// Highest is the highest number that any generation has had or that was told; it never falls.
func (j *Journal) Highest() int { return j.highest }

// Records returns all records, oldest first.
func (j *Journal) Records() []Record { return j.records }

// Add appends a record durably; its sequence and times are filled in.
func (j *Journal) Add(r Record) error {
	r = j.stamped(r)
	line, err := Encode(r)
	if err != nil {
		return err
	}
	if err := j.prepare(); err != nil {
		return err
	}
	// Should this fail halfway, the next record must not stand behind half a line.
	j.torn = true
	if err := j.fs.Append(j.path, line); err != nil {
		return err
	}
	if err := j.fs.SyncFile(j.path); err != nil {
		return err
	}
	j.torn, j.size, j.records, j.highest = false, j.size+len(line), append(j.records, r), max(j.highest, r.Generation)
	return nil
}

func (j *Journal) stamped(r Record) Record {
	r.Sequence = 1
	if n := len(j.records); n > 0 {
		r.Sequence = j.records[n-1].Sequence + 1
	}
	r.Calendar, r.At = j.clock.Now().UTC(), clock.At(j.clock, 0)
	return r
}

func (j *Journal) prepare() error {
	if there, err := rootfs.Exists(j.fs, j.path); err != nil {
		return err
	} else if !there {
		if err := j.fs.Create(j.path, nil, 0o600, 0, 0); err != nil {
			return err
		}
		if err := j.fs.SyncFile(j.path); err != nil {
			return err
		}
		return j.fs.SyncFolder(path.Dir(j.path))
	}
	if !j.torn {
		return nil
	}
	if err := j.fs.Truncate(j.path, int64(j.size)); err != nil {
		return err
	}
	j.torn = false
	return nil
}

// Compact drops the records of generations that no longer exist, once the journal has grown large; the highest number
// stays known.
func (j *Journal) Compact(kept func(generation int) bool) error {
	if j.size < compactAt {
		return nil
	}
	return j.rewrite(kept)
}

func (j *Journal) rewrite(kept func(generation int) bool) error {
	var text []byte
	var records []Record
	for _, r := range j.records {
		if !kept(r.Generation) && r.Generation != j.highest {
			continue
		}
		line, err := Encode(r)
		if err != nil {
			return err
		}
		text, records = append(text, line...), append(records, r)
	}
	if err := rootfs.Replace(j.fs, j.path, text, 0o600, 0, 0); err != nil {
		return err
	}
	j.records, j.size, j.torn = records, len(text), false
	return nil
}

// Mend cuts a damaged journal off at its damage, and keeps what was there beside it for whoever wants to know. The
// highest number stays known.
func (j *Journal) Mend() error {
	data, err := j.fs.ReadFile(j.path)
	if err != nil {
		return err
	}
	if err := rootfs.Replace(j.fs, j.path+".damaged", data, 0o600, 0, 0); err != nil {
		return err
	}
	if !slices.ContainsFunc(j.records, func(r Record) bool { return r.Generation == j.highest }) {
		j.records = append(j.records, j.stamped(Record{Kind: Told, Generation: j.highest}))
	}
	return j.rewrite(func(int) bool { return true })
}

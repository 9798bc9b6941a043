package sums

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Limits on the checkpoints that are kept.
const (
	maxCheckpoint  = 64 << 10  // bytes of one line of the file
	maxCheckpoints = 1 << 18   // in memory, 24 bytes each: 29 years of one an hour
	keepEvery      = time.Hour // nearer ones are not kept: the dates they give are that exact
)

// checkpoints are the signed tree heads of one log that were seen, each with the
// time when: ascending in both. Safe for concurrent use.
type checkpoints struct {
	path     string
	verifier note.Verifiers

	mu   sync.Mutex
	rows []checkpoint
}

// checkpoint says: at this time the log had this many records.
type checkpoint struct {
	at time.Time
	n  int64
}

// checkpointLine is one line of the file. The note is the log's own words.
type checkpointLine struct {
	At   time.Time `json:"at"`
	Note string    `json:"note"`
}

// openCheckpoints reads what this gate has seen, and what another one has.
func openCheckpoints(path, others string, v note.Verifiers) (*checkpoints, error) {
	c := &checkpoints{path: path, verifier: v}
	if err := c.read(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the checkpoints that were seen: %w", err)
	}
	if others != "" {
		if err := c.read(others); err != nil {
			return nil, fmt.Errorf("reading the configured checkpoints: %w", err)
		}
	}
	// A tree head that is smaller than an earlier one was old when it was seen, and
	// says nothing about when later records came.
	slices.SortFunc(c.rows, func(a, b checkpoint) int { return a.at.Compare(b.at) })
	largest := int64(-1)
	c.rows = slices.DeleteFunc(c.rows, func(r checkpoint) bool {
		if r.n <= largest {
			return true
		}
		largest = r.n
		return false
	})
	return c, nil
}

// read adds the rows of a file whose notes are signed. The end of the file may be
// half a line, of a gate that was stopped while writing.
func (c *checkpoints) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxCheckpoint)
	for lines.Scan() {
		var l checkpointLine
		if json.Unmarshal(lines.Bytes(), &l) != nil || l.At.IsZero() {
			continue
		}
		n, err := c.size([]byte(l.Note))
		if err != nil {
			slog.Warn("a checkpoint that was kept is not the log's", "file", path, "err", err)
			continue
		}
		if c.rows = append(c.rows, checkpoint{l.At, n}); len(c.rows) > maxCheckpoints {
			return fmt.Errorf("more than %d checkpoints", maxCheckpoints)
		}
	}
	return lines.Err()
}

// size verifies a checkpoint and gives the number of records it speaks of.
func (c *checkpoints) size(b []byte) (int64, error) {
	n, err := note.Open(b, c.verifier)
	if err != nil {
		return 0, fmt.Errorf("verifying a checkpoint: %w", err)
	}
	tree, err := tlog.ParseTree([]byte(n.Text))
	if err != nil {
		return 0, fmt.Errorf("reading a checkpoint: %w", err)
	}
	return tree.N, nil
}

// add keeps a checkpoint that was seen at a time, where it says something new.
func (c *checkpoints) add(b []byte, at time.Time) error {
	n, err := c.size(b)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rows) > 0 {
		if last := c.rows[len(c.rows)-1]; n <= last.n || at.Sub(last.at) < keepEvery || len(c.rows) >= maxCheckpoints {
			return nil
		}
	}
	line, err := json.Marshal(checkpointLine{at.UTC(), string(b)})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("keeping a checkpoint: %w", err)
	}
	c.rows = append(c.rows, checkpoint{at, n})
	return nil
}

// last is when the newest was seen; zero for none.
func (c *checkpoints) last() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rows) == 0 {
		return time.Time{}
	}
	return c.rows[len(c.rows)-1].at
}

// notBefore is when a record was not in the log yet: the time of the newest
// checkpoint whose tree does not hold it. Zero when every one that is known does.
func (c *checkpoints) notBefore(record int64) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, _ := slices.BinarySearchFunc(c.rows, record, func(r checkpoint, record int64) int {
		if r.n <= record {
			return -1
		}
		return 1
	})
	if i == 0 {
		return time.Time{}
	}
	return c.rows[i-1].at
}

// Package store holds what every implementation of gate.Store shares: how values
// become columns, and the lock that gives one process a data folder. The rows are
// kept by the folders below (sqlite, the default), which all pass storetest.
//
// The schema in words, the same for every engine:
//
//   - Times are int64 milliseconds UTC, NULL where there is none; ids and digests
//     are text; lists and whole reports are JSON text beside the columns that are
//     searched.
//   - decision, evidence, audit, file and all that people gave (waiver, approval,
//     ask) are appended, and triggers refuse UPDATE and DELETE: giving and taking
//     back are two rows. What changes lives apart: standing (which decision holds
//     for a file now), request, token, pull.
//   - generation is one number for each package, raised in the transaction that
//     changes what its decisions depend on.
//   - SQL is constant text with $1 placeholders; no statement is built from values.
package store

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrNewer says that the data was written by a newer gatehouse.
var ErrNewer = errors.New("the data was written by a newer gatehouse")

// ErrText says that a name, an id or a reason is not text that every engine
// keeps unchanged.
var ErrText = errors.New("not valid UTF-8, or holds a zero byte")

// How many rows a listing gives.
const (
	DefaultLimit = 50 // when the caller names no number
	MaxLimit     = 1000
)

// Limit is how many rows to give to a caller who asks for n.
func Limit(n int) int {
	if n <= 0 {
		return DefaultLimit
	}
	return min(n, MaxLimit)
}

// Millis is t as a column: nil for the zero time.
func Millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

// Time reads a column back, in UTC; nil is the zero time.
func Time(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return time.UnixMilli(*ms).UTC()
}

// CheckText refuses texts that an engine would change or cut: PostgreSQL takes
// neither invalid UTF-8 nor zero bytes, and JSON replaces the former silently.
// Two different names must never become one row.
func CheckText(texts ...string) error {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("%w: %.80q", ErrText, s)
		}
	}
	return nil
}

package clientconfig

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The marks that everything written here stands between, and in front of what
// was set aside. All three are comments in INI and in TOML. They are looked for
// as whole lines (the third as the start of one), so that undoing needs no memory
// beside the file itself.
const (
	markBegin    = "# >>> gatehouse client setup >>>"
	markBeginNew = "# >>> gatehouse client setup, in a new file >>>"
	markEnd      = "# <<< gatehouse client setup <<<"
	markAside    = "# gatehouse client setup set aside: "
)

// maxFile is the largest configuration file that is read.
const maxFile = 1 << 20

// A text is a file as lines, each with its own line break; the last may have
// none. Keeping the breaks is what makes undoing exact.
type text []string

// parseText splits a file. Bytes that a client would read differently from us
// (a byte order mark, lone carriage returns, control characters, broken UTF-8)
// are refused: an edit there could land in the wrong place.
func parseText(b []byte) (text, error) {
	if len(b) > maxFile {
		return nil, fmt.Errorf("it has %d bytes; at most %d are read", len(b), maxFile)
	}
	if !utf8.Valid(b) {
		return nil, errors.New("it is not UTF-8")
	}
	var t text
	for line := range strings.Lines(string(b)) {
		if err := checkLine(bare(line)); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(t)+1, err)
		}
		t = append(t, line)
	}
	return t, nil
}

func checkLine(s string) error {
	for _, r := range s {
		switch {
		case r == '\uFEFF':
			return errors.New("a byte order mark; save the file without one")
		case r == '\r':
			return errors.New("a carriage return inside the line")
		case r < ' ' && r != '\t', r == 0x7f, r == 0x85, r == '\u2028', r == '\u2029':
			return fmt.Errorf("the control character %U", r)
		}
	}
	return nil
}

// bare is a line without its break.
func bare(line string) string {
	if s, ok := strings.CutSuffix(line, "\r\n"); ok {
		return s
	}
	return strings.TrimSuffix(line, "\n")
}

func (t text) String() string { return strings.Join(t, "") }

// lineBreak is what the file ends its lines with.
func (t text) lineBreak() string {
	if len(t) > 0 && strings.HasSuffix(t[0], "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// An edit adds blocks of lines before existing ones and sets existing ones aside.
type edit struct {
	blocks  map[int][]string // by the index of the line they come before; len(text) appends
	aside   map[int]bool
	newFile bool // the file is not there yet
}

// apply gives the changed text. That the last line has no break stays so.
func (t text) apply(e edit) text {
	nl := t.lineBreak()
	var out text
	for i := range len(t) + 1 {
		if block, ok := e.blocks[i]; ok {
			begin := markBegin
			if e.newFile {
				begin = markBeginNew
			}
			for _, l := range slices.Concat([]string{begin}, block, []string{markEnd}) {
				out = append(out, l+nl)
			}
		}
		if i == len(t) {
			break
		}
		if e.aside[i] {
			out = append(out, markAside+t[i])
		} else {
			out = append(out, t[i])
		}
	}
	if _, atEnd := e.blocks[len(t)]; atEnd && len(t) > 0 && bare(t[len(t)-1]) == t[len(t)-1] {
		before := len(out) - len(e.blocks[len(t)]) - 3 // the old last line
		out[before] += nl
		out[len(out)-1] = bare(out[len(out)-1])
	}
	return out
}

// undo takes away every block and puts back what was set aside. created says
// that the file was made by a setup.
func (t text) undo() (_ text, created bool, err error) {
	var out text
	open := -1
	for i, line := range t {
		switch s := bare(line); {
		case s == markBegin || s == markBeginNew:
			if open >= 0 {
				return nil, false, fmt.Errorf("line %d: a gatehouse mark inside another that begins at line %d; repair it by hand", i+1, open+1)
			}
			open, created = i, created || s == markBeginNew
		case s == markEnd:
			if open < 0 {
				return nil, false, fmt.Errorf("line %d: a gatehouse end mark without its beginning; repair it by hand", i+1)
			}
			open = -1
			if s == line && len(out) > 0 { // the break before the block was ours
				out[len(out)-1] = bare(out[len(out)-1])
			}
		case open >= 0: // ours
		default:
			out = append(out, strings.TrimPrefix(line, markAside))
		}
	}
	if open >= 0 {
		return nil, false, fmt.Errorf("line %d: a gatehouse mark without its end; repair it by hand", open+1)
	}
	return out, created, nil
}

// marked says whether any mark is left.
func (t text) marked() bool {
	return slices.ContainsFunc(t, func(line string) bool {
		s := bare(line)
		return s == markBegin || s == markBeginNew || s == markEnd || strings.HasPrefix(s, markAside)
	})
}

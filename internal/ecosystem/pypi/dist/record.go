package dist

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// mostRecordLines is above what an archive may hold of entries.
const mostRecordLines = 200_000

// RecordLine is one line of RECORD (PEP 376, PEP 427): what the wheel promises
// about one of its files.
type RecordLine struct {
	Path      string
	Algorithm string          // lower case; "" when the line has no hash
	SHA256    artifact.Digest // when Algorithm is sha256
	Size      int64           // bytes; -1 when the line does not say
	Line      int             // counts from 1
}

// ParseRecord reads RECORD. An error names the line. The lines of an empty RECORD
// are empty, not nil.
func ParseRecord(b []byte) ([]RecordLine, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = 3
	r.ReuseRecord = true
	lines := []RecordLine{}
	for {
		fields, err := r.Read()
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return nil, recordError(err)
		}
		if len(lines) == mostRecordLines {
			return nil, fmt.Errorf("reading RECORD: more than %d lines", mostRecordLines)
		}
		at, _ := r.FieldPos(0)
		l, err := parseRecordLine(fields)
		if err != nil {
			return nil, fmt.Errorf("reading RECORD: line %d: %w", at, err)
		}
		l.Line = at
		lines = append(lines, l)
	}
}

func recordError(err error) error {
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("reading RECORD: line %d: %w", p.Line, p.Err)
	}
	return fmt.Errorf("reading RECORD: %w", err)
}

func parseRecordLine(fields []string) (RecordLine, error) {
	l := RecordLine{Path: fields[0], Size: -1}
	if l.Path == "" {
		return l, errors.New("it names no file")
	}
	if fields[2] != "" {
		n, err := strconv.ParseUint(fields[2], 10, 62)
		if err != nil {
			return l, fmt.Errorf("bad size %.40q", fields[2])
		}
		l.Size = int64(n)
	}
	if fields[1] == "" {
		return l, nil
	}
	algorithm, value, ok := strings.Cut(fields[1], "=")
	if !ok || algorithm == "" {
		return l, fmt.Errorf("bad hash %.80q", fields[1])
	}
	l.Algorithm = strings.ToLower(algorithm)
	if l.Algorithm != "sha256" {
		return l, nil
	}
	// Without padding, says PEP 427; some writers pad.
	sum, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(value, "="))
	if err != nil || len(sum) != 32 {
		return l, fmt.Errorf("bad digest %.80q", value)
	}
	l.SHA256 = artifact.Digest(hex.EncodeToString(sum))
	return l, nil
}

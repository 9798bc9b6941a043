package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/budget"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
)

// excerptTask is the worker's task of reading a few lines.
const excerptTask = "excerpt"

// Limits of excerpts.
const (
	mostExcerpts     = 200 // places asked for in one archive; the first count
	excerptAround    = 2   // lines before and after each
	mostExcerptLine  = 300 // bytes of a line that are shown
	mostExcerptNames = 400 // bytes of a path that is asked for
)

// ErrExcerpt says that an archive could not be read for excerpts.
var ErrExcerpt = errors.New("the archive could not be read again")

// Spot is a place in an archive whose lines somebody wants to see.
type Spot struct {
	Path string `json:"path"` // as in Entry
	Line int    `json:"line"` // from 1
}

// Excerpt is the lines around a spot.
type Excerpt struct {
	Spot
	Lines []ExcerptLine `json:"lines"` // none where the file is gone or too large
}

// ExcerptLine is one line of source, safe to print.
type ExcerptLine struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
}

// ReadExcerpts reads the lines around spots of an archive.
func ReadExcerpts(r io.ReaderAt, size int64, fileName string, spots []Spot, lim archive.Limits) ([]Excerpt, error) {
	format, err := archive.FormatOf(fileName)
	if err != nil {
		return nil, err
	}
	out := make([]Excerpt, min(len(spots), mostExcerpts))
	of := map[string][]int{}
	for i := range out {
		out[i].Spot = spots[i]
		of[spots[i].Path] = append(of[spots[i].Path], i)
	}
	_, err = archive.Walk(r, size, format, lim, func(e archive.Entry) error {
		if len(of[e.Path]) == 0 || e.Body == nil {
			return nil
		}
		lines := bytes.Split(e.Body, []byte("\n"))
		for _, i := range of[e.Path] {
			out[i].Lines = around(lines, out[i].Line)
		}
		return nil
	})
	return out, err
}

func around(lines [][]byte, line int) []ExcerptLine {
	var out []ExcerptLine
	for n := max(1, line-excerptAround); n <= min(len(lines), line+excerptAround); n++ {
		text := bytes.TrimRight(lines[n-1], "\r")
		text = text[:min(len(text), mostExcerptLine)]
		out = append(out, ExcerptLine{Number: n, Text: artifact.Untrusted(strings.ToValidUTF8(strings.ReplaceAll(string(text), "\t", "    "), "\ufffd")).String()})
	}
	return out
}

// excerptOrder is what the parent tells the worker beside the open file.
type excerptOrder struct {
	Size  int64
	File  string
	Spots []Spot
}

func excerptWork(in []*os.File, spec []byte) ([]byte, error) {
	var o excerptOrder
	if err := json.Unmarshal(spec, &o); err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	if len(in) != 1 {
		return nil, fmt.Errorf("reading orders: %d files, want one", len(in))
	}
	out, err := ReadExcerpts(in[0], o.Size, o.File, o.Spots, archive.Limits{})
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// Excerpts reads the lines around spots of an archive in a worker process of its
// own. What the worker could not read is ErrExcerpt.
func (i *Inspector) Excerpts(ctx context.Context, f artifact.File, spots []Spot) ([]Excerpt, error) {
	blob, err := i.open(ctx, f.SHA256)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	return i.ExcerptsOpen(ctx, blob, f.Name, spots)
}

// ExcerptsOpen is Excerpts for a file that is open already. It is left open.
func (i *Inspector) ExcerptsOpen(ctx context.Context, opened *os.File, fileName string, spots []Spot) ([]Excerpt, error) {
	spots = slices.DeleteFunc(slices.Clone(spots), func(s Spot) bool { return s.Line < 1 || len(s.Path) > mostExcerptNames })
	if len(spots) == 0 {
		return nil, nil
	}
	release, err := i.slots.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	st, err := opened.Stat()
	if err != nil {
		return nil, err
	}
	spec, err := json.Marshal(excerptOrder{Size: st.Size(), File: fileName, Spots: spots[:min(len(spots), mostExcerpts)]})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	text, err := sandbox.Run(ctx, excerptTask, []*os.File{opened}, spec, i.limits)
	budget.From(ctx).Charge(budget.ScanTime, int64(time.Since(began)))
	if failure, ok := errors.AsType[*sandbox.Failure](err); ok {
		return nil, fmt.Errorf("%w: %s", ErrExcerpt, failureText(failure))
	}
	if err != nil {
		return nil, err
	}
	var out []Excerpt
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("%w: its worker's answer cannot be read", ErrExcerpt)
	}
	return out, nil
}

package cargo

import (
	"bytes"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
)

const plainText = "text/plain; charset=utf-8"

// mark is what stands before our own words.
const mark = "[gatehouse] "

// render writes a listing as a crate's file of a sparse index: the lines as they came,
// but for "yanked" of what is refused, why it is, and the date where a line has none.
// Cargo never takes a yanked version for a range, and takes one that a lock names.
func render(l *ecosystem.Listing) (*answer.Page, error) {
	var b bytes.Buffer
	for i, f := range l.Index.Files {
		c := record.Change{Yanked: f.Yanked || l.Marks[i].Refused, Published: f.Uploaded}
		if l.Marks[i].Refused {
			c.Message = mark + artifact.Untrusted(l.Marks[i].Why).String()
		}
		line, err := record.Apply(f.Record, c)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", artifact.Untrusted(f.Name), err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return answer.NewPage(plainText, "", b.Bytes())
}

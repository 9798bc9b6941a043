// Package packument reads what an npm registry says about a package: the
// packument with all of its versions
// (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md),
// the manifest of one version, and package.json, which is the same thing in a
// tarball (https://github.com/npm/cli/blob/latest/docs/lib/content/configuring-npm/package-json.md).
//
// Packuments are large, and most of their bytes are read by nobody: a version is
// kept as a record of the members that clients and checks read. Nothing in a
// packument is run, and no address in it is asked here.
package packument

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// Limits of a packument. One that goes beyond them is an error: half of one would
// hide what the other half says. A version beyond its limits is left out.
const (
	MaxBytes      = 128 << 20 // as decoded; the largest of the public registry have some 80 MB
	MaxVersions   = 30_000
	MaxRecord     = 256 << 10 // bytes of a version's record
	maxNumber     = 256       // bytes of a version's number
	maxTags       = 2_000
	maxText       = 2 << 10 // bytes kept of what people only read
	maxURL        = 4 << 10
	maxDistMember = 64 << 10 // bytes of one member of dist; longer ones are left out
)

// ErrBad says that a text is no packument.
var ErrBad = errors.New("not a packument")

// Document is a packument.
type Document struct {
	Tags     map[string]string // dist-tags, with the number each stands for
	Versions []Version         // in the document's order
	Dropped  int               // versions that are not among them
	// Unpublished is when its owner took the whole package away; zero when not.
	Unpublished time.Time
}

// Version is one version as a registry describes it.
type Version struct {
	Number       string
	Published    time.Time // zero where the registry does not say
	Tarball      string    // where it says the bytes are; nobody has checked it
	Integrity    string    // dist.integrity as written
	Shasum       string    // dist.shasum as written
	Attestations string    // where its attestations are; "" for none
	Deprecated   bool
	Why          string // of its deprecation
	// Record is a JSON object with what clients and checks read of the version's
	// manifest. It has neither the address of its bytes nor its deprecation, which
	// are above: who serves it says both in their own words.
	Record []byte
}

// Read reads the packument of the package called name. It keeps nothing of b. The
// error wraps ErrBad, and ErrSyntax where it is no JSON.
func Read(name string, b []byte) (*Document, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrBad, MaxBytes)
	}
	r := &reader{name: name, c: NewCursor(b), times: map[string]string{}, at: map[string]bool{}}
	r.doc.Tags = map[string]string{}
	err := r.c.Object(r.member)
	if err == nil {
		err = r.c.End()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBad, err)
	}
	return r.finish(), nil
}

type reader struct {
	name  string
	c     *Cursor
	doc   Document
	times map[string]string
	at    map[string]bool // the numbers seen
	kept  []byte          // the records one after another
	begin []int           // in kept, one for each version
}

func (r *reader) member(key string) (err error) {
	switch key {
	case "name":
		var name string
		if name, _, err = r.c.Text(); err == nil && name != r.name {
			err = fmt.Errorf("it is about %.100q", name)
		}
	case "dist-tags":
		clear(r.doc.Tags)
		err = r.strings(r.doc.Tags, maxTags)
	case "time":
		clear(r.times)
		r.doc.Unpublished = time.Time{}
		err = r.readTimes()
	case "versions":
		if len(r.doc.Versions) > 0 {
			return errors.New("it lists its versions twice")
		}
		if r.c.Is() == '{' {
			err = r.c.Object(r.version)
		}
	}
	return err
}

// strings reads an object's strings; members of other types are none.
func (r *reader) strings(into map[string]string, most int) error {
	if r.c.Is() != '{' {
		return nil
	}
	return r.c.Object(func(key string) error {
		v, ok, err := r.c.Text()
		if ok && len(key) <= maxNumber && len(v) <= maxNumber {
			if len(into) == most {
				return fmt.Errorf("it has more than %d of one kind", most)
			}
			into[key] = v
		}
		return err
	})
}

func (r *reader) readTimes() error {
	if r.c.Is() != '{' {
		return nil
	}
	return r.c.Object(func(key string) error {
		if key != "unpublished" {
			v, ok, err := r.c.Text()
			if ok && len(r.times) <= 2*MaxVersions && len(key) <= maxNumber {
				r.times[key] = v
			}
			return err
		}
		if r.c.Is() != '{' {
			return nil
		}
		said := map[string]string{}
		if err := r.strings(said, maxTags); err != nil {
			return err
		}
		r.doc.Unpublished = readTime(said["time"])
		if r.doc.Unpublished.IsZero() {
			r.doc.Unpublished = time.Unix(0, 0).UTC() // it was, whenever that was
		}
		return nil
	})
}

// readTime reads a date; one that cannot be read is a missing one.
func readTime(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

func (r *reader) version(number string) error {
	if len(r.doc.Versions)+r.doc.Dropped == MaxVersions {
		return fmt.Errorf("it has more than %d versions", MaxVersions)
	}
	if r.c.Is() != '{' {
		r.doc.Dropped++
		return nil
	}
	from := len(r.kept)
	v, said, err := readVersion(r.c, &r.kept)
	if err != nil {
		return err
	}
	if r.at[number] {
		return fmt.Errorf("it lists version %.60q twice", number)
	}
	if number == "" || len(number) > maxNumber || said != (named{r.name, number}) || len(r.kept)-from > MaxRecord {
		r.kept = r.kept[:from]
		r.doc.Dropped++
		return nil
	}
	v.Number = number
	r.at[number] = true
	r.doc.Versions = append(r.doc.Versions, v)
	r.begin = append(r.begin, from)
	return nil
}

// finish gives each version its date and its part of the records.
func (r *reader) finish() *Document {
	kept, end := bytes.Clone(r.kept), len(r.kept)
	for i := len(r.doc.Versions) - 1; i >= 0; i-- {
		v := &r.doc.Versions[i]
		v.Published = readTime(r.times[v.Number])
		v.Record = kept[r.begin[i]:end:end]
		end = r.begin[i]
	}
	return &r.doc
}

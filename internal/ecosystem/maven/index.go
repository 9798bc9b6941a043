package maven

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
)

const xmlText = "text/xml; charset=utf-8"

// said is what our own index says of a pom that was published here, in IndexFile.Record.
type said struct {
	Packaging string `json:"packaging"`
}

// release is one version of a listing that is offered.
type release struct {
	number string
	key    []byte
	pre    bool
	at     time.Time // when the last of its own files was published; zero: not known
}

// offered lists the versions that a listing offers, in its order. Metadata has no mark
// for a version that is refused, so one whose pom or jar is refused is left out; its
// files say why. A version of our own is there once its pom is, and what the pom says
// that it is packed as: they come one by one, and a client that finds half of it
// remembers that for a day.
func offered(n coordinate.Name, l *ecosystem.Listing) []release {
	var order []string
	of := map[string][]int{}
	for i, f := range l.Index.Files {
		if of[f.Number] == nil {
			order = append(order, f.Number)
		}
		of[f.Number] = append(of[f.Number], i)
	}
	var out []release
	for _, number := range order {
		if r, ok := offeredVersion(n, l, number, of[number]); ok {
			out = append(out, r)
		}
	}
	return out
}

func offeredVersion(n coordinate.Name, l *ecosystem.Listing, number string, files []int) (release, bool) {
	out := release{number: number, pre: Ecosystem{}.PreRelease(number)}
	var pom, other bool
	packaging := pomExt
	for _, i := range files {
		f := l.Index.Files[i]
		if f.Yanked {
			return release{}, false
		}
		if !isMain(n, number, f.Name) {
			continue
		}
		if l.Marks[i].Refused {
			return release{}, false
		}
		if f.Uploaded.After(out.at) {
			out.at = f.Uploaded
		}
		if f.Name != n.File(number, "", pomExt) {
			other = other || f.Kind == artifact.Jar
			continue
		}
		pom = true
		var s said
		if json.Unmarshal(f.Record, &s) == nil && s.Packaging != "" {
			packaging = s.Packaging
		}
	}
	if l.Index.Upstream == artifact.Internal && (!pom || packaging != pomExt && !other) {
		return release{}, false
	}
	key, err := Ecosystem{}.VersionKey(number)
	out.key = key
	return out, err == nil
}

// newest is the highest of some versions, a release before a pre-release; false for
// none.
func newest(rs []release) (release, bool) {
	if len(rs) == 0 {
		return release{}, false
	}
	return slices.MaxFunc(rs, func(a, b release) int {
		if a.pre != b.pre {
			if b.pre {
				return 1
			}
			return -1
		}
		return bytes.Compare(a.key, b.key)
	}), true
}

// tagged is the version that the upstream gives a tag to where that is offered, else
// the newest.
func tagged(l *ecosystem.Listing, rs []release, tag string) string {
	number := l.Index.Tags[tag]
	if slices.ContainsFunc(rs, func(r release) bool { return r.number == number }) {
		return number
	}
	r, _ := newest(rs)
	return r.number
}

// render writes a package's metadata.
func render(n coordinate.Name, l *ecosystem.Listing) ([]byte, time.Time, error) {
	rs := offered(n, l)
	v := &versioning{Latest: tagged(l, rs, tagLatest), Release: tagged(l, rs, tagRelease), Versions: []string{}}
	if l.Index.Upstream == artifact.Internal {
		rs = bySnapshot(rs)
		v.Latest, v.Release = latest(rs), tagged(l, withoutSnapshots(rs), tagRelease)
	}
	var updated time.Time
	for _, r := range rs {
		v.Versions = append(v.Versions, r.number)
		if r.at.After(updated) {
			updated = r.at
		}
	}
	if !updated.IsZero() {
		v.Updated = updated.UTC().Format(stampLayout)
	}
	b, err := document{Group: n.Group, Artifact: n.Artifact, Versioning: v}.bytes()
	return b, updated, err
}

// pageOf makes the page of a document, or of its checksum.
func pageOf(b []byte, sum string) (*answer.Page, error) {
	if sum == "" {
		return answer.NewPage(xmlText, "", b)
	}
	text, ok := sumsOf(b)[sum]
	if !ok {
		return nil, fmt.Errorf("rendering %s: %w", sum, errors.ErrUnsupported)
	}
	return answer.NewPage(plainText, "", []byte(text))
}

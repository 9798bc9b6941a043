// Package ecosystemtest is the one suite that every ecosystem passes: names and
// version order, manifests and closure, the index as clients read it, refusals,
// publishing, origin, and an upstream that is slow, down or hostile. It runs the
// real gate, registry and server over the ecosystem's own reader of a stub on
// loopback, so that what it says of one ecosystem it says of all.
//
// An ecosystem joins with one file, ecosystem_test.go in its folder, that describes
// it: a Suite. What the description leaves open is data, not code: packages come as
// neutral values, and the ecosystem says how its index and its clients spell them.
package ecosystemtest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
)

// Suite describes an ecosystem. All is needed unless said otherwise.
type Suite struct {
	Adapter adapter.Adapter
	Options map[string]string // of its upstream; nil: none

	// Name and Number spell a neutral name ("demo") and version ("1.0.0") as the
	// ecosystem writes it: "example.invalid/demo", "v1.0.0". nil: as they are.
	Name, Number func(string) string

	Names    []Name
	LookLike [][2]string // names with one collision key
	Differ   [][2]string // names with two

	// Scalibr is the name by which osv-scalibr's semantic package knows the order of
	// versions. Version makes one up: near others, so that pairs are often close.
	Scalibr string
	Version func(*rand.Rand) string
	// Exceptions are where that package and the ecosystem's own documents differ, as
	// far as the generated versions show.
	Exceptions []Exception

	// ExactHolds says that the range of one version holds another too, by the
	// ecosystem's documents, as PEP 440's "==1.0" holds 1.0+local. nil: never.
	ExactHolds func(exact, other string) bool

	// Archive builds the file of a release; the same release gives the same bytes.
	Archive func(testing.TB, Release) []byte
	// File is the name of that file, as its index and the gate know it.
	File func(Release) string
	// Upstream is what the outside index answers for a path below its URL, of the
	// packages that it has: every path that it is ever asked for, query included. base
	// is its own URL. false: 404.
	Upstream func(t testing.TB, have []Package, base, path string) (Reply, bool)
	// UpstreamIndex is the path of a package's index below that URL, UpstreamFile that
	// of a release's archive.
	UpstreamIndex func(name string) string
	UpstreamFile  func(Release) string

	// Pages are the paths of the pages, below the registry's address, that a client
	// reads about a package: the index first, which changes with every verdict.
	Pages  func(name string) []string
	Accept string // header of those requests; "": none
	// Download is where a client gets a release's file.
	Download func(Release) string
	// Read reads the pages as a client does: what it sees of each version.
	Read func(t testing.TB, get func(path string) Got, name string) []Seen
	// Soft is how an index shows what is refused where the registry says "soft": the
	// zero value, Marked, or Gone where the ecosystem has no mark.
	Soft Shown
	// Undated says that clients see no dates.
	Undated bool
	// OwnReason says that this client prints a refusal's body: it has the sentence.
	OwnReason bool

	// Manifest is a manifest that asks for packages by their least version; Lock one
	// that pins releases.
	Manifest func([]Need) File
	Lock     func(testing.TB, []Release) File
	// Closure is what asking for demo 1.0.0 of Graph gives, as "name number", sorted,
	// in neutral words.
	Closure []string

	// Publish is the request by which a client publishes a release, its path below the
	// registry's address. nil: nothing is published here.
	Publish func(testing.TB, Release) Request
	// Before are what a client sends before that request; nil: nothing.
	Before func(testing.TB, Release) []Request
	// Inside is what a release's archive says of itself; nil: name and number.
	Inside func(Release) (m ecosystem.Metadata, raw []byte)
	// Statuses of publishing: something new, the same again, other bytes under the same
	// version, a name that is not ours to use. 0: 200, 200, 400 and 403.
	New, Again, Other, Forbidden int
}

// Package is a package of the stub, in neutral words.
type Package struct {
	Name     string // as Suite.Name spells it
	Releases []Release
	Padding  int // further bytes that its index carries to no purpose
}

// Release is a version with one file.
type Release struct {
	Name   string // of its package
	Number string // as Suite.Number spells it
	At     time.Time
	Needs  []Need
	Salt   string // makes the archive another one
}

// Need is a dependency on a package from a version on.
type Need struct{ Name, Least string }

// Name is a name as somebody writes it.
type Name struct {
	Written string
	Want    string // its identity; "": refused
	Why     string
}

// Exception is a documented difference between two orders of versions.
type Exception struct {
	Why   string // with its source
	Match func(a, b string) bool
}

// Reply is an answer of the stub.
type Reply struct {
	ContentType string
	Body        []byte
	Modified    time.Time // Last-Modified; zero: none
}

// File is a file by its name.
type File struct {
	Name string
	Body string
}

// Request is a client's request.
type Request struct {
	Method, Path string
	Header       map[string]string
	Body         []byte
}

// Shown is how an index shows a version.
type Shown int

// The ways. Marked is in the ecosystem's own words: yanked, deprecated.
const (
	Marked Shown = iota
	Plain
	Gone
)

func (s Shown) String() string { return [...]string{"marked", "plain", "gone"}[s] }

// Seen is a version as a client sees it.
type Seen struct {
	Number string
	Shown  Shown // Marked or Plain
	Why    string
	At     time.Time // zero where the index does not say
}

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	s = s.withDefaults()
	for _, part := range []struct {
		name string
		run  func(*testing.T, Suite)
	}{
		{"names", testNames}, {"version order", testOrder}, {"version order against scalibr", testScalibr},
		{"manifest", testManifest}, {"lock", testLock}, {"closure", testClosure},
		{"pages", testPages}, {"dates", testDates}, {"refusal", testRefusal}, {"presentations", testPresentations},
		{"publish", testPublish}, {"origin", testOrigin},
		{"single flight", testSingleFlight}, {"upstream down", testDown}, {"hostile index", testHostile},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, s) })
	}
}

func (s Suite) withDefaults() Suite {
	same := func(v string) string { return v }
	if s.Name == nil {
		s.Name = same
	}
	if s.Number == nil {
		s.Number = same
	}
	if s.ExactHolds == nil {
		s.ExactHolds = func(string, string) bool { return false }
	}
	if s.Inside == nil {
		s.Inside = func(r Release) (ecosystem.Metadata, []byte) {
			return ecosystem.Metadata{Name: r.Name, Version: r.Number}, []byte(r.Name + " " + r.Number)
		}
	}
	for at, status := range map[*int]int{&s.New: 200, &s.Again: 200, &s.Other: 400, &s.Forbidden: 403} {
		if *at == 0 {
			*at = status
		}
	}
	return s
}

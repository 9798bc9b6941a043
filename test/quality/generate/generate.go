// Package generate writes the packages that the malware detection is judged on:
// shapes of attacks, each in many disguises and places, and beside each an honest
// package (its twin) that uses the same interfaces for what they are for.
//
// It was written from a description of attack families alone, apart from the
// rules that it judges, and it stays so: nobody who writes a rule reads
// sealed*.go here, and the sealed half of what it writes is only measured. What
// opened_1*.go, opened_2*.go and opened_3*.go hold was the first, the second and the
// third sealed half, until they had been run (docs/quality.md).
//
// Everything is inert and nothing is ever run: hosts are below .invalid or in
// 192.0.2.0/24, commands are "true", payload text is "inert", no digest or token is
// one that anything takes. Where a family is defined by the name of a public
// service, the name is put together here from parts, with a path that nothing
// answers. The same seed gives the same bytes.
package generate

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Seed is what the measured packages are made of.
const Seed = 7

// Labels of a sample.
const (
	Malicious = "malicious"
	Benign    = "benign"
)

// Halves of the samples.
const (
	Tune   = "tune"
	Sealed = "sealed"
)

// Sample says what one written package is.
type Sample struct {
	ID        string `json:"id"`
	File      string `json:"file"` // below the folder that Write was given
	Ecosystem string `json:"ecosystem"`
	Family    string `json:"family"`
	Shape     string `json:"shape"`
	Disguise  string `json:"disguise"`
	Placement string `json:"placement"`
	Label     string `json:"label"`
	Split     string `json:"split"`
	TwinOf    string `json:"twin_of,omitempty"` // the malicious sample that this honest one mirrors
	// Weak families are no reason to hold by themselves: they count as found when
	// a finding names what their twin does not have.
	Weak bool `json:"weak,omitempty"`
	// Opened samples were in a sealed half, until it had been run.
	Opened bool `json:"opened,omitempty"`

	make func() built
}

// built is a package ready to be written.
type built struct {
	file string
	body []byte
}

// Scenario is a row of versions of one package, the first of them honest and
// admitted. Payload says from which version on it must not be admitted any more;
// zero for honest rows.
type Scenario struct {
	ID        string   `json:"id"`
	Kind      string   `json:"kind"` // added, repeated, small-steps or honest
	Ecosystem string   `json:"ecosystem"`
	Family    string   `json:"family"`
	Split     string   `json:"split"`
	Label     string   `json:"label"`
	Files     []string `json:"files"`
	Payload   int      `json:"payload,omitempty"`
	Opened    bool     `json:"opened,omitempty"`

	make []func() built
}

// Manifest lists what Write wrote.
type Manifest struct {
	Seed      uint64     `json:"seed"`
	Samples   []Sample   `json:"samples"`
	Scenarios []Scenario `json:"scenarios"`
}

// variants is how often each shape is made in each disguise.
const variants = 2

// All describes every sample and scenario of a seed; nothing is made yet.
func All(seed uint64) Manifest {
	m := Manifest{Seed: seed}
	for _, s := range shapes() {
		for _, d := range disguisesOf(s) {
			for v := range variants {
				bad, good := pair(seed, s, d, v)
				m.Samples = append(m.Samples, bad)
				if good.make != nil {
					m.Samples = append(m.Samples, good)
				}
			}
		}
	}
	m.Samples = append(m.Samples, others(seed)...)
	m.Samples = append(m.Samples, honest(seed)...)
	m.Scenarios = scenarios(seed)
	m.Samples = append(m.Samples, secondSamples(seed)...)
	m.Scenarios = append(m.Scenarios, secondScenarios(seed)...)
	m.Samples = append(m.Samples, thirdSamples(seed)...)
	m.Scenarios = append(m.Scenarios, thirdScenarios(seed)...)
	m.Samples = append(m.Samples, sealedSamples(seed)...)
	m.Scenarios = append(m.Scenarios, sealedScenarios(seed)...)
	return m
}

// sameThing are the disguises that must change nothing in what is found: quotes,
// comments, extensions, aliases, concatenation and encodings.
var sameThing = []string{
	"decoy-quotes", "stray-quote", "comments", "suppressions", "file-txt", "file-jpg", "file-bare", "alias", "from-import", "assign",
	"concat", "format", "join", "reverse", "chars", "base64-strings", "hex-strings", "escapes", "layer-base64", "layer-hex", "layers-2",
}

// Groups are malicious samples of the tune half's shapes, each group of one shape
// in one place that runs at install time: first as it is, then in the disguises
// that must change nothing in what is found.
func Groups(seed uint64) [][]Sample {
	var out [][]Sample
	for _, s := range append(slices.Clone(pythonShapes), scriptShapes...) {
		if s.weak || s.fixed || s.places != nil {
			continue
		}
		group := []Sample{member(seed, s, disguises[0])}
		for _, d := range disguisesOf(s) {
			if slices.Contains(sameThing, d.name) {
				group = append(group, member(seed, s, d))
			}
		}
		out = append(out, group)
	}
	return out
}

func member(seed uint64, s shape, d disguise) Sample {
	place := []string{"setup", "postinstall"}[s.lang]
	if d.place != "" {
		place = d.place
	}
	name := id("same", s.lang.ecosystem(), s.family, s.name, d.name)
	return Sample{
		ID: name, Ecosystem: s.lang.ecosystem(), Family: s.family, Shape: s.name, Disguise: d.name, Placement: place, Label: Malicious, Split: Tune,
		make: func() built { return assemble(source(seed, s.family, s.name, s.lang), s.lang, s.bad, d, place, false) },
	}
}

// Half keeps one half.
func (m Manifest) Half(split string) Manifest {
	m.Samples = slices.DeleteFunc(slices.Clone(m.Samples), func(s Sample) bool { return s.Split != split })
	m.Scenarios = slices.DeleteFunc(slices.Clone(m.Scenarios), func(s Scenario) bool { return s.Split != split })
	return m
}

// Unopened leaves out what was in a sealed half once: a part of the tune half
// that stays the same however many halves are opened.
func (m Manifest) Unopened() Manifest {
	m.Samples = slices.DeleteFunc(slices.Clone(m.Samples), func(s Sample) bool { return s.Opened })
	m.Scenarios = slices.DeleteFunc(slices.Clone(m.Scenarios), func(s Scenario) bool { return s.Opened })
	return m
}

// Every keeps each n-th sample and scenario and the twins of those that stay.
func (m Manifest) Every(n int) Manifest {
	var samples []Sample
	kept := map[string]bool{}
	i := 0
	for _, s := range m.Samples {
		if s.Label == Malicious || s.TwinOf == "" {
			if kept[s.ID] = i%n == 0; kept[s.ID] {
				samples = append(samples, s)
			}
			i++
		} else if kept[s.TwinOf] {
			samples = append(samples, s)
		}
	}
	var scenarios []Scenario
	for i, s := range m.Scenarios {
		if i%n == 0 {
			scenarios = append(scenarios, s)
		}
	}
	m.Samples, m.Scenarios = samples, scenarios
	return m
}

// Write makes the packages below dir, each in a folder of its own, and
// manifest.json beside them. It fills in the files' names.
func (m *Manifest) Write(dir string) error {
	for i := range m.Samples {
		s := &m.Samples[i]
		name, err := write(dir, s.ID, s.make())
		if err != nil {
			return err
		}
		s.File = name
	}
	for i := range m.Scenarios {
		s := &m.Scenarios[i]
		s.Files = nil
		for _, f := range s.make {
			name, err := write(dir, s.ID, f())
			if err != nil {
				return err
			}
			s.Files = append(s.Files, name)
		}
	}
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "manifest.json"), b, 0o644)
}

func write(dir, id string, b built) (string, error) {
	name := filepath.Join(id, b.file)
	if err := os.MkdirAll(filepath.Join(dir, id), 0o755); err != nil {
		return "", err
	}
	return filepath.ToSlash(name), os.WriteFile(filepath.Join(dir, name), b.body, 0o644)
}

// pair describes a shape in a disguise and its honest twin.
func pair(seed uint64, s shape, d disguise, variant int) (bad, good Sample) {
	place := placeFor(s, d, source(seed, s.family, s.name, d.name, variant))
	bad = Sample{
		ID:        id(s.lang.ecosystem(), s.family, s.name, d.name, variant),
		Ecosystem: s.lang.ecosystem(), Family: s.family, Shape: s.name, Disguise: d.name, Placement: place,
		Label: Malicious, Split: Tune, Weak: s.weak, Opened: s.opened || d.opened || opened(s.family, s.name, d.name, variant),
	}
	if s.sealed || d.sealed {
		bad.Split, bad.Opened = Sealed, false
	}
	d.grown = d.grown || s.sealed || d.sealed || s.grown
	bad.make = func() built {
		return assemble(source(seed, s.family, s.name, d.name, variant, "build"), s.lang, s.bad, d, place, false)
	}
	if s.good.code == "" || !d.honest {
		return bad, Sample{}
	}
	good = bad
	good.ID, good.TwinOf, good.Label, good.Placement = "twin-"+bad.ID, bad.ID, Benign, honestPlace(place)
	good.make = func() built {
		return assemble(source(seed, s.family, s.name, d.name, variant, "build"), s.lang, s.good, d, good.Placement, true)
	}
	return bad, good
}

func id(parts ...any) string {
	words := make([]string, len(parts))
	for i, p := range parts {
		words[i] = fmt.Sprint(p)
	}
	return strings.Join(words, "-")
}

// source is a random source that depends on what it is for alone.
func source(seed uint64, of ...any) *rand.Rand {
	return rand.New(rand.NewPCG(seed, hash(of...)))
}

func hash(of ...any) uint64 {
	h := fnv.New64a()
	for _, p := range of {
		fmt.Fprintf(h, "%v\x00", p)
	}
	return h.Sum64()
}

// opened says whether a variant was sent into the first sealed half, by a hash of
// what it is. That half has been run, and its variants stand in the tune half now.
func opened(of ...any) bool {
	sum := sha256.Sum256([]byte(id(of...)))
	return sum[0]&1 == 1
}

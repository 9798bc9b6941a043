// Package vulndb answers as a Go vulnerability database
// (https://go.dev/doc/security/vuln/database#api) from the gate's own advisories, for
// govulncheck and gopls:
//
//	/index/db.json       when anything in it last changed
//	/index/modules.json  each module with its records
//	/index/vulns.json    each record with its aliases
//	/ID/RECORD.json      a record in the OSV schema
//
// each of them with .gz behind it too, which is what govulncheck asks for.
//
// A record is its database's own, with symbols where that has them; which versions it
// covers is written as the gate reads it. So it lists what the gate refuses or notes
// of a version and nothing that was waived for it here. Two parts are no module's, the
// standard library and the go command ("stdlib", "toolchain"): the gate decides about
// neither and passes on what is known.
//
// It promises never to answer from data that cannot be relied on: that is 503, and
// govulncheck stops.
package vulndb

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/semver"

	"github.com/gatehouse-project/gatehouse/internal/advisory"
	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
)

// Path is where a registry serves its database.
const Path = "govulndb"

// Handler serves one registry's database. Mount it with its prefix stripped. It is
// safe for concurrent use.
type Handler struct {
	reg  adapter.Registry
	door answer.Door

	mu  sync.Mutex // one makes the index at a time
	now *database  // the last one made
}

// New makes the handler of one registry, which has to say what is published.
func New(r adapter.Registry) *Handler {
	return &Handler{reg: r, door: answer.Door{Decision: r.Decision, Log: r.Log, Plain: true}}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "a vulnerability database is only read", http.StatusMethodNotAllowed)
		return
	}
	path, zipped := strings.CutSuffix(r.URL.Path, ".gz")
	path, ok := strings.CutSuffix(strings.TrimPrefix(path, "/"), ".json")
	if !ok {
		http.Error(w, "not found: a vulnerability database has index/db.json, index/modules.json, index/vulns.json and ID/RECORD.json", http.StatusNotFound)
		return
	}
	db, err := h.database(r)
	if err != nil {
		h.door.Fault(w, r, "serve vulnerability database", err)
		return
	}
	body, err := db.document(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.Error(w, "not found: no record of that name stands here; it may have been taken back, or waived", http.StatusNotFound)
	case err != nil:
		h.door.Fault(w, r, "serve vulnerability database", err)
	case zipped:
		serveZipped(w, r, body)
	default:
		h.door.Data(w, r, "application/json", body)
	}
}

// database gives the database as it is now. A request costs a look at the waivers.
func (h *Handler) database(r *http.Request) (*database, error) {
	if h.reg.Advisories == nil {
		return nil, errors.New("nobody says what is published")
	}
	a, err := h.reg.Advisories(r.Context())
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now == nil || h.now.tag != a.Tag {
		if h.now, err = newDatabase(a); err != nil {
			return nil, err
		}
	}
	return h.now, nil
}

// serveZipped answers with a gzip file, which is a document of its own and no coding
// of one. The same document gives the same bytes.
func serveZipped(w http.ResponseWriter, r *http.Request, body []byte) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // to memory
	_ = z.Close()
	h := w.Header()
	h.Set("Content-Type", "application/gzip")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+string(artifact.DigestOf(body)[:32])+`gz"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.Bytes()))
}

// database is what is served until the data or a waiver changes.
type database struct {
	tag     string
	from    *adapter.Advisories
	waived  map[string][]adapter.Waived // by module
	records map[string]listed           // by id
	index   map[string][]byte           // by path
}

// listed is a record that has something to say.
type listed struct {
	advisory.Exported
	modified time.Time
	covers   [][]advisory.Stretch // by element of "affected"; nil: it is left out
}

// Paths of what is no module but stands in the database
// (https://go.dev/doc/security/vuln/database#schema).
const (
	standardLibrary = "stdlib"
	toolchain       = "toolchain"
)

func noModule(name string) bool { return name == standardLibrary || name == toolchain }

// The index documents, as the protocol has them.
type (
	metaIndex struct {
		Modified time.Time `json:"modified"`
	}
	moduleIndex struct {
		Path  string       `json:"path"`
		Vulns []moduleVuln `json:"vulns"`
	}
	moduleVuln struct {
		ID       string    `json:"id"`
		Modified time.Time `json:"modified"`
		Fixed    string    `json:"fixed,omitempty"`
	}
	vulnIndex struct {
		ID       string    `json:"id"`
		Modified time.Time `json:"modified"`
		Aliases  []string  `json:"aliases,omitempty"`
	}
)

func newDatabase(a *adapter.Advisories) (*database, error) {
	db := &database{tag: a.Tag, from: a, waived: map[string][]adapter.Waived{}, records: map[string]listed{}}
	for _, w := range a.Waived {
		db.waived[w.Package.Name] = append(db.waived[w.Package.Name], w)
	}
	meta, modules, vulns := metaIndex{Modified: a.Since.UTC().Truncate(time.Second)}, map[string][]moduleVuln{}, []vulnIndex{}
	for _, x := range a.Records {
		r, ok := db.list(x)
		if !ok {
			continue
		}
		db.records[r.ID] = r
		vulns = append(vulns, vulnIndex{r.ID, r.modified, r.Aliases})
		if r.modified.After(meta.Modified) {
			meta.Modified = r.modified
		}
		for name, fixed := range r.modules() {
			modules[name] = append(modules[name], moduleVuln{r.ID, r.modified, fixed})
		}
	}
	rows := []moduleIndex{}
	for name, vs := range modules {
		rows = append(rows, moduleIndex{name, vs}) // each in the order of the records
	}
	slices.SortFunc(rows, func(a, b moduleIndex) int { return strings.Compare(a.Path, b.Path) })
	db.index = map[string][]byte{}
	for path, doc := range map[string]any{"index/db": meta, "index/modules": rows, "index/vulns": vulns} {
		b, err := json.Marshal(doc)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", path, err)
		}
		db.index[path] = b
	}
	return db, nil
}

// list says what of a record stands here; false for nothing.
func (db *database) list(x advisory.Exported) (listed, bool) {
	r := listed{Exported: x, modified: x.Modified.UTC(), covers: make([][]advisory.Stretch, len(x.Entries))}
	stands := false
	for i, e := range x.Entries {
		switch {
		case e.Package.Name == "" && noModule(e.Name):
			r.covers[i] = []advisory.Stretch{{}}
		case !e.Told:
			r.covers[i] = db.without(e, x.ID)
		}
		if len(db.waived[e.Package.Name]) > 0 && db.from.Since.After(r.modified) {
			r.modified = db.from.Since.UTC().Truncate(time.Second) // for those who keep it by this time
		}
		stands = stands || len(r.covers[i]) > 0
	}
	return r, stands
}

// without takes the versions that a record was waived for out of what it covers.
func (db *database) without(e advisory.Entry, id string) []advisory.Stretch {
	out := e.Covers
	for _, w := range db.waived[e.Package.Name] {
		if !slices.Contains(w.Stands, id) {
			out = cut(out, w.Number)
		}
	}
	return out
}

// cut takes one version out of stretches.
func cut(all []advisory.Stretch, number string) []advisory.Stretch {
	var out []advisory.Stretch
	for _, s := range all {
		if !has(s, number) {
			out = append(out, s)
			continue
		}
		if s.From == "" || semver.Compare(s.From, number) < 0 {
			out = append(out, advisory.Stretch{From: s.From, To: number})
		}
		if s.To == "" || semver.Compare(number, s.To) < 0 {
			after := advisory.Stretch{From: next(number), To: s.To, Last: s.Last}
			if s.Last || s.To == "" || semver.Compare(after.From, s.To) < 0 {
				out = append(out, after)
			}
		}
	}
	return out
}

func has(s advisory.Stretch, number string) bool {
	if s.From != "" && semver.Compare(number, s.From) < 0 {
		return false
	}
	c := semver.Compare(number, s.To)
	return s.To == "" || c < 0 || s.Last && c == 0
}

// next is the first version after another in the order of semantic versions
// (https://semver.org/#spec-item-11): of a release the lowest pre-release of the next
// patch, of a pre-release itself with one more field, the lowest there is.
func next(number string) string {
	v := semver.Canonical(number)
	if semver.Prerelease(v) != "" {
		return v + ".0"
	}
	i := strings.LastIndexByte(v, '.')
	return v[:i+1] + increment(v[i+1:]) + "-0"
}

// increment adds one to decimal digits, of which there may be many.
func increment(digits string) string {
	b := []byte(digits)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}

// modules gives the modules that a record speaks of, each with the version after which
// it says nothing more, "" where there is none: the client skips it for later ones.
func (r listed) modules() map[string]string {
	out := map[string]string{}
	for i, e := range r.Entries {
		if len(r.covers[i]) == 0 {
			continue
		}
		end := upTo(r.covers[i][len(r.covers[i])-1])
		if had, twice := out[e.Name]; twice && (had == "" || end != "" && semver.Compare("v"+had, "v"+end) > 0) {
			end = had
		}
		out[e.Name] = end
	}
	return out
}

// upTo is the first version that is no part of a stretch, as records write it.
func upTo(s advisory.Stretch) string {
	switch {
	case s.To == "":
		return ""
	case s.Last:
		return bare(next(s.To))
	}
	return bare(s.To)
}

// bare is a version as records write it: whole, without "v" and build.
func bare(number string) string { return strings.TrimPrefix(semver.Canonical(number), "v") }

// document gives what stands at a path; fs.ErrNotExist for nothing.
func (db *database) document(path string) ([]byte, error) {
	if b, ok := db.index[path]; ok {
		return b, nil
	}
	id, _ := strings.CutPrefix(path, "ID/")
	r, ok := db.records[id]
	if !ok {
		return nil, fs.ErrNotExist
	}
	b, err := db.from.Body(r.Exported)
	if errors.Is(err, fs.ErrNotExist) { // a sync has just put other data in its place
		return nil, fmt.Errorf("%s: the data was replaced meanwhile; ask again", id)
	}
	if err != nil {
		return nil, err
	}
	return r.write(b)
}

// write gives a record's own words with what of "affected" stands here.
func (r listed) write(body []byte) ([]byte, error) {
	var record map[string]json.RawMessage
	var affected []map[string]json.RawMessage
	if err := json.Unmarshal(body, &record); err != nil {
		return nil, fmt.Errorf("reading record %s: %w", r.ID, err)
	}
	if err := json.Unmarshal(record["affected"], &affected); err != nil || len(affected) != len(r.covers) {
		return nil, fmt.Errorf("reading record %s: its list of packages is not what it was: %w", r.ID, err)
	}
	standing := []map[string]json.RawMessage{}
	for i, a := range affected {
		if len(r.covers[i]) == 0 {
			continue
		}
		if !noModule(r.Entries[i].Name) {
			delete(a, "versions")
			var err error
			if a["ranges"], err = json.Marshal([]semverRange{{"SEMVER", events(r.covers[i])}}); err != nil {
				return nil, fmt.Errorf("writing record %s: %w", r.ID, err)
			}
		}
		if json.Unmarshal(a["ecosystem_specific"], &packages{}) != nil {
			delete(a, "ecosystem_specific") // then all of the module counts
		}
		standing = append(standing, a)
	}
	if err := withAddress(record); err != nil {
		return nil, fmt.Errorf("writing record %s: %w", r.ID, err)
	}
	var err1, err2 error
	record["affected"], err1 = json.Marshal(standing)
	record["modified"], err2 = json.Marshal(r.modified)
	b, err3 := json.Marshal(record)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("writing record %s: %w", r.ID, err)
	}
	return b, nil
}

// packages is what the protocol has in ecosystem_specific; other databases may have
// something else there.
type packages struct {
	Imports []struct {
		Path    string
		GOOS    []string
		GOARCH  []string
		Symbols []string
	}
}

// withAddress sees to it that a record says where to read more, in database_specific:
// govulncheck 1.9.0 ends in a panic where that is missing, as it may be in records of
// other databases.
func withAddress(record map[string]json.RawMessage) error {
	var specific map[string]json.RawMessage
	if json.Unmarshal(record["database_specific"], &specific) != nil || specific == nil {
		specific = map[string]json.RawMessage{}
	}
	var url string
	if json.Unmarshal(specific["url"], &url) != nil || url == "" {
		var err error
		if specific["url"], err = json.Marshal(reference(record["references"])); err != nil {
			return err
		}
	}
	var err error
	record["database_specific"], err = json.Marshal(specific)
	return err
}

// reference is the address of the advisory among a record's references, else the
// first of them, else "".
func reference(raw json.RawMessage) string {
	var all []struct{ Type, URL string }
	if json.Unmarshal(raw, &all) != nil || len(all) == 0 {
		return ""
	}
	for _, r := range all {
		if r.Type == "ADVISORY" {
			return r.URL
		}
	}
	return all[0].URL
}

type semverRange struct {
	Type   string  `json:"type"`
	Events []event `json:"events"`
}

type event struct {
	Introduced string `json:"introduced,omitempty"`
	Fixed      string `json:"fixed,omitempty"`
}

// events writes stretches in the two words that govulncheck knows: it reads neither
// last_affected nor lists of versions.
func events(all []advisory.Stretch) []event {
	var out []event
	for _, s := range all {
		from := "0"
		if s.From != "" {
			from = bare(s.From)
		}
		out = append(out, event{Introduced: from})
		if end := upTo(s); end != "" {
			out = append(out, event{Fixed: end})
		}
	}
	return out
}

package advisory

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// Limits on what one record may hold. The largest known ones are near 50 kB.
const (
	maxRecord  = 4 << 20 // bytes of JSON; bounds every list in it, too
	maxSummary = 240     // bytes kept of a summary
	maxVersion = 200     // bytes of a version text
	maxKey     = 1 << 10 // bytes of a version key
	maxName    = 300     // bytes of a package name
	maxID      = 128     // bytes of an id
)

// validID says whether an id may be one: it names its record in file names, URLs
// and reports, so it is short and its alphabet is small.
func validID(id string) bool { return len(id) <= maxID && idShape().MatchString(id) }

var idShape = lazy.Regexp(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

// A record is one OSV record, reduced to what matching needs.
type record struct {
	id        string
	aliases   []string // ids of well-formed shape only
	modified  time.Time
	published time.Time
	withdrawn bool
	malware   bool
	summary   string
	rated     rating
	affected  []affected

	foreign int // affected entries of ecosystems that Names does not know
	opaque  int // affected entries without versions that can be compared (GIT only, or none)
	loose   int // ranges with a bound that is no version
}

// An affected entry says which versions of one package a record covers.
type affected struct {
	pkg    artifact.Package
	covers coverage
	fixed  []bound
	rated  rating // of this package in particular; the zero value when not said
}

// A bound is a version as written and as a key.
type bound struct {
	text string
	key  []byte
}

type wireRecord struct {
	ID               string          `json:"id"`
	Modified         string          `json:"modified"`
	Published        string          `json:"published"`
	Withdrawn        string          `json:"withdrawn"`
	Aliases          []string        `json:"aliases"`
	Summary          string          `json:"summary"`
	Details          string          `json:"details"`
	Severity         []wireSeverity  `json:"severity"`
	Affected         []wireAffected  `json:"affected"`
	DatabaseSpecific json.RawMessage `json:"database_specific"`
}

type wireSeverity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type wireAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity         []wireSeverity  `json:"severity"`
	Ranges           []wireRange     `json:"ranges"`
	Versions         []string        `json:"versions"`
	DatabaseSpecific json.RawMessage `json:"database_specific"`
}

type wireRange struct {
	Type   string      `json:"type"`
	Events []wireEvent `json:"events"`
}

type wireEvent struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

// wireSpecific is what is read of database_specific, which each database fills
// as it likes: another shape is no error.
type wireSpecific struct {
	severity string
	malware  bool // OpenSSF's malicious-packages shape
}

// parseRecord reads one OSV record. Unknown fields are ignored; a field that is
// used and has another shape than the schema's is an error. schema_version is
// not asked for, because many databases leave it out.
func parseRecord(b []byte, names Names) (record, error) {
	if len(b) > maxRecord {
		return record{}, fmt.Errorf("record is larger than %d bytes", maxRecord)
	}
	var w wireRecord
	if err := json.Unmarshal(b, &w); err != nil {
		return record{}, fmt.Errorf("reading JSON: %w", err)
	}
	if !validID(w.ID) {
		return record{}, fmt.Errorf("%.80q is not an advisory id", w.ID)
	}
	r := record{id: w.ID}
	if err := r.readTimes(w); err != nil {
		return record{}, err
	}
	specific := readSpecific(w.DatabaseSpecific)
	r.malware = specific.malware || strings.HasPrefix(w.ID, "MAL-")
	r.rated = rate(w.Severity, specific.severity)
	r.summary = summarize(w.Summary, w.Details)
	for _, a := range w.Aliases {
		if validID(a) && a != w.ID {
			r.aliases = append(r.aliases, a)
		}
	}
	for i, a := range w.Affected {
		if err := r.readAffected(a, names); err != nil {
			return record{}, fmt.Errorf("affected entry %d: %w", i+1, err)
		}
	}
	return r, nil
}

func (r *record) readTimes(w wireRecord) error {
	var err error
	if r.modified, err = time.Parse(time.RFC3339, w.Modified); err != nil {
		return fmt.Errorf("reading modified: %w", err)
	}
	if w.Published != "" {
		if r.published, err = time.Parse(time.RFC3339, w.Published); err != nil {
			return fmt.Errorf("reading published: %w", err)
		}
	}
	if w.Withdrawn != "" {
		if _, err = time.Parse(time.RFC3339, w.Withdrawn); err != nil {
			return fmt.Errorf("reading withdrawn: %w", err)
		}
		r.withdrawn = true
	}
	return nil
}

func readSpecific(raw json.RawMessage) wireSpecific {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return wireSpecific{}
	}
	var s wireSpecific
	_, s.malware = fields["malicious-packages-origins"]
	if json.Unmarshal(fields["severity"], &s.severity) != nil {
		s.severity = ""
	}
	return s
}

// readAffected adds one affected entry, or counts why it cannot be matched.
func (r *record) readAffected(w wireAffected, names Names) error {
	eco, ok := ecosystemOf(w.Package.Ecosystem)
	if !ok {
		r.foreign++
		return nil
	}
	if len(w.Package.Name) > maxName {
		return fmt.Errorf("package name is longer than %d bytes", maxName)
	}
	name, err := names.Normalize(eco, w.Package.Name)
	if errors.Is(err, errors.ErrUnsupported) {
		r.foreign++
		return nil
	}
	if err != nil {
		// No package can be installed under what is no name there.
		r.opaque++
		return nil
	}
	a := affected{pkg: artifact.Package{Ecosystem: eco, Name: name}}
	a.rated = rate(w.Severity, readSpecific(w.DatabaseSpecific).severity)
	key := func(v string) ([]byte, bool) { return keyOf(names, eco, v) }
	a.covers, a.fixed = r.readCoverage(w.ledBy(leadOf(eco)), key)
	if len(a.covers) == 0 {
		r.opaque++
		return nil
	}
	r.affected = append(r.affected, a)
	return nil
}

// ledBy is the entry with versions as the ecosystem writes them, where OSV leaves
// out what they begin with.
func (w wireAffected) ledBy(lead string) wireAffected {
	if lead == "" {
		return w
	}
	spell := func(v string) string {
		if v == "" || v == "0" || v[0] < '0' || v[0] > '9' {
			return v // none, the first of all, or spelled so
		}
		return lead + v
	}
	ranges := make([]wireRange, len(w.Ranges))
	for i, x := range w.Ranges {
		ranges[i].Type = x.Type
		for _, e := range x.Events {
			ranges[i].Events = append(ranges[i].Events, wireEvent{spell(e.Introduced), spell(e.Fixed), spell(e.LastAffected), spell(e.Limit)})
		}
	}
	versions := make([]string, len(w.Versions))
	for i, v := range w.Versions {
		versions[i] = spell(v)
	}
	w.Ranges, w.Versions = ranges, versions
	return w
}

func leadOf(eco artifact.Ecosystem) string {
	f, err := folderOf(eco)
	if err != nil {
		return ""
	}
	return f.lead
}

// readCoverage turns ranges and the version list into spans of keys.
//
// A range with a bound that cannot be ordered ("2.6.0-NA") is replaced by the
// version list when there is one, because databases write the list from the
// range; without a list the bound is left out and the range stays open there, so
// that it covers too much rather than too little. A type of range that is not
// known is treated in the same way.
func (r *record) readCoverage(w wireAffected, key keyFunc) (coverage, []bound) {
	listed := readVersions(w.Versions, key)
	var spans []span
	var fixed []bound
	for _, x := range w.Ranges {
		if x.Type == "GIT" {
			continue
		}
		events, sure := readEvents(x.Events, key)
		sure = sure && (x.Type == "ECOSYSTEM" || x.Type == "SEMVER")
		for _, e := range events {
			if e.kind == eventFixed {
				fixed = append(fixed, e.bound)
			}
		}
		if !sure {
			r.loose++
			if len(listed) > 0 {
				continue
			}
		}
		spans = append(spans, spansOf(events)...)
	}
	// A malware record that names a package and no version that can be told means
	// the package; for a vulnerability the schema says that nothing is matched.
	if r.malware && len(spans) == 0 && len(listed) == 0 {
		spans = []span{{kind: endless}}
	}
	return union(spans, listed), fixed
}

// readVersions reads an explicit list. What is listed is a version, not a text:
// "2.2" covers 2.2.0. What has no key is no version there and cannot be asked for.
func readVersions(versions []string, key keyFunc) []span {
	var out []span
	for _, v := range versions {
		if k, ok := key(v); ok {
			out = append(out, span{lo: k, hi: k, kind: inclusive})
		}
	}
	return out
}

type keyFunc func(version string) ([]byte, bool)

func keyOf(names Names, eco artifact.Ecosystem, v string) ([]byte, bool) {
	if v == "" || len(v) > maxVersion {
		return nil, false
	}
	k, err := names.Key(eco, v)
	return k, err == nil && len(k) > 0 && len(k) <= maxKey
}

// ecosystemOf reads OSV's ecosystem, which may carry a suffix as in
// "Maven:https://repo.example.invalid".
func ecosystemOf(s string) (artifact.Ecosystem, bool) {
	s, _, _ = strings.Cut(s, ":")
	for _, f := range osvFolders {
		if f.name == s {
			return f.eco, true
		}
	}
	return "", false
}

// summarize gives the summary, or the first sentence of the details where a
// database writes no summary (PYSEC does not), on one line and cut to maxSummary.
func summarize(summary, details string) string {
	s := summary
	if strings.TrimSpace(s) == "" {
		if len(details) > 8*maxSummary {
			details = details[:8*maxSummary]
		}
		s = strings.Join(strings.Fields(details), " ")
		first := firstSentence(s)
		if rest := strings.TrimLeft(s[len(first):], ". "); rest != "" && strings.HasPrefix(first, "An issue was discovered in ") {
			first = firstSentence(rest) // the first one says nothing
		}
		s = first
	}
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "\uFFFD")
	if len(s) <= maxSummary {
		return s
	}
	cut := maxSummary - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.TrimRight(s[:cut], " ") + "…"
}

// firstSentence ends at a full stop that is followed by a capital letter, so
// that "e.g. an" and "2.2.10 and" do not end it.
func firstSentence(s string) string {
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '.' && s[i+1] == ' ' && s[i+2] >= 'A' && s[i+2] <= 'Z' {
			return s[:i]
		}
	}
	return strings.TrimSuffix(s, ".")
}

package pypi

import (
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep425"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
)

// Limits of an upstream's index. A page that goes beyond them is an error: half
// an index would hide what the other half says.
const (
	MaxIndexBytes = 64 << 20 // as decoded
	MaxIndexFiles = 200_000  // entries, those that are dropped included
	maxURL        = 4 << 10  // bytes; entries beyond the following limits are dropped
	maxSpecifier  = 1 << 10
	maxReason     = 2 << 10 // longer reasons are cut
	maxFileSize   = 1 << 40
)

// The media types that an index may come in (PEP 691), best first.
const (
	upstreamJSON = "application/vnd.pypi.simple.v1+json"
	upstreamHTML = "application/vnd.pypi.simple.v1+html"

	acceptIndex = upstreamJSON + ", " + upstreamHTML + ";q=0.2, text/html;q=0.01"
)

// parseIndex reads a project's page as base, the URL that answered, gave it.
// Package, Status, Reason, Files and Dropped of the result are set.
func parseIndex(p artifact.Package, base *url.URL, contentType string, body []byte) (*ecosystem.Index, error) {
	if len(body) > MaxIndexBytes {
		return nil, fmt.Errorf("more than %d bytes", MaxIndexBytes)
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, errors.New("it has no readable content type")
	}
	l := &listing{pkg: p, base: base, index: &ecosystem.Index{Package: p}, seen: map[string]int{}}
	switch media {
	case upstreamJSON, "application/json":
		err = parseIndexJSON(l, body)
	case upstreamHTML, "text/html":
		err = parseIndexHTML(l, body)
	default:
		err = fmt.Errorf("content type %.80q is neither JSON nor HTML", media)
	}
	if err != nil {
		return nil, err
	}
	return l.finish(), nil
}

// entry is one file as a page lists it, nothing checked yet.
type entry struct {
	name, href     string
	sha256         string // "" when the page gives none
	size           int64
	uploaded       string
	requiresPython string
	yanked         bool
	yankedReason   string
	hasMetadata    bool
	metadataSHA256 string
	provenance     string
}

// listing collects the usable entries of a page.
type listing struct {
	pkg     artifact.Package
	base    *url.URL
	index   *ecosystem.Index
	keys    []string       // PEP 440 key of each of index.Files
	seen    map[string]int // name -> place in index.Files, or contradicted
	entries int
}

// contradicted marks a name that the page gives to different bytes.
const contradicted = -1

// errTooManyFiles ends a page.
var errTooManyFiles = fmt.Errorf("more than %d files", MaxIndexFiles)

// count admits one more entry.
func (l *listing) count() error {
	if l.entries++; l.entries > MaxIndexFiles {
		return errTooManyFiles
	}
	return nil
}

func (l *listing) drop() { l.index.Dropped++ }

// add takes an entry in, or drops it when any part of it is not what it should be.
func (l *listing) add(e entry) {
	f, key, ok := l.file(e)
	if !ok {
		l.drop()
		return
	}
	at, known := l.seen[f.Name]
	if !known {
		l.seen[f.Name] = len(l.index.Files)
		l.index.Files = append(l.index.Files, f)
		l.keys = append(l.keys, key)
		return
	}
	l.drop()
	// A name belongs to one content for ever. A page that gives it two is believed
	// in neither.
	if at != contradicted && l.index.Files[at].SHA256 != f.SHA256 {
		l.seen[f.Name] = contradicted
		l.index.Files[at].Name = ""
	}
}

// file checks an entry. Its key is equal for versions that are equal.
func (l *listing) file(e entry) (f ecosystem.IndexFile, key string, ok bool) {
	kind, number, ok := l.identify(e.name)
	if !ok || len(e.requiresPython) > maxSpecifier || e.size < 0 || e.size > maxFileSize {
		return f, "", false
	}
	v, err := pep440.Parse(number)
	if err != nil {
		return f, "", false
	}
	f = ecosystem.IndexFile{
		Name: e.name, Number: number, Kind: kind, Size: e.size, RequiresPython: e.requiresPython,
		Yanked: e.yanked, YankedReason: reason(e.yankedReason), HasMetadata: e.hasMetadata,
	}
	if f.URL, ok = l.resolve(e.href); !ok {
		return f, "", false
	}
	if f.SHA256, ok = optionalDigest(e.sha256); !ok {
		return f, "", false
	}
	if f.MetadataSHA256, ok = optionalDigest(e.metadataSHA256); !ok {
		return f, "", false
	}
	// What cannot be read as a date is a missing one: the policy holds for it.
	if at, err := time.Parse(time.RFC3339, e.uploaded); err == nil {
		f.Uploaded = at.UTC()
	}
	if e.provenance != "" {
		// Provenance only ever adds trust, so an unusable URL is none at all.
		f.Provenance, _ = l.resolve(e.provenance)
	}
	return f, string(v.Key()), true
}

// identify reads a file name, which must belong to the listing's package. Eggs,
// installers and the like are no kind that is served.
func (l *listing) identify(name string) (artifact.Kind, string, bool) {
	if strings.HasSuffix(name, ".whl") {
		w, err := pep425.ParseWheelName(name)
		return artifact.Wheel, w.Number, err == nil && w.Distribution == l.pkg.Name
	}
	number, err := pep425.ParseSdistName(name, l.pkg.Name)
	return artifact.Sdist, number, err == nil
}

// resolve makes a URL of the page absolute. From an https page only https is
// taken, and nothing but http and https ever.
func (l *listing) resolve(href string) (string, bool) {
	if href == "" || len(href) > maxURL {
		return "", false
	}
	ref, err := url.Parse(href)
	if err != nil {
		return "", false
	}
	u := l.base.ResolveReference(ref)
	if u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	if u.Scheme != "https" && (u.Scheme != "http" || l.base.Scheme == "https") {
		return "", false
	}
	u.Fragment, u.RawFragment = "", ""
	s := u.String()
	return s, len(s) <= maxURL
}

func optionalDigest(s string) (artifact.Digest, bool) {
	if s == "" {
		return "", true
	}
	d, err := artifact.ParseDigest(s)
	return d, err == nil
}

func reason(s string) artifact.Untrusted {
	if len(s) > maxReason {
		s = s[:maxReason]
	}
	return artifact.Untrusted(strings.ToValidUTF8(s, "\uFFFD"))
}

// finish takes contradicted names out and gives equal versions one number.
func (l *listing) finish() *ecosystem.Index {
	files, keys := l.index.Files[:0], l.keys[:0]
	for i, f := range l.index.Files {
		if f.Name == "" {
			l.drop()
			continue
		}
		files, keys = append(files, f), append(keys, l.keys[i])
	}
	l.index.Files = files
	unify(files, keys)
	return l.index
}

// unify groups versions that PEP 440 calls equal (2.2 and 2.2.0) under the
// spelling of the file that was uploaded first; unknown dates come last, and the
// name decides between equals. So the number does not depend on the page's order.
func unify(files []ecosystem.IndexFile, keys []string) {
	first := map[string]int{}
	for i := range files {
		if at, ok := first[keys[i]]; !ok || earlier(files[i], files[at]) {
			first[keys[i]] = i
		}
	}
	numbers := map[string]string{}
	for key, i := range first {
		numbers[key] = files[i].Number
	}
	for i := range files {
		files[i].Number = numbers[keys[i]]
	}
}

func earlier(a, b ecosystem.IndexFile) bool {
	switch {
	case a.Uploaded.IsZero() != b.Uploaded.IsZero():
		return b.Uploaded.IsZero()
	case !a.Uploaded.Equal(b.Uploaded):
		return a.Uploaded.Before(b.Uploaded)
	}
	return a.Name < b.Name
}

// setStatus takes a project's status marker (PEP 792). A word that is not known
// says nothing that can be acted upon, except that it is not "active": it is
// kept as it is, cut to a word's length.
func (l *listing) setStatus(status, why string) {
	const longest = 40
	status = strings.ToValidUTF8(status, "\uFFFD")
	if r := []rune(status); len(r) > longest {
		status = string(r[:longest])
	}
	l.index.Status, l.index.Reason = status, reason(why)
}

// apiVersion refuses pages of a major version that is not 1 (PEP 629); none is 1.0.
func apiVersion(s string) error {
	major, _, _ := strings.Cut(s, ".")
	if s != "" && major != "1" {
		return fmt.Errorf("its API version is %.20q; this gate reads 1.x", s)
	}
	return nil
}

// splitHash reads "sha256=…" (a URL fragment, or an attribute's value).
// Fragments may hold more than one field; other algorithms give nothing.
func splitHash(s string) string {
	for _, field := range strings.FieldsFunc(s, func(r rune) bool { return r == '&' }) {
		if hex, ok := strings.CutPrefix(field, "sha256="); ok {
			return hexOrBad(hex)
		}
	}
	return ""
}

// hexOrBad keeps an empty digest that was announced from passing for none.
func hexOrBad(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

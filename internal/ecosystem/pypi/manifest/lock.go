package manifest

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep508"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

const maxFileName = 512 // bytes of a locked file's name

// toml reads the reader's own file as TOML.
func (r *reader) toml() (*document.Document, error) {
	b, err := r.ReadOwn()
	if err != nil {
		return nil, err
	}
	return document.TOML(r.Manifest.Path, b)
}

// lock is what the readers of lock formats share.
type lock struct {
	*reader
	*document.Document
	name   string         // "uv.lock", for messages
	relock string         // what writes the lock again, for messages
	noted  int            // which problem, from 1, says that the lock names an index; 0: none yet
	hosts  map[string]int // hosts of other indexes that were reported, and by which problem
}

func (r *reader) lock(relock string) (*lock, error) {
	d, err := r.toml()
	if err != nil {
		return nil, err
	}
	r.Manifest.Locked, r.Manifest.Hashed = true, true
	return &lock{reader: r, Document: d, name: r.Manifest.Format, relock: relock, hosts: map[string]int{}}, nil
}

// identity reads a locked package's name and version. Only the project's own
// packages have no version.
func (l *lock) identity(t *document.Value) (ecosystem.Requirement, error) {
	name := t.Get("name")
	if l.Text(t, "name") == "" {
		return ecosystem.Requirement{}, l.bad(t.At, "a package has no name; write the lock again with %s", l.relock)
	}
	if _, err := pep503.Parse(name.Text); err != nil {
		return ecosystem.Requirement{}, l.bad(name.At, "%s is no package name; write the lock again with %s", manifestfile.Quote(name.Text), l.relock)
	}
	req := ecosystem.Requirement{Package: named(name.Text), Written: name.Text, At: l.Place(name.At)}
	number := l.Text(t, "version")
	if number == "" {
		return req, l.Err
	}
	v, err := pep440.Parse(number)
	if err != nil {
		return req, l.bad(t.Get("version").At, "%s is no version; write the lock again with %s", manifestfile.Quote(number), l.relock)
	}
	req.Number, req.Spec, req.Written = v.String(), "=="+v.String(), name.Text+"=="+number
	return req, l.Err
}

// bad is the fatal answer to a lock that is broken at a place.
func (l *lock) bad(at int, format string, args ...any) error {
	return manifestfile.Syntax(l.Place(at), format, args...)
}

// foreign reports a package that comes from no index, with the effect of its rule
// (effectOf).
func (l *lock) foreign(at int, req ecosystem.Requirement, rule, what string) error {
	return l.Report(ecosystem.Problem{
		Rule: RuleLockSource, Class: finding.Manifest, Effect: effectOf(rule), At: l.Place(at),
		Text: fmt.Sprintf("%s is locked to %s, which comes from no index, so the gate cannot look at it; depend on a release by name, or publish it to the gate, then write the lock again with %s", req.Package.Name, what, l.relock),
	})
}

// mention notes, once for the lock, that it names where its files came from. The
// gate goes to its own upstreams all the same. All addresses stand in the note,
// so that it is dropped where they are the gate's own.
func (l *lock) mention(at int, address string) error {
	if l.noted > 0 {
		p := &l.Manifest.Problems[l.noted-1]
		p.Index = p.Index.And(address)
		return nil
	}
	l.noted = len(l.Manifest.Problems) + 1
	return l.Report(ecosystem.Problem{
		Rule: RuleLockIndex, Class: finding.Origin, Effect: manifestfile.Note, At: l.Place(at), Index: ecosystem.AddressOf(address),
		Text: fmt.Sprintf("%s names %s; the gate asks its own upstreams instead and checks the locked hashes", l.name, manifestfile.Origin(address)),
	})
}

// around rejects, once for each host, that the lock's tool goes past the gate.
func (l *lock) around(at int, address, text string) error {
	where := manifestfile.Origin(address)
	if i, said := l.hosts[where]; said {
		l.Manifest.Problems[i].Index = l.Manifest.Problems[i].Index.And(address)
		return nil
	}
	l.hosts[where] = len(l.Manifest.Problems)
	return l.Report(ecosystem.Problem{
		Rule: RuleLockIndex, Class: finding.Origin, Effect: manifestfile.Reject, At: l.Place(at), Index: ecosystem.AddressOf(address),
		Text: fmt.Sprintf("%s names %s; %s", l.name, where, text),
	})
}

// isFileName says whether a wheel or an sdist can be called so. What cannot is
// not passed on: cut out of a hostile address it could be anything.
func isFileName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
		if !letter && (i == 0 || strings.IndexByte(".+!-", c) < 0) {
			return false
		}
	}
	return name != "" && len(name) <= maxFileName
}

// addFile adds a file with its hashes ("algorithm:hex") to a requirement.
func (l *lock) addFile(req *ecosystem.Requirement, at int, name, address string, hashes []string, size int64) error {
	if !isFileName(name) {
		return l.bad(at, "a file of %s has no usable name; write the lock again with %s", req.Package.Name, l.relock)
	}
	f := ecosystem.LockedFile{Name: strings.Clone(name), URL: manifestfile.WithoutSecrets(address), Size: size}
	for _, h := range hashes {
		algorithm, digest, ok := strings.Cut(strings.ToLower(h), ":")
		if !ok {
			return l.bad(at, "%s is no hash of the form algorithm:digest; write the lock again with %s", manifestfile.Quote(h), l.relock)
		}
		if algorithm == "sha256" {
			sha, err := artifact.ParseDigest(digest)
			if err != nil {
				return l.bad(at, "%s is no sha256; write the lock again with %s", manifestfile.Quote(h), l.relock)
			}
			f.SHA256 = sha
		}
		req.Hashes = append(req.Hashes, algorithm+":"+digest)
	}
	req.Files = append(req.Files, f)
	if len(hashes) > 0 {
		return nil
	}
	return l.Report(ecosystem.Problem{
		Rule: RuleLockNoHash, Class: finding.Manifest, Effect: manifestfile.Hold, At: l.Place(at),
		Text: fmt.Sprintf("nothing in the lock vouches for the bytes of %s; write the lock again with %s against an index that gives hashes", manifestfile.Quote(name), l.relock),
	})
}

// checkFiles reports a package from an index of which no file is locked.
func (l *lock) checkFiles(req ecosystem.Requirement) error {
	if len(req.Files) > 0 {
		return nil
	}
	return l.Report(ecosystem.Problem{
		Rule: RuleLockNoFiles, Class: finding.Manifest, Effect: manifestfile.Hold, At: req.At,
		Text: fmt.Sprintf("the lock names no file of %s; write it again with %s", req.Package.Name, l.relock),
	})
}

// markerText reads a marker and gives it in one spelling.
func (l *lock) markerText(v *document.Value) (string, error) {
	if v == nil || v.Text == "" {
		return "", nil
	}
	m, err := pep508.ParseMarker(v.Text)
	if err != nil {
		return "", l.bad(v.At, "%s is no marker that the gate can read; write the lock again with %s", manifestfile.Quote(v.Text), l.relock)
	}
	return m.String(), nil
}

// finish hands the graph's packages out as requirements.
func (l *lock) finish(g *graph) error {
	for _, n := range g.nodes {
		if n.omit {
			continue
		}
		if err := l.Require(n.req); err != nil {
			return err
		}
	}
	return l.Err
}

// orphans are the edges to packages that no other one needs.
func (g *graph) orphans() []edge {
	needed := map[artifact.Package]bool{}
	for _, n := range g.nodes {
		for _, edges := range n.deps {
			for _, e := range edges {
				needed[e.pkg] = needed[e.pkg] || e.pkg != n.req.Package
			}
		}
	}
	var out []edge
	for _, n := range g.nodes {
		if !needed[n.req.Package] {
			out = append(out, edge{pkg: n.req.Package, number: n.req.Number})
		}
	}
	return out
}

// lockedName is the file name that an address ends in, percent escapes undone.
func lockedName(address string) string {
	name := fileName(address)
	if plain, err := url.PathUnescape(name); err == nil {
		return plain
	}
	return name
}

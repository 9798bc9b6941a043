package manifest

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

const (
	againYarn  = "write the lock again with `yarn install`"
	againBerry = "write the lock again with `yarn install --mode=update-lockfile`"
)

// isBerry tells the formats of yarn apart.
func isBerry(content []byte) bool {
	return bytes.HasPrefix(content, []byte("__metadata:")) || bytes.Contains(content, []byte("\n__metadata:"))
}

// parseYarnLock reads yarn.lock, whose format tells which yarn wrote it.
func parseYarnLock(r *reader) error {
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	if isBerry(b) {
		return parseBerryLock(r, b)
	}
	return parseClassicLock(r, b)
}

// yarnLock is a lock whose entries are found by descriptor, "name@range".
type yarnLock struct {
	*lock
	descriptors map[string]int
}

func (r *reader) yarnLock(again string) *yarnLock {
	return &yarnLock{lock: r.lock(again), descriptors: map[string]int{}}
}

// describe adds the descriptors of an entry.
func (l *yarnLock) describe(i int, descriptors []string, at finding.Location) error {
	for _, d := range descriptors {
		if _, twice := l.descriptors[d]; twice {
			return manifestfile.Syntax(at, "%s is written twice; remove one of the two", manifestfile.Quote(d))
		}
		l.descriptors[d] = i
	}
	return nil
}

// find finds an entry for a wish; later yarns put the protocol before a range.
func (l *yarnLock) find(pkgName, spec string) (int, bool) {
	if i, ok := l.descriptors[pkgName+"@"+spec]; ok {
		return i, true
	}
	i, ok := l.descriptors[pkgName+"@npm:"+spec]
	return i, ok
}

// wishedBy makes roots of the package.json beside the lock; without one all that
// nothing else needs is one.
func (l *yarnLock) wishedBy(wishes []projectWish) {
	if wishes == nil {
		l.orphans()
		return
	}
	for _, w := range wishes {
		if i, ok := l.find(w.name, strings.TrimSpace(w.spec)); ok {
			l.roots = append(l.roots, rootEdge{i, w.group})
		}
	}
}

// classicEntry is one entry of yarn 1's format.
type classicEntry struct {
	descriptors                  []string
	at                           finding.Location
	version, resolved, integrity string
	needs                        [][2]string
	optionals                    [][2]string
}

// parseClassicLock reads the format of yarn 1: names in the first column, their
// properties below them, dependencies below those.
func parseClassicLock(r *reader, b []byte) error {
	b = bytes.TrimPrefix(b, utf8Mark)
	if !utf8.Valid(b) {
		return manifestfile.Syntax(finding.Location{File: r.Manifest.Path}, "this is no yarn.lock: it is not UTF-8; %s", againYarn)
	}
	c := &classic{file: r.Manifest.Path}
	number := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		number++
		if err := c.line(strings.TrimSuffix(line, "\r"), number); err != nil {
			return err
		}
	}
	l := r.yarnLock(againYarn)
	for i := range c.entries {
		if err := l.classicEntry(&c.entries[i]); err != nil {
			return err
		}
	}
	for i := range c.entries {
		for _, need := range c.entries[i].needs {
			l.connect(i, need, plain)
		}
		for _, need := range c.entries[i].optionals {
			l.connect(i, need, optional)
		}
	}
	l.wishedBy(l.projectWishes())
	return l.finish()
}

func (l *yarnLock) connect(i int, need [2]string, state byte) {
	if to, ok := l.find(need[0], need[1]); ok {
		l.nodes[i].edges = append(l.nodes[i].edges, edge{to, state})
	}
}

// classic reads the lines of a yarn.lock.
type classic struct {
	file    string
	entries []classicEntry
	within  string // the block under way
}

func (c *classic) bad(number int, why string) error {
	return manifestfile.Syntax(finding.Location{File: c.file, Line: number, Column: 1}, "this is no yarn.lock: %s; %s", why, againYarn)
}

func (c *classic) line(line string, number int) error {
	text := strings.TrimLeft(line, " ")
	if text == "" || text[0] == '#' {
		return nil
	}
	words, err := classicWords(text)
	if err != nil {
		return c.bad(number, err.Error())
	}
	switch depth := len(line) - len(text); {
	case depth == 0:
		return c.head(words, number)
	case len(c.entries) == 0:
		return c.bad(number, "a property stands before any package")
	case depth == 2:
		return c.property(words, number)
	case depth == 4 && c.within != "" && len(words) == 2:
		e := &c.entries[len(c.entries)-1]
		need := [2]string{words[0], words[1]}
		switch c.within {
		case "dependencies":
			e.needs = append(e.needs, need)
		case "optionalDependencies":
			e.optionals = append(e.optionals, need)
		}
		return nil
	}
	return c.bad(number, "a line is not indented as yarn does it")
}

// head starts an entry: descriptors with commas between, and a colon.
func (c *classic) head(words []string, number int) error {
	e := classicEntry{at: finding.Location{File: c.file, Line: number, Column: 1}}
	for i, w := range words {
		last := i == len(words)-1
		d, ok := strings.CutSuffix(w, map[bool]string{true: ":", false: ","}[last])
		if !ok || d == "" {
			return c.bad(number, "a package's line does not end as it should")
		}
		e.descriptors = append(e.descriptors, d)
	}
	c.entries, c.within = append(c.entries, e), ""
	return nil
}

func (c *classic) property(words []string, number int) error {
	e := &c.entries[len(c.entries)-1]
	c.within = ""
	if len(words) == 1 && strings.HasSuffix(words[0], ":") {
		c.within = strings.TrimSuffix(words[0], ":")
		return nil
	}
	if len(words) != 2 {
		return c.bad(number, "a property is not a name with a value")
	}
	place := map[string]*string{"version": &e.version, "resolved": &e.resolved, "integrity": &e.integrity}[words[0]]
	if place == nil {
		return nil // uid, registry
	}
	if *place != "" {
		return c.bad(number, "a property is written twice")
	}
	*place = words[1]
	return nil
}

// classicWords splits a line at spaces; a word may be quoted as JSON quotes, with a
// comma or a colon behind it.
func classicWords(s string) ([]string, error) {
	var out []string
	for s != "" {
		if s[0] != '"' {
			word, rest, _ := strings.Cut(s, " ")
			out, s = append(out, word), strings.TrimLeft(rest, " ")
			continue
		}
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, fmt.Errorf("a quote is not closed")
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("a quoted text is none")
		}
		after, rest, _ := strings.Cut(s[len(quoted):], " ")
		out, s = append(out, word+after), strings.TrimLeft(rest, " ")
	}
	return out, nil
}

func (l *yarnLock) classicEntry(e *classicEntry) error {
	n := &node{omit: true}
	i, err := l.add(n)
	if err != nil {
		return err
	}
	if err := l.describe(i, e.descriptors, e.at); err != nil {
		return err
	}
	w, err := l.wishOf(e.descriptors, e.at)
	if err != nil {
		return err
	}
	if w.rule != "" {
		return l.foreign(e.at, e.descriptors[0], w.rule, w.what)
	}
	if e.version == "" {
		return manifestfile.Syntax(e.at, "%s has no version; %s", manifestfile.Quote(e.descriptors[0]), l.again)
	}
	req, err := l.release(w.name, e.version, e.at)
	if err != nil {
		return err
	}
	n.req.Package = req.Package
	address, fragment, _ := strings.Cut(e.resolved, "#")
	if address != "" {
		if ok, err := l.fromRegistry(&req, address); err != nil || !ok {
			return err
		}
	}
	hashes := readIntegrity(e.integrity)
	if len(hashes) == 0 && len(fragment) == 40 && strings.Trim(fragment, "0123456789abcdef") == "" {
		hashes = []string{"sha1:" + fragment}
	}
	if err := l.vouch(&req, address, hashes); err != nil {
		return err
	}
	n.req, n.omit = req, false
	return nil
}

// wishOf gives what the descriptors of an entry ask for: all of them the same
// package.
func (l *yarnLock) wishOf(descriptors []string, at finding.Location) (wish, error) {
	var first wish
	for i, d := range descriptors {
		pkgName, spec := splitFirst(d)
		w := readWish(pkgName, spec)
		if i == 0 {
			first = w
		}
		if w.name != first.name || w.rule != first.rule {
			return w, l.Report(ecosystem.Problem{Rule: RuleLockDisagrees, Class: finding.Origin, Effect: manifestfile.Reject, At: at,
				Text: fmt.Sprintf("one entry of the lock answers for several packages (%s and others); find out who changed the lock, then %s", manifestfile.Quote(first.name), l.again)})
		}
	}
	return first, nil
}

// parseBerryLock reads the format of yarn 2 and later: YAML with a __metadata. Its
// checksums are of archives that yarn makes itself, so they say nothing of the
// registry's bytes.
func parseBerryLock(r *reader, b []byte) error {
	docs, err := parseYAML(r.Manifest.Path, b, againBerry)
	if err != nil {
		return err
	}
	if len(docs) != 1 {
		return manifestfile.Syntax(docs[1].place(docs[1].root), "the lock has a second document; %s", againBerry)
	}
	l := &berryLock{yarnLock: r.yarnLock(againBerry), document: docs[0]}
	r.Manifest.Hashed = false
	wishes := l.projectWishes()
	for _, f := range l.root.fields {
		if f.key == "__metadata" {
			continue
		}
		if f.val.kind != isTable {
			return manifestfile.Syntax(l.placeOf(f), "a package must be a mapping; %s", l.again)
		}
		if err := l.entry(f); err != nil {
			return err
		}
	}
	for i, v := range l.values {
		l.connectBerry(i, v, wishes)
	}
	if wishes == nil && len(l.roots) == 0 {
		l.orphans()
	}
	if at := l.root.get("__metadata"); at != nil {
		if err := l.Report(ecosystem.Problem{Rule: RuleLockWeakHash, Class: finding.Manifest, Effect: manifestfile.Note, At: l.place(at),
			Text: "the checksums of this lock are of archives that yarn makes itself; the gate checks what it fetches against the registry's digests"}); err != nil {
			return err
		}
	}
	return l.finish()
}

type berryLock struct {
	*yarnLock
	*document
	values []*value // of the nodes
}

func (l *berryLock) entry(f field) error {
	n := &node{omit: true}
	i, err := l.add(n)
	if err != nil {
		return err
	}
	l.values = append(l.values, f.val)
	at := l.placeOf(f)
	if err := l.describe(i, strings.Split(f.key, ", "), at); err != nil {
		return err
	}
	pkgName, ref := splitFirst(f.val.str("resolution"))
	protocol, rest, _ := strings.Cut(ref, ":")
	switch protocol {
	case "npm":
		return l.npm(n, f, pkgName, rest)
	case "workspace":
		return nil
	case "patch":
		if strings.Contains(rest, "builtin<") {
			return nil // yarn's own changes, which come with yarn
		}
		return l.patched(pkgName, at)
	case "":
		return manifestfile.Syntax(at, "%s has no resolution; %s", manifestfile.Quote(f.key), l.again)
	}
	w := readWish(pkgName, ref)
	if w.rule == "" {
		w.rule, w.what = RuleSource, "a form that the gate does not know"
	}
	return l.foreign(at, pkgName, w.rule, w.what)
}

// npm reads a package from a registry. Where its bytes are kept at an address that
// does not follow from the registry's, that stands behind the version.
func (l *berryLock) npm(n *node, f field, pkgName, rest string) error {
	number, params, _ := strings.Cut(rest, "::")
	req, err := l.release(pkgName, number, l.placeOf(f))
	if err != nil {
		return err
	}
	n.req.Package = req.Package
	if v, err := semver.Parse(f.val.str("version")); err != nil || v.String() != req.Number {
		return l.Report(ecosystem.Problem{Rule: RuleLockDisagrees, Class: finding.Origin, Effect: manifestfile.Reject, At: req.At,
			Text: fmt.Sprintf("%s has another version than its resolution; %s", req.Written, l.again)})
	}
	if err := l.wishesAre(f, pkgName); err != nil {
		return err
	}
	values, err := url.ParseQuery(params)
	if err != nil {
		return manifestfile.Syntax(req.At, "the resolution of %s cannot be read; %s", req.Written, l.again)
	}
	address := values.Get("__archiveUrl")
	if address != "" {
		if ok, err := l.fromRegistry(&req, address); err != nil || !ok {
			return err
		}
	}
	req.Files = []ecosystem.LockedFile{{Name: fileName(req.Package.Name, req.Number), URL: manifestfile.WithoutSecrets(address)}}
	n.req, n.omit = req, false
	return nil
}

// wishesAre reports an entry whose descriptors ask for another package than the
// one that it resolves to.
func (l *berryLock) wishesAre(f field, pkgName string) error {
	for _, d := range strings.Split(f.key, ", ") {
		key, spec := splitFirst(d)
		w := readBerryWish(key, spec)
		if w.rule == "" && w.name != pkgName && !w.member {
			return l.Report(ecosystem.Problem{Rule: RuleAlias, Class: finding.Origin, Effect: manifestfile.Reject, At: l.placeOf(f),
				Text: fmt.Sprintf("the lock installs %s for %s, which asks for another package; find out who changed the lock, then %s", shown(pkgName), manifestfile.Quote(key), l.again)})
		}
	}
	return nil
}

// connectBerry adds the edges of an entry. Those of a workspace are the project's
// wishes, of which the lock does not tell in which section they stand.
func (l *berryLock) connectBerry(i int, v *value, wishes []projectWish) {
	own := strings.Contains(v.str("resolution"), "@workspace:")
	if base, ok := patchedFrom(v.str("resolution")); ok {
		if to, ok := l.find(base[0], base[1]); ok {
			l.nodes[i].edges = append(l.nodes[i].edges, edge{to, plain})
		}
	}
	for _, f := range v.table("dependencies") {
		to, ok := l.find(f.key, f.val.text)
		if !ok {
			continue
		}
		state := plain
		if v.get("dependenciesMeta").get(f.key).flag("optional") {
			state = optional
		}
		if !own {
			l.nodes[i].edges = append(l.nodes[i].edges, edge{to, state})
			continue
		}
		if strings.Contains(l.values[to].str("resolution"), "@workspace:") {
			continue
		}
		l.roots = append(l.roots, rootEdge{to, groupOf(wishes, f.key, state)})
	}
}

// groupOf is the section that a project's wish stands in.
func groupOf(wishes []projectWish, pkgName string, state byte) string {
	for _, w := range wishes {
		if w.name == pkgName {
			return w.group
		}
	}
	return groupsOf(state)[0]
}

// patchedFrom gives the descriptor that a patch: is made of.
func patchedFrom(resolution string) (base [2]string, ok bool) {
	_, rest, ok := strings.Cut(resolution, "@patch:")
	if !ok {
		return base, false
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, err := url.PathUnescape(rest)
	if err != nil {
		return base, false
	}
	pkgName, spec := splitFirst(rest)
	return [2]string{pkgName, spec}, true
}

package manifest

import (
	"fmt"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

const againPNPM = "write the lock again with `pnpm install --lockfile-only`"

// parsePNPMLock reads pnpm-lock.yaml, lockfileVersion 5, 6 and 9
// (https://github.com/pnpm/spec/tree/master/lockfile). What pnpm itself needs may
// stand in a document of its own before the project's.
func parsePNPMLock(r *reader) error {
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	docs, err := parseYAML(r.Manifest.Path, b, againPNPM)
	if err != nil {
		return err
	}
	shared := r.lock(againPNPM)
	for _, d := range docs {
		l := &pnpmLock{lock: shared, document: d, keys: map[string]int{}}
		version := d.root.str("lockfileVersion")
		switch {
		case version == "5" || strings.HasPrefix(version, "5."):
			l.slash, l.at = "/", "/"
		case version == "6" || strings.HasPrefix(version, "6."):
			l.slash, l.at = "/", "@"
		case version == "9" || strings.HasPrefix(version, "9."):
			l.at = "@"
		default:
			return manifestfile.Syntax(d.place(d.root.get("lockfileVersion")), "the gate reads lockfileVersion 5, 6 and 9; %s", againPNPM)
		}
		if err := l.read(); err != nil {
			return err
		}
	}
	return shared.finish()
}

// pnpmLock is one document of a pnpm-lock.yaml.
type pnpmLock struct {
	*lock
	*document
	slash, at string // what a key begins with, and what parts name and version
	keys      map[string]int
}

func (l *pnpmLock) read() error {
	packages := l.root.table("packages")
	for _, f := range packages {
		if f.val.kind != isTable {
			return manifestfile.Syntax(l.placeOf(f), "a package must be a mapping; %s", l.again)
		}
		n := &node{omit: true}
		if err := l.entry(n, f); err != nil {
			return err
		}
		i, err := l.add(n)
		if err != nil {
			return err
		}
		l.keys[f.key] = i
	}
	for _, from := range [][]field{packages, l.root.table("snapshots")} {
		for _, f := range from {
			if i, ok := l.lookup(f.key); ok {
				l.connect(i, f.val)
			}
		}
	}
	importers := l.root.table("importers")
	if l.root.get("importers") == nil {
		importers = []field{{key: ".", val: l.root}}
	}
	for _, f := range importers {
		if err := l.importer(f); err != nil {
			return err
		}
	}
	return l.settings()
}

// identity takes a key apart; the number is what is left of it, a version or an
// address.
func (l *pnpmLock) identity(key string) (pkgName, number string) {
	key = strings.TrimPrefix(withoutPeers(key), l.slash)
	if l.at == "@" {
		return splitFirst(key)
	}
	parts := strings.Split(key, "/")
	n := 1
	if strings.HasPrefix(key, "@") {
		n = 2
	}
	if len(parts) <= n {
		return key, ""
	}
	number, _, _ = strings.Cut(parts[n], "_")
	return strings.Join(parts[:n], "/"), number
}

// splitFirst parts name@rest at the first @ that is not a scope's.
func splitFirst(s string) (pkgName, rest string) {
	if s == "" {
		return "", ""
	}
	if i := strings.IndexByte(s[1:], '@'); i >= 0 {
		return s[:i+1], s[i+2:]
	}
	return s, ""
}

// withoutPeers takes off the peers that tell several installations of a release
// apart: "a@1.0.0(b@2.0.0)".
func withoutPeers(key string) string {
	if i := strings.IndexByte(key, '('); i > 0 {
		return key[:i]
	}
	return key
}

func (l *pnpmLock) entry(n *node, f field) error {
	v, at := f.val, l.placeOf(f)
	pkgName, number := l.identity(f.key)
	resolution := v.get("resolution")
	if resolution == nil || resolution.kind != isTable {
		return manifestfile.Syntax(at, "%s has no resolution; %s", manifestfile.Quote(f.key), l.again)
	}
	tarball := resolution.str("tarball")
	switch {
	case resolution.str("type") == "git" || resolution.str("repo") != "":
		return l.foreign(at, pkgName, RuleVCS, "a git repository")
	case resolution.str("type") == "directory" || resolution.str("directory") != "":
		return l.foreign(at, pkgName, RulePath, "a local path")
	case strings.HasPrefix(tarball, "file:"):
		return l.foreign(at, pkgName, RulePath, "a local path")
	case resolution.str("type") != "":
		return l.foreign(at, pkgName, RuleSource, "a form that the gate does not know")
	}
	if l.slash != "" && !strings.HasPrefix(f.key, l.slash) {
		// Before 9 a key without a slash names the host that the package comes from.
		if v.str("name") == "" || v.str("version") == "" {
			return l.foreign(at, f.key, RuleURL, "a tarball by its address")
		}
		pkgName, number = v.str("name"), v.str("version")
	}
	if _, err := semver.Parse(number); err != nil {
		return l.foreign(at, pkgName, RuleURL, "a tarball by its address")
	}
	req, err := l.release(pkgName, number, at)
	if err != nil {
		return err
	}
	n.req.Package = req.Package
	if tarball != "" {
		if ok, err := l.fromRegistry(&req, tarball); err != nil || !ok {
			return err
		}
	}
	if err := l.vouch(&req, tarball, readIntegrity(resolution.str("integrity"))); err != nil {
		return err
	}
	n.req, n.omit = req, false
	return nil
}

// lookup finds a package by its key, with or without peers.
func (l *pnpmLock) lookup(key string) (int, bool) {
	if i, ok := l.keys[key]; ok {
		return i, true
	}
	i, ok := l.keys[withoutPeers(key)]
	return i, ok
}

// find finds what a dependency refers to: a version of its own name, or a key.
func (l *pnpmLock) find(pkgName, ref string) (int, bool) {
	if i, ok := l.lookup(l.slash + pkgName + l.at + ref); ok {
		return i, true
	}
	return l.lookup(ref)
}

func (l *pnpmLock) connect(i int, v *value) {
	for _, s := range []struct {
		key   string
		state byte
	}{{"dependencies", plain}, {"optionalDependencies", optional}} {
		for _, f := range v.table(s.key) {
			if to, ok := l.find(f.key, f.val.text); ok && f.val.kind == isText {
				l.nodes[i].edges = append(l.nodes[i].edges, edge{to, s.state})
			}
		}
	}
}

// pnpmSections are the parts of an importer that name packages; the last two are
// what pnpm itself fetches.
var pnpmSections = []struct{ key, group string }{
	{"dependencies", ""}, {"devDependencies", groupDev}, {"optionalDependencies", groupOptional},
	{"configDependencies", ""}, {"packageManagerDependencies", groupDev},
}

func (l *pnpmLock) importer(importer field) error {
	for _, s := range pnpmSections {
		for _, f := range importer.val.table(s.key) {
			ref := f.val.text
			if f.val.kind == isTable {
				ref = f.val.str("version")
			}
			if target, ok := strings.CutPrefix(ref, "link:"); ok {
				if err := l.linked(importer, f, target); err != nil {
					return err
				}
				continue
			}
			to, ok := l.find(f.key, ref)
			if !ok {
				return l.open(f, ref)
			}
			l.roots = append(l.roots, rootEdge{to, s.group})
			if err := l.checkAlias(f, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkAlias looks for a package under another's name that the project's own
// specifier does not ask for.
func (l *pnpmLock) checkAlias(f field, to int) error {
	got := l.nodes[to].req.Package.Name
	specifier := f.val.str("specifier")
	if specifier == "" {
		specifier = l.root.get("specifiers").str(f.key)
	}
	if l.nodes[to].omit || got == f.key || specifier == "" || !isSpec(specifier) {
		return nil
	}
	return l.Report(ecosystem.Problem{Rule: RuleAlias, Class: finding.Origin, Effect: manifestfile.Reject, At: l.placeOf(f),
		Text: fmt.Sprintf("the lock installs %s under the name %s, which the project does not ask for; find out who changed the lock, then %s", l.nodes[to].req.Written, shown(f.key), l.again)})
}

// linked accepts a link to another folder of the project.
func (l *pnpmLock) linked(importer, f field, target string) error {
	folder := path.Join("/", importer.key, target)
	inside := path.Join(importer.key, target)
	if folder == "/"+inside || inside == "." || !strings.HasPrefix(inside, "..") && !path.IsAbs(target) {
		return nil
	}
	return l.foreign(l.placeOf(f), f.key, RulePath, "a local path")
}

// open is a dependency that no package of the lock belongs to.
func (l *pnpmLock) open(f field, ref string) error {
	if !name.Valid(f.key) {
		return manifestfile.Syntax(l.placeOf(f), "%s is no package name; %s", manifestfile.Quote(f.key), l.again)
	}
	if w := readWish(f.key, ref); w.rule != "" {
		return l.foreign(l.placeOf(f), f.key, w.rule, w.what)
	}
	return manifestfile.Syntax(l.placeOf(f), "the lock has no package for %s; %s", manifestfile.Quote(f.key), l.again)
}

// settings reads what changes packages after they were fetched.
func (l *pnpmLock) settings() error {
	for _, f := range l.root.table("patchedDependencies") {
		if err := l.patched(f.key, l.placeOf(f)); err != nil {
			return err
		}
	}
	return nil
}

// patched notes a patch that the project keeps for a package.
func (l *lock) patched(what string, at finding.Location) error {
	return l.Report(ecosystem.Problem{Rule: RuleLockPatch, Class: finding.Manifest, Effect: manifestfile.Note, At: at,
		Text: fmt.Sprintf("the project changes the code of %s after it is fetched; the gate looks at the code as published, the patch is the project's own", artifact.Untrusted(what))})
}

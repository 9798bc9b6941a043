package manifest

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

const againNPM = "write the lock again with `npm install --package-lock-only`"

// parsePackageLock reads package-lock.json and npm-shrinkwrap.json. Version 1 says
// it all in "dependencies", nested as node_modules is; 3 in "packages", by path; 2 in
// both, of which npm 6 reads the first and later ones the second: they have to
// agree.
func parsePackageLock(r *reader) error {
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	d, err := parseJSON(r.Manifest.Path, b, false, againNPM)
	if err != nil {
		return err
	}
	l := &npmLock{lock: r.lock(againNPM), document: d, paths: map[string]int{}}
	old, packages := d.root.get("dependencies"), d.root.get("packages")
	version := d.root.get("lockfileVersion")
	switch {
	case version == nil || version.text != "1" && version.text != "2" && version.text != "3":
		return manifestfile.Syntax(d.place(version), "the gate reads lockfileVersion 1, 2 and 3; %s", againNPM)
	case packages != nil && packages.kind != isTable, old != nil && old.kind != isTable:
		return manifestfile.Syntax(d.place(d.root), "packages and dependencies must be objects; %s", againNPM)
	case packages != nil:
		err = l.readPackages(packages)
	case version.text == "3":
		return manifestfile.Syntax(d.place(version), "the lock has no packages; %s", againNPM)
	default:
		err = l.readNested(old)
	}
	if err != nil {
		return err
	}
	if packages != nil && old != nil {
		if err := l.compare(old, ""); err != nil {
			return err
		}
	}
	return l.finish()
}

type npmLock struct {
	*lock
	*document
	entries []npmEntry
	paths   map[string]int // path of each entry to its index among the nodes
}

// npmEntry is one package of the lock with where it is installed.
type npmEntry struct {
	path  string // "node_modules/a/node_modules/b"; a workspace's folder; "" for the project
	v     *value
	alias string // the name that it is installed under
	links int    // the node that a link leads to; -1 for none
}

const modules = "node_modules/"

// installedAs is the name that a path ends in.
func installedAs(p string) string {
	if i := strings.LastIndex(p, "/"+modules); i >= 0 {
		return p[i+1+len(modules):]
	}
	return strings.TrimPrefix(p, modules)
}

func isInstalled(p string) bool {
	return strings.HasPrefix(p, modules) || strings.Contains(p, "/"+modules)
}

func (l *npmLock) readPackages(packages *value) error {
	for _, f := range packages.fields {
		if f.val.kind != isTable {
			return manifestfile.Syntax(l.placeOf(f), "a package must be an object; %s", l.again)
		}
		if !isCleanPath(f.key) {
			return manifestfile.Syntax(l.placeOf(f), "%s is no place in the project; %s", manifestfile.Quote(f.key), l.again)
		}
		n := &node{}
		if isInstalled(f.key) {
			if err := l.entry(n, f, packages); err != nil {
				return err
			}
		} else {
			n.omit = true // the project itself, or a workspace
		}
		i, err := l.add(n)
		if err != nil {
			return err
		}
		l.paths[f.key] = i
		l.entries = append(l.entries, npmEntry{path: f.key, v: f.val, alias: installedAs(f.key), links: -1})
	}
	for i := range l.entries {
		if target, ok := l.paths[l.entries[i].v.str("resolved")]; ok && l.entries[i].v.flag("link") {
			l.entries[i].links = target
		}
	}
	for i := range l.entries {
		l.connect(i)
	}
	return l.checkAliases()
}

// isCleanPath says that a key is a path within the project, or that of a package
// outside of it that is linked in ("../other"), which is reported where it is linked.
func isCleanPath(p string) bool {
	return p == "" || path.Clean(p) == p && !strings.HasPrefix(p, "/") && !strings.Contains(p, `\`)
}

// entry reads one installed package.
func (l *npmLock) entry(n *node, f field, packages *value) error {
	v, at := f.val, l.placeOf(f)
	pkgName := v.str("name")
	if pkgName == "" {
		pkgName = installedAs(f.key)
	}
	resolved := v.str("resolved")
	n.omit = true
	if v.flag("link") {
		if resolved == "" || strings.HasPrefix(resolved, "../") || resolved == ".." || packages.get(resolved) == nil {
			return l.foreign(at, pkgName, RulePath, "a local path")
		}
		return nil
	}
	if resolved == "" && isBundled(f.key, packages) {
		return nil // its bytes are another package's, and looked at there
	}
	if w := readWish(pkgName, resolved); resolved != "" && w.rule != "" && w.rule != RuleURL {
		return l.foreign(at, pkgName, w.rule, w.what)
	}
	return l.installed(n, pkgName, v, at)
}

// installed reads a package that comes from a registry.
func (l *npmLock) installed(n *node, pkgName string, v *value, at finding.Location) error {
	req, err := l.release(pkgName, v.str("version"), at)
	if err != nil {
		return err
	}
	if resolved := v.str("resolved"); resolved != "" {
		ok, err := l.fromRegistry(&req, resolved)
		if err != nil || !ok {
			n.req.Package = req.Package
			n.omit = true
			return err
		}
	}
	n.omit = false
	if err := l.vouch(&req, v.str("resolved"), readIntegrity(v.str("integrity"))); err != nil {
		return err
	}
	n.req = req
	return nil
}

// isBundled says that a package above this one lists it, or one that it lies
// below, among its bundled ones. That an entry says so of itself is no proof.
func isBundled(p string, packages *value) bool {
	for {
		i := strings.LastIndex(p, "/"+modules)
		if i < 0 {
			return false
		}
		above, short := packages.get(p[:i]), p[i+1+len(modules):]
		for _, key := range []string{"bundleDependencies", "bundledDependencies"} {
			if slices.Contains(texts(above.get(key)), short) || above.flag(key) {
				return true
			}
		}
		// npm puts what the bundled ones need beside them, where the parent's list
		// does not name it.
		if above.get("bundleDependencies") != nil && packages.get(p).flag("inBundle") {
			return true
		}
		p = p[:i]
	}
}

// connect adds the edges of one entry.
func (l *npmLock) connect(i int) {
	e := l.entries[i]
	own := !isInstalled(e.path)
	for _, s := range sections {
		if s.group == groupDev && !own {
			continue // nobody installs them
		}
		for _, f := range e.v.table(s.key) {
			to, ok := l.find(e.path, f.key)
			if !ok {
				continue
			}
			if own {
				if l.entries[to].links < 0 {
					l.roots = append(l.roots, rootEdge{to, s.group})
				}
				continue
			}
			l.nodes[i].edges = append(l.nodes[i].edges, edge{to, stateOf(s.group)})
		}
	}
}

// find is what node finds for a name from a place: the nearest node_modules that
// has it, going up.
func (l *npmLock) find(from, pkgName string) (int, bool) {
	for {
		at := modules + pkgName
		if from != "" {
			at = from + "/" + at
		}
		if i, ok := l.paths[at]; ok {
			return i, true
		}
		if from == "" {
			return 0, false
		}
		// One step up: out of node_modules/name, or to the parent of a workspace.
		if j := strings.LastIndex(from, "/"+modules); j >= 0 {
			from = from[:j]
		} else {
			from = ""
		}
	}
}

// checkAliases looks for packages that stand under another's name though nobody
// asks for that: the sign of a lock that was tampered with.
func (l *npmLock) checkAliases() error {
	var asked map[string]bool // "place\x00name" that a dependent asks for
	for i, e := range l.entries {
		n := l.nodes[i]
		if n.omit || n.req.Package.Name == e.alias {
			continue
		}
		if asked == nil {
			asked = l.askedAliases()
		}
		if asked[e.path+"\x00"+n.req.Package.Name] {
			continue
		}
		if err := l.Report(ecosystem.Problem{Rule: RuleAlias, Class: finding.Origin, Effect: manifestfile.Reject, At: n.req.At,
			Text: fmt.Sprintf("%s installs %s under the name %s, which nothing asks for; find out who changed the lock, then %s", l.Manifest.Format, n.req.Written, shown(e.alias), l.again)}); err != nil {
			return err
		}
	}
	return nil
}

func (l *npmLock) askedAliases() map[string]bool {
	out := map[string]bool{}
	for _, e := range l.entries {
		for _, s := range sections {
			for _, f := range e.v.table(s.key) {
				if f.val.kind != isText || !strings.HasPrefix(strings.ToLower(strings.TrimSpace(f.val.text)), "npm:") {
					continue
				}
				if to, ok := l.find(e.path, f.key); ok {
					out[l.entries[to].path+"\x00"+readWish(f.key, f.val.text).name] = true
				}
			}
		}
	}
	// An override may ask for one as well; the project's own package.json has them.
	for _, w := range l.overriddenNames() {
		for _, e := range l.entries {
			if e.alias == w.key {
				out[e.path+"\x00"+w.name] = true
			}
		}
	}
	return out
}

type overrideName struct{ key, name string }

func (l *npmLock) overriddenNames() []overrideName {
	b, file, err := l.beside(PackageJSON, maxFileBytes)
	if err != nil || b == nil {
		return nil
	}
	d, err := parseJSON(file, b, false, againJSON)
	if err != nil {
		return nil
	}
	var out []overrideName
	var walk func(t *value)
	walk = func(t *value) {
		for _, f := range t.fields {
			switch f.val.kind {
			case isTable:
				walk(f.val)
			case isText:
				if w := readWish(overridden(f.key), f.val.text); w.alias {
					out = append(out, overrideName{overridden(f.key), w.name})
				}
			}
		}
	}
	if t := d.root.get("overrides"); t != nil && t.kind == isTable {
		walk(t)
	}
	return out
}

// readNested reads the dependencies of lockfileVersion 1.
func (l *npmLock) readNested(old *value) error {
	if old == nil {
		return nil
	}
	if err := l.nested(old, ""); err != nil {
		return err
	}
	l.connectNested()
	l.nestedRoots()
	return nil
}

func (l *npmLock) nested(t *value, above string) error {
	for _, f := range t.fields {
		if f.val.kind != isTable {
			return manifestfile.Syntax(l.placeOf(f), "a package must be an object; %s", l.again)
		}
		p := nestedPath(above, f.key)
		n := &node{}
		if err := l.nestedEntry(n, f); err != nil {
			return err
		}
		i, err := l.add(n)
		if err != nil {
			return err
		}
		l.paths[p] = i
		l.entries = append(l.entries, npmEntry{path: p, v: f.val, alias: f.key, links: -1})
		if below := f.val.get("dependencies"); below != nil && below.kind == isTable {
			if err := l.nested(below, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func nestedPath(above, key string) string {
	if above == "" {
		return modules + key
	}
	return above + "/" + modules + key
}

// nestedEntry reads one package of lockfileVersion 1, where "version" says where
// it comes from as well.
func (l *npmLock) nestedEntry(n *node, f field) error {
	v, at := f.val, l.placeOf(f)
	n.omit = true
	if v.flag("bundled") && v.str("resolved") == "" {
		return nil
	}
	pkgName := f.key
	number := v.str("version")
	switch w := readWish(f.key, number); {
	case isOwnFolder(number):
		return nil // a workspace
	case w.rule != "":
		return l.foreign(at, f.key, w.rule, w.what)
	case w.alias:
		pkgName, number = w.name, w.spec
	}
	return l.installed(n, pkgName, &value{kind: isTable, fields: []field{
		{key: "version", val: &value{kind: isText, text: number}},
		{key: "resolved", val: orText(v.get("resolved"))}, {key: "integrity", val: orText(v.get("integrity"))},
	}}, at)
}

// isOwnFolder says that a version is a folder of the project itself.
func isOwnFolder(number string) bool {
	p, ok := strings.CutPrefix(number, "file:")
	return ok && fs.ValidPath(p) && !strings.HasSuffix(p, "gz") && !strings.HasSuffix(p, ".tar")
}

func orText(v *value) *value {
	if v == nil {
		return &value{kind: isNull}
	}
	return v
}

func (l *npmLock) connectNested() {
	for i, e := range l.entries {
		for _, f := range e.v.table("requires") {
			if to, ok := l.find(e.path, f.key); ok {
				l.nodes[i].edges = append(l.nodes[i].edges, edge{to, plain})
			}
		}
	}
}

// nestedRoots takes the project's own wishes from the package.json beside the
// lock, and where there is none from what nothing else needs.
func (l *npmLock) nestedRoots() {
	wishes := l.projectWishes()
	for _, w := range wishes {
		if i, ok := l.paths[modules+w.name]; ok {
			l.roots = append(l.roots, rootEdge{i, w.group})
		}
	}
	if wishes == nil {
		l.orphans()
		for _, r := range l.roots {
			if e := l.entries[r.to].v; e.flag("dev") {
				l.setGroup(r.to, groupDev)
			} else if e.flag("optional") {
				l.setGroup(r.to, groupOptional)
			}
		}
	}
}

func (l *npmLock) setGroup(to int, group string) {
	for i := range l.roots {
		if l.roots[i].to == to {
			l.roots[i].group = group
		}
	}
}

// compare holds the dependencies of lockfileVersion 2 against its packages.
func (l *npmLock) compare(t *value, above string) error {
	for _, f := range t.fields {
		if f.val.kind != isTable {
			return manifestfile.Syntax(l.placeOf(f), "a package must be an object; %s", l.again)
		}
		p := nestedPath(above, f.key)
		if err := l.compareOne(p, f); err != nil {
			return err
		}
		if below := f.val.get("dependencies"); below != nil && below.kind == isTable {
			if i, ok := l.paths[p]; ok && l.entries[i].links >= 0 {
				p = l.entries[l.entries[i].links].path // what a workspace needs lies in its own folder
			}
			if err := l.compare(below, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *npmLock) compareOne(p string, f field) error {
	i, ok := l.paths[p]
	same := ok
	if ok {
		e := l.entries[i].v
		same = e.str("resolved") == f.val.str("resolved") && e.str("integrity") == f.val.str("integrity") || e.flag("link")
		if v, err := semver.Parse(f.val.str("version")); err == nil && !l.nodes[i].omit {
			same = same && v.String() == l.nodes[i].req.Number && l.nodes[i].req.Package.Name == f.key
		} else if w := readWish(f.key, f.val.str("version")); !l.nodes[i].omit && w.alias {
			same = same && w.name == l.nodes[i].req.Package.Name && w.spec == l.nodes[i].req.Number
		} else if !l.nodes[i].omit {
			same = false
		}
	}
	if same {
		return nil
	}
	return l.Report(ecosystem.Problem{Rule: RuleLockDisagrees, Class: finding.Origin, Effect: manifestfile.Reject, At: l.placeOf(f),
		Text: fmt.Sprintf("npm 6 installs for %s what stands here, later ones what stands in packages, and the two differ; %s", shown(f.key), l.again)})
}

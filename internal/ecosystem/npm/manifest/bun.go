package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

const againBun = "write the lock again with `bun install --lockfile-only`"

// refuseBunBinary: a lock that no reviewer can read is not read here either.
func refuseBunBinary(r *reader) error {
	return manifestfile.Syntax(finding.Location{File: r.Manifest.Path}, "bun.lockb is a binary file that neither people nor the gate read; write a text lock with `bun install --save-text-lockfile --frozen-lockfile --lockfile-only` and remove this one")
}

// parseBunLock reads bun.lock, JSON with comments and trailing commas
// (https://bun.com/docs/pm/lockfile): each package is a list of its name with
// version, its registry's address, what it needs, and its integrity.
func parseBunLock(r *reader) error {
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	d, err := parseJSON(r.Manifest.Path, b, true, againBun)
	if err != nil {
		return err
	}
	l := &bunLock{lock: r.lock(againBun), document: d, keys: map[string]int{}}
	version := d.root.get("lockfileVersion")
	if version == nil || version.text != "0" && version.text != "1" && version.text != "2" {
		return manifestfile.Syntax(d.place(version), "the gate reads lockfileVersion 0, 1 and 2; %s", againBun)
	}
	for _, f := range d.root.table("packages") {
		if err := l.entry(f); err != nil {
			return err
		}
	}
	for i := range l.entries {
		l.connect(i)
	}
	for _, w := range d.root.table("workspaces") {
		if err := l.workspace(w); err != nil {
			return err
		}
	}
	for _, f := range d.root.table("patchedDependencies") {
		if err := l.patched(f.key, d.placeOf(f)); err != nil {
			return err
		}
	}
	return l.finish()
}

type bunLock struct {
	*lock
	*document
	entries []bunEntry
	keys    map[string]int
}

// bunEntry is one package with the key that says where it is installed, as
// "a/b" for a b below a.
type bunEntry struct {
	key  string
	info *value // what it needs; nil for none
	own  bool   // a workspace
}

func (l *bunLock) entry(f field) error {
	at := l.placeOf(f)
	if f.val.kind != isList || len(f.val.list) == 0 || f.val.list[0].kind != isText {
		return manifestfile.Syntax(at, "a package must be a list that begins with its name; %s", l.again)
	}
	n := &node{omit: true}
	i, err := l.add(n)
	if err != nil {
		return err
	}
	l.keys[f.key] = i
	e := bunEntry{key: f.key}
	for _, v := range f.val.list[1:] {
		if v.kind == isTable {
			e.info = v
		}
	}
	pkgName, ref := splitFirst(f.val.list[0].text)
	e.own = strings.HasPrefix(ref, "workspace:") || strings.HasPrefix(ref, "root:")
	l.entries = append(l.entries, e)
	if e.own {
		return nil
	}
	if _, err := semver.Parse(ref); err == nil {
		return l.release(n, f, pkgName, ref)
	}
	w := readWish(pkgName, ref)
	if w.rule == "" {
		w.rule, w.what = RuleSource, "a form that the gate does not know"
	}
	return l.foreign(at, pkgName, w.rule, w.what)
}

// release reads a package from a registry: name@version, the address of its
// tarball or registry, what it needs, its integrity.
func (l *bunLock) release(n *node, f field, pkgName, number string) error {
	req, err := l.lock.release(pkgName, number, l.placeOf(f))
	if err != nil {
		return err
	}
	n.req.Package = req.Package
	var words []string
	for _, v := range f.val.list[1:] {
		if v.kind == isText {
			words = append(words, v.text)
		}
	}
	address, integrity := "", ""
	switch len(words) {
	case 1:
		integrity = words[0]
	case 2:
		address, integrity = words[0], words[1]
	}
	if hashes := readIntegrity(integrity); len(hashes) == 0 && strings.Contains(integrity, "://") {
		address, integrity = integrity, ""
	}
	if address != "" {
		ok, err := l.atRegistry(&req, address)
		if err != nil || !ok {
			return err
		}
	}
	if err := l.vouch(&req, address, readIntegrity(integrity)); err != nil {
		return err
	}
	n.req, n.omit = req, false
	return nil
}

// atRegistry takes a tarball's address, and also that of a registry alone, which
// older locks have.
func (l *bunLock) atRegistry(req *ecosystem.Requirement, address string) (bool, error) {
	if !strings.Contains(address, "/-/") && !strings.HasSuffix(address, ".tgz") && manifestfile.IsPlain(strings.TrimSuffix(address, "/")+"/") {
		where, err := l.mention(req.At, address)
		req.Source = where
		return true, err
	}
	return l.fromRegistry(req, address)
}

// bunParent is the key above a key: "@s/a/b" of "@s/a/b/c".
func bunParent(key string) (parent string, ok bool) {
	parts := strings.Split(key, "/")
	n := len(parts) - 1
	if n >= 1 && strings.HasPrefix(parts[n-1], "@") {
		n--
	}
	if n <= 0 {
		return "", false
	}
	return strings.Join(parts[:n], "/"), true
}

// find is what a package finds for a name, going up from its own place.
func (l *bunLock) find(from, pkgName string) (int, bool) {
	for {
		key := pkgName
		if from != "" {
			key = from + "/" + pkgName
		}
		if i, ok := l.keys[key]; ok {
			return i, true
		}
		if from == "" {
			return 0, false
		}
		from, _ = bunParent(from)
	}
}

func (l *bunLock) connect(i int) {
	e := l.entries[i]
	optionalPeers := texts(e.info.get("optionalPeers"))
	for _, s := range sections {
		if s.group == groupDev {
			continue
		}
		for _, f := range e.info.table(s.key) {
			if s.group == groupPeer && slices.Contains(optionalPeers, f.key) {
				continue
			}
			if to, ok := l.find(e.key, f.key); ok {
				l.nodes[i].edges = append(l.nodes[i].edges, edge{to, stateOf(s.group)})
			}
		}
	}
}

// workspace makes roots of what a workspace asks for. Its packages lie below its
// name, or at the top.
func (l *bunLock) workspace(w field) error {
	from := ""
	if w.key != "" {
		from = w.val.str("name")
	}
	for _, s := range sections {
		for _, f := range w.val.table(s.key) {
			if s.group == groupPeer && slices.Contains(texts(w.val.get("optionalPeers")), f.key) {
				continue
			}
			if to, ok := l.find(from, f.key); ok && !l.entries[to].own {
				l.roots = append(l.roots, rootEdge{to, s.group})
				if err := l.checkAlias(f, to); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkAlias looks for a package under another's name that the project does not
// ask for.
func (l *bunLock) checkAlias(f field, to int) error {
	got := l.nodes[to].req.Package.Name
	if l.nodes[to].omit || got == f.key {
		return nil
	}
	if w := readWish(f.key, f.val.text); w.name == got || w.rule != "" || w.isCatalog() {
		return nil
	}
	return l.Report(ecosystem.Problem{Rule: RuleAlias, Class: finding.Origin, Effect: manifestfile.Reject, At: l.nodes[to].req.At,
		Text: fmt.Sprintf("the lock installs %s under the name %s, which the project does not ask for; find out who changed the lock, then %s", l.nodes[to].req.Written, shown(f.key), l.again)})
}

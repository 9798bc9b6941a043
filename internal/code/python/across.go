package python

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// carriers are the sources that matter beyond their file; lookedUp are those that
// matter in a name that is looked up as well.
var (
	carriers = fromDecode | bit(code.Decrypt) | fromFetch | fromSecret | fromEnvAll | fromComputed |
		bit(code.Clipboard) | bit(code.Screen) | bit(code.Keyboard)
	lookedUp = fromEnv | fromRead | bit(code.SysInfo)
)

// elsewhere says that a name may be one of another file of the package.
func elsewhere(r *ref) bool {
	root, _, dotted := strings.Cut(r.name, ".")
	return dotted && !namesOf()[root]
}

// Limits of what a value is made of that other files gave.
const (
	mostStrangers  = 4
	strangersDepth = 4
)

// strangers are the names of other files of which this one knows nothing and that a
// value is made of, and whether what its own function was given is part of it.
func (a *analysis) strangers(v *value) (names []string, given bool) {
	var look func(v *value, depth int)
	look = func(v *value, depth int) {
		if v.from&^fromLong != 0 || len(names) >= mostStrangers {
			return
		}
		switch v.kind {
		case name, inst:
			if elsewhere(v.ref) {
				if !slices.Contains(names, v.ref.name) {
					names = append(names, v.ref.name)
				}
				return
			}
		case unknown:
			given = given || v.id != 0 && a.tree.Kind(v.id) == syntax.Param && a.unit.name != ""
		}
		if depth == 0 || v.held.from&^fromLong != 0 {
			return
		}
		for _, it := range v.items[:min(len(v.items), 16)] {
			look(it, depth-1)
		}
	}
	look(v, strangersDepth)
	return names, given
}

// opaque is what of these values other files or callers gave, when nothing else is
// known of them: what is made of it is as good as it itself. nil for none.
func (a *analysis) opaque(values ...*value) *value {
	for _, v := range values {
		names, given := a.strangers(v)
		if len(names) == 0 && !given {
			continue
		}
		if v.kind == name {
			return &v.ref.made
		}
		return v
	}
	return nil
}

// textMakers are functions that make text or bytes of what they are given.
var textMakers = map[string]bool{
	"json.dumps": true, "base64.b64encode": true, "base64.urlsafe_b64encode": true, "base64.b32encode": true, "base64.b16encode": true, "base64.encodebytes": true,
	"binascii.hexlify": true, "binascii.b2a_hex": true, "binascii.b2a_base64": true, "zlib.compress": true, "gzip.compress": true, "bz2.compress": true, "lzma.compress": true,
	"urllib.parse.quote": true, "urllib.parse.quote_plus": true, "urllib.parse.urlencode": true, "pickle.dumps": true, "marshal.dumps": true, "yaml.dump": true,
	"pprint.pformat": true, "textwrap.wrap": true, "textwrap.fill": true, "re.sub": true, "html.escape": true, "html.unescape": true, "orjson.dumps": true, "ujson.dumps": true,
	"itertools.batched": true, "itertools.chain": true, "itertools.islice": true, "io.BytesIO": true, "io.StringIO": true, "email.mime.text.MIMEText": true,
}

// crosses notes that data of which this file knows nothing comes to a sink: what
// another file gave, or what this function was given.
func (a *analysis) crosses(c sink, v *value) {
	names, given := a.strangers(v)
	what := func() []*value { return []*value{a.textOf(string(c.kind)), a.textOf(c.name)} }
	for _, n := range names {
		a.add(fact{kind: code.Across, name: code.Takes + ":" + n, at: c.id, args: what()})
	}
	if given {
		a.add(fact{kind: code.Across, name: code.Given + ":" + a.unit.name, at: c.id, args: what()})
		a.takers[a.unit.name] = true
	}
}

// crossesIn is crosses for a name that is looked up, of which only what stands in
// front of a domain of the file's own is data.
func (a *analysis) crossesIn(c sink, host *value) {
	if host.kind == partial && strings.Contains(host.tail, ".") {
		a.crosses(c, host)
	}
}

// handed is a call of a function of this file with what the caller was given.
type handed struct{ from, to string }

// mostHanded bounds the calls that are remembered.
const mostHanded = 4000

// handsOn remembers that a function gives another one of its file what it was given.
func (a *analysis) handsOn(fn *fun, args *arguments) {
	if a.silent > 0 || a.unit.name == "" || fn.unit == nil || fn.unit == a.unit || len(a.handed) >= mostHanded {
		return
	}
	for _, v := range args.pos {
		if _, given := a.strangers(v); given {
			a.handed = append(a.handed, handed{a.unit.name, fn.unit.name})
			return
		}
	}
	for _, k := range args.kw {
		if _, given := a.strangers(k.value); given {
			a.handed = append(a.handed, handed{a.unit.name, fn.unit.name})
			return
		}
	}
}

// givesAway notes that a function of another file is given data that matters.
func (a *analysis) givesAway(r *ref, args *arguments, from sources, id syntax.ID) {
	if !elsewhere(r) {
		return
	}
	f := fact{kind: code.Across, name: code.Gives + ":" + r.name, at: id, from: from & (carriers | lookedUp)}
	all := args.pos
	for _, k := range args.kw {
		all = append(all[:len(all):len(all)], k.value)
	}
	for _, v := range all {
		names, given := a.strangers(v)
		if given {
			a.add(fact{kind: code.Across, name: code.Given + ":" + a.unit.name, at: id, args: []*value{a.textOf(code.Gives), a.textOf(r.name)}})
			a.takers[a.unit.name] = true
		}
		for _, n := range names {
			if len(f.args) < code.MostArgs {
				f.args = append(f.args, a.textOf(n))
			}
		}
	}
	if f.from != 0 || len(f.args) > 0 {
		a.add(f)
	}
}

// holds notes what the names of this file give to other files.
func (a *analysis) holds() {
	for _, n := range slices.Sorted(maps.Keys(a.file.vars)) {
		v := a.file.vars[n]
		a.holdsOne(n, v)
		if v.kind != classOf {
			continue
		}
		for _, m := range slices.Sorted(maps.Keys(v.cls.attrs)) {
			if s := v.cls.attrs[m]; s.v != nil {
				a.holdsOne(n+"."+m, s.v)
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(a.lent)) {
		a.out = append(a.out, pending{fact{kind: code.Across, name: code.Holds + ":" + code.Lent + n, at: a.tree.Body, from: a.lent[n]}, a.top, code.Top})
	}
	// Who gives a function what it was given does with it what that does.
	for range strangersDepth {
		more := false
		for _, h := range a.handed {
			if a.takers[h.to] && h.from != h.to {
				args := []*value{a.textOf(code.Gives), a.textOf(code.Here + h.to)}
				a.out = append(a.out, pending{fact{kind: code.Across, name: code.Given + ":" + h.from, at: a.tree.Body, args: args}, a.top, code.Top})
				more = more || !a.takers[h.from]
				a.takers[h.from] = true
			}
		}
		if !more {
			break
		}
	}
}

func (a *analysis) holdsOne(n string, v *value) {
	f := fact{kind: code.Across, name: code.Holds + ":" + n, at: a.tree.Body}
	data := v
	switch {
	case v.kind == function:
		data = v.fn.result.v
	case v.kind == name && v.ref.known && (v.ref.spec.kind == code.Eval || v.ref.spec.kind == code.Exec):
		f.args = []*value{a.textOf(string(v.ref.spec.kind)), a.textOf(v.ref.name)}
		data = nil
	case v.kind == classOf, v.kind == name && v.from == 0:
		data = nil
	}
	if data != nil {
		f.from, _ = data.reaches()
		if names, _ := a.strangers(data); len(names) > 0 {
			f.args = []*value{a.textOf(code.Takes)}
			for _, n := range names {
				f.args = append(f.args, a.textOf(n))
			}
		}
	}
	if f.from &= carriers | lookedUp; f.from != 0 || len(f.args) > 0 {
		a.out = append(a.out, pending{f, a.top, code.Top})
	}
}

// lends remembers that a name of another file is given data that matters.
func (a *analysis) lends(r *ref, v *value) {
	if from, _ := v.reaches(); elsewhere(r) && from&carriers != 0 && len(a.lent) < mostHanded {
		a.lent[r.name] |= from & carriers
	}
}

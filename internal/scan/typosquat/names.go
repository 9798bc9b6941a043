package typosquat

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// How much more popular the other name must be depends on how much alike the two
// are: the weaker the likeness, the further up the list. Measured on names of
// ranks 8,001 to 15,000, all of them honest; see TestFalsePositives.
const (
	reachSame  = 8000 // confusables, separators, repeated letters
	reachOrder = 5000 // tokens in another order
	reachAffix = 400  // a usual prefix or suffix added or dropped
	reachOne   = 2500 // one edit
	reachTwo   = 800  // two edits, or one edit of a short name
)

const (
	maxName    = 60 // longer names are not looked up: no popular one comes near
	leastFold  = 4  // letters that must be left for a likeness to mean anything
	leastShort = 5  // letters of the differing part for one edit of a short name
	leastOne   = 6  // for one edit
	leastTwo   = 10 // and for two
)

// likeness is a popular name and what makes the other look like it.
type likeness struct {
	rank int // from 0
	name string
	how  string
}

// names is the index of popular names. It is immutable once built.
type names struct {
	popular []string
	rank    map[string]int    // name to rank
	folded  map[string]uint16 // fold to the best rank
	sorted  map[string]uint16 // tokens in order to the best rank, names of several tokens only
	bare    map[string]uint16 // without its usual affix to the best rank
	domains map[string]uint16 // under no domain to the best rank, names with an owner only
	deleted deletions
}

func build(popular []string) *names {
	n := &names{popular: popular, rank: make(map[string]int, len(popular)), folded: map[string]uint16{}, sorted: map[string]uint16{}, bare: map[string]uint16{}, domains: map[string]uint16{}}
	for i, name := range popular {
		n.rank[plain(name)] = i
		best(n.folded, fold(name), i, reachSame)
		if key, several := order(name); several {
			best(n.sorted, key, i, reachOrder)
		}
		if base := strip(name); base != name {
			best(n.bare, base, i, reachAffix)
		}
		if key, ok := underNoDomain(name); ok {
			best(n.domains, key, i, reachSame)
		}
	}
	n.deleted = deletionsOf(popular[:min(reachOne, len(popular))])
	return n
}

func best(m map[string]uint16, key string, rank, reach int) {
	if _, taken := m[key]; !taken && rank < reach {
		m[key] = uint16(rank)
	}
}

// lookalike gives the popular name that this one looks like most. Names of one owner
// are the owner's business.
func (n *names) lookalike(name string) (likeness, bool) {
	name = plain(name)
	if _, popular := n.rank[name]; popular || len(name) > maxName {
		return likeness{}, false
	}
	if key := fold(name); len(key) >= leastFold {
		if i, ok := n.folded[key]; ok && n.strangers(name, int(i)) && !numbered(name, n.popular[i]) {
			return n.at(int(i), "confusable characters, separators or repeated letters"), true
		}
	}
	if key, ok := underNoDomain(name); ok {
		if i, ok := n.domains[key]; ok && n.strangers(name, int(i)) {
			return n.at(int(i), "the same name under another domain"), true
		}
	}
	if key, several := order(name); several {
		if i, ok := n.sorted[key]; ok && n.strangers(name, int(i)) {
			return n.at(int(i), "the same words in another order"), true
		}
	}
	if i, ok := n.affixed(name); ok && n.strangers(name, i) {
		return n.at(i, "a usual prefix or suffix apart"), true
	}
	if i, ok := n.edited(name); ok {
		return n.at(i, "spelt almost the same"), true
	}
	return likeness{}, false
}

// plain is a name as the lists have it: in small letters, one separator for all that
// stand for one another, and a module path without its major version.
func plain(name string) string {
	name = strings.ToLower(name)
	if strings.Contains(name, "/") {
		return majorVersion().ReplaceAllString(name, "")
	}
	return strings.ReplaceAll(name, "_", "-")
}

var majorVersion = lazy.Regexp(`/v[0-9]+$`)

// owner is who a name belongs to, where names tell: npm's scope, the folder above a
// module, Maven's group. "" for names of one part.
func owner(name string) string {
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		return name[:i]
	}
	return ""
}

// strangers says whether a name is not of the popular name's owner.
func (n *names) strangers(name string, popular int) bool {
	o := owner(name)
	return o == "" || o != owner(n.popular[popular])
}

// underNoDomain is an owned name without the top-level domain in it, org. or com. in
// front of a group or behind the first label of a module's host; false where none is.
func underNoDomain(name string) (string, bool) {
	first, rest, ok := strings.Cut(name, "/")
	if !ok {
		return "", false
	}
	labels := strings.Split(first, ".")
	if len(labels) < 2 {
		return "", false
	}
	for _, i := range []int{0, len(labels) - 1} {
		if slices.Contains(domains, labels[i]) {
			return strings.Join(slices.Delete(slices.Clone(labels), i, i+1), ".") + "/" + rest, true
		}
	}
	return "", false
}

var domains = []string{"com", "org", "net", "io", "dev", "co", "app", "cc", "me", "xyz", "info", "site", "cloud", "tech"}

func (n *names) at(i int, how string) likeness { return likeness{i, n.popular[i], how} }

// affixed finds a popular name that differs by a usual affix.
func (n *names) affixed(name string) (int, bool) {
	base := strip(name)
	if i, ok := n.rank[base]; ok && base != name && i < reachAffix && len(base) >= leastFold {
		return i, true
	}
	if i, ok := n.bare[base]; ok && len(base) >= leastFold {
		return int(i), true
	}
	return 0, false
}

// edited finds the most popular name within one edit, or two of a long one.
func (n *names) edited(name string) (int, bool) {
	found := -1
	n.deleted.near(name, func(i int) {
		if found >= 0 && i >= found || !n.strangers(name, i) {
			return
		}
		if slip(name, n.popular[i], i < reachTwo) {
			found = i
		}
	})
	return found, found >= 0
}

// slip says whether two names are an edit apart, counted in the one token that
// differs: families such as django-* and types-* share the rest, and that says
// nothing. Next to one of the top names a shorter token is enough, and a long one
// may have two edits.
func slip(name, popular string, top bool) bool {
	if numbered(name, popular) {
		return false
	}
	a, b, ok := differing(name, popular)
	if !ok {
		return false
	}
	least := min(len(a), len(b))
	switch distance(a, b) {
	case 1:
		return least >= leastOne || top && max(len(a), len(b)) >= leastShort
	case 2:
		return top && least >= leastTwo
	}
	return false
}

// differing gives the one token in which two names of as many tokens differ, or
// the whole names when they are cut into tokens differently. Two tokens that
// differ are two words, not a slip.
func differing(a, b string) (string, string, bool) {
	if shape(a) != shape(b) {
		return a, b, !strings.Contains(a, "/") && !strings.Contains(b, "/")
	}
	var partA, partB string
	for a != "" || b != "" {
		var tokenA, tokenB string
		tokenA, a = token(a)
		tokenB, b = token(b)
		if tokenA == tokenB {
			continue
		}
		if partA != "" || partB != "" {
			return "", "", false
		}
		partA, partB = tokenA, tokenB
	}
	return partA, partB, true
}

// separators part the tokens of a name.
const separators = "-/."

// token cuts the first token off a name.
func token(name string) (first, rest string) {
	if i := strings.IndexAny(name, separators); i >= 0 {
		return name[:i], name[i+1:]
	}
	return name, ""
}

// shape is a name's separators in their order.
func shape(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return r
		}
		return -1
	}, name)
}

// numbered says whether two names are one but for their digits, as psycopg2 and
// psycopg3 are: generations of one thing, not a slip.
func numbered(a, b string) bool {
	return strings.ContainsAny(a, digits) && strings.ContainsAny(b, digits) && withoutDigits(a) == withoutDigits(b)
}

const digits = "0123456789"

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// fold maps names that look the same to one key: separators go, digits and
// letters that stand for one another become one, runs of a letter one letter.
// Names of this ecosystem are ASCII; what is not was refused as a name.
func fold(name string) string {
	name = pairs.Replace(name)
	out := make([]byte, 0, len(name))
	for i := range len(name) {
		c := name[i]
		switch c {
		case '-', '_', '.', '/', '@':
			continue
		case '0':
			c = 'o'
		case '1', 'i':
			c = 'l'
		case '5':
			c = 's'
		}
		if len(out) == 0 || out[len(out)-1] != c {
			out = append(out, c)
		}
	}
	return string(out)
}

var pairs = strings.NewReplacer("rn", "m", "vv", "w")

// order gives a name's tokens in alphabetical order, and whether there are
// several. Those of an owned name are its last part's: whose it is stays in front.
func order(name string) (string, bool) {
	of := owner(name)
	last := strings.TrimPrefix(name[len(of):], "/")
	if !strings.Contains(last, "-") {
		return "", false
	}
	tokens := strings.Split(last, "-")
	slices.Sort(tokens)
	return of + "/" + strings.Join(tokens, "-"), true
}

// affixes are added to names by habit, by bindings, and by those who hope that
// somebody guesses.
var (
	prefixes = []string{"python-", "python3-", "py-", "node-", "rust-", "go-", "lib"}
	suffixes = []string{"-python", "-python3", "-py", "-js", ".js", "-rs", "-go", "-cli", "-lib", "-official", "lib", "js"}
)

// strip takes one usual affix from a name; from an owned one it takes it from the
// owner: what is called like another's is told apart by whose it is.
func strip(name string) string {
	of := owner(name)
	if of == "" {
		return bare(name)
	}
	above, last := "", of
	if i := strings.LastIndexAny(of, "/@"); i >= 0 {
		above, last = of[:i+1], of[i+1:]
	}
	return above + bare(last) + name[len(of):]
}

func bare(name string) string {
	for _, p := range prefixes {
		if base, ok := strings.CutPrefix(name, p); ok && len(base) >= leastFold {
			return base
		}
	}
	for _, s := range suffixes {
		if base, ok := strings.CutSuffix(name, s); ok && len(base) >= leastFold {
			return base
		}
	}
	return name
}

// distance is the Damerau-Levenshtein distance of two short texts in its
// restricted form (no text is edited twice in one place), or 3 when it is more
// than 2.
func distance(a, b string) int {
	const far = 3
	if len(a)-len(b) >= far || len(b)-len(a) >= far || len(a) > maxName || len(b) > maxName {
		return far
	}
	var rows [3][maxName + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least >= far {
			return far
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], far)
}

// deletions finds names within two edits: two texts that close have a common
// text that both reach by deleting at most two characters (SymSpell's idea).
// Hashes of those texts are kept sorted, six bytes for each, with a table of where
// each prefix starts. Owned names are long, and of them one deletion is kept.
type deletions struct {
	starts []uint32 // by the hash's upper bits
	hashes []uint32
	ranks  []uint16
}

const bucketBits = 14

func deletionsOf(popular []string) deletions {
	d := deletions{starts: make([]uint32, 1<<bucketBits+1)}
	type entry struct {
		hash uint32
		rank uint16
	}
	var all []entry
	for i, name := range popular {
		d.variants(name, i < reachTwo && owner(name) == "", func(h uint32) { all = append(all, entry{h, uint16(i)}) })
	}
	slices.SortFunc(all, func(a, b entry) int {
		if a.hash != b.hash {
			if a.hash < b.hash {
				return -1
			}
			return 1
		}
		return int(a.rank) - int(b.rank)
	})
	all = slices.Compact(all)
	for _, e := range all {
		d.starts[e.hash>>(32-bucketBits)+1]++
		d.hashes, d.ranks = append(d.hashes, e.hash), append(d.ranks, e.rank)
	}
	for i := range 1 << bucketBits {
		d.starts[i+1] += d.starts[i]
	}
	return d
}

// near calls found with the rank of every name that may be within two edits, or one
// of an owned name, one call for each common text.
func (d *deletions) near(name string, found func(rank int)) {
	d.variants(name, owner(name) == "", func(h uint32) {
		bucket := h >> (32 - bucketBits)
		for i := d.starts[bucket]; i < d.starts[bucket+1]; i++ {
			if d.hashes[i] == h {
				found(int(d.ranks[i]))
			}
		}
	})
}

// variants hashes a name, the name without one character and, for long names
// where two is set, without two. The hash is a polynomial, so that each variant
// costs a few multiplications and no copy; what it finds is compared in full.
func (deletions) variants(name string, two bool, each func(uint32)) {
	const base = 0x9e3779b97f4a7c15
	if len(name) > maxName {
		return
	}
	var prefix, power [maxName + 1]uint64
	power[0] = 1
	for i := range len(name) {
		prefix[i+1] = prefix[i]*base + uint64(name[i]) + 1
		power[i+1] = power[i] * base
	}
	// join appends name[from:to] to a text with hash h.
	join := func(h uint64, from, to int) uint64 {
		return h*power[to-from] + prefix[to] - prefix[from]*power[to-from]
	}
	mix := func(h uint64) uint32 { return uint32((h ^ h>>29) * base >> 32) }
	end := len(name)
	each(mix(prefix[end]))
	for i := range end {
		each(mix(join(prefix[i], i+1, end)))
		if !two || end < leastTwo {
			continue
		}
		for j := i + 1; j < end; j++ {
			each(mix(join(join(prefix[i], i+1, j), j+1, end)))
		}
	}
}

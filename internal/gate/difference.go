package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/policy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// Limits of a difference.
const (
	mostFactsAdded = 500    // listed
	mostExcerpted  = 100    // of those, with the code around them
	mostFilesMoved = 20_000 // added, removed and changed, each
)

// Difference is what changed between two versions of a package, or two archives,
// as far as it matters to whoever is about to use the later one. Every text that
// came from a package is safe to print.
type Difference struct {
	From    string          `json:"from"`
	To      string          `json:"to"`
	Verdict verdict.Verdict `json:"verdict"` // what the policy makes of what is new
	// Archives are the pairs of files that were compared.
	Archives []ArchivePair `json:"archives"`
	// NotCompared are further files of the later version, which nobody looked at for it.
	NotCompared  []string               `json:"not_compared"`
	Capabilities CapabilitiesDifference `json:"capabilities"`
	Hooks        HooksDifference        `json:"hooks"`
	Files        FilesDifference        `json:"files"`
	Facts        FactsDifference        `json:"facts"`
	Metadata     []WordChange           `json:"metadata"`   // what the versions say of themselves
	Provenance   []WordChange           `json:"provenance"` // who publishes them, from where
	Findings     []DifferenceFinding    `json:"findings"`
	Problems     []string               `json:"problems"` // what could not be compared
}

// ArchivePair names two files that were compared.
type ArchivePair struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// CapabilitiesDifference is what the code can do now and could not, and the reverse.
type CapabilitiesDifference struct {
	Added    []string             `json:"added"`
	Removed  []string             `json:"removed"`
	Evidence []verdict.Capability `json:"evidence"` // one place for each that was added
}

// HooksDifference is what runs without being called: when the package is installed,
// or whenever an interpreter starts.
type HooksDifference struct {
	Added   []HookFile `json:"added"` // runs now and did not, or is another file
	Removed []HookFile `json:"removed"`
}

// HookFile is a file that runs without being called.
type HookFile struct {
	Path   string          `json:"path"`
	Role   code.Role       `json:"role"`
	RunBy  string          `json:"run_by,omitempty"`
	SHA256 artifact.Digest `json:"sha256"`
}

// FilesDifference is which files there are. The root folder of an sdist and the
// version in the name of a wheel's metadata folder are no difference.
type FilesDifference struct {
	Added   []ArchivedFile `json:"added"`
	Removed []ArchivedFile `json:"removed"`
	Changed []ChangedFile  `json:"changed"`
}

// ArchivedFile is one file of an archive.
type ArchivedFile struct {
	Path   string          `json:"path"`
	SHA256 artifact.Digest `json:"sha256"`
	Size   int64           `json:"size"`
}

// ChangedFile is a file with other bytes.
type ChangedFile struct {
	Path string          `json:"path"`
	From artifact.Digest `json:"from_sha256"`
	To   artifact.Digest `json:"to_sha256"`
	Size int64           `json:"size"` // now
}

// FactsDifference is what the code does now and did nowhere before.
type FactsDifference struct {
	Added []AddedFact `json:"added"`
	More  int         `json:"more,omitempty"` // further ones, not listed
}

// AddedFact is a fact with the code around it.
type AddedFact struct {
	Kind      code.Kind          `json:"kind"`
	Name      string             `json:"name,omitempty"`
	Path      string             `json:"path"`
	Line      int                `json:"line"`
	Role      code.Role          `json:"role,omitempty"`
	Args      []string           `json:"args,omitempty"`
	From      []string           `json:"from,omitempty"`
	Marks     []string           `json:"marks,omitempty"`
	Disguised bool               `json:"disguised,omitempty"`
	Layer     int                `json:"layer,omitempty"`
	Text      string             `json:"text,omitempty"`
	NewFile   bool               `json:"new_file,omitempty"`
	Excerpt   []scan.ExcerptLine `json:"excerpt,omitempty"`
}

// WordChange is something that a version says, before and now; From or To is empty
// where it is said by one of them only.
type WordChange struct {
	What string `json:"what"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// DifferenceFinding is one thing that is new, and what the policy makes of it.
type DifferenceFinding struct {
	Rule     string           `json:"rule"`
	Class    finding.Class    `json:"class"`
	Severity finding.Severity `json:"severity"`
	Path     string           `json:"path"`
	Line     int              `json:"line"`
	Text     string           `json:"text"`
	Effect   verdict.Effect   `json:"effect"`
	Remedy   string           `json:"remedy,omitempty"`
}

// Side is one of two versions that are compared.
type Side struct {
	Name    string           // as it is called: a purl, or a file
	Version artifact.Version // zero where nobody knows
	Files   []SideFile
}

// SideFile is an archive that was looked at, with all that was seen.
type SideFile struct {
	File      artifact.File
	Report    scan.Report // with its Code
	Behaviour scan.Behaviour
	Index     *ecosystem.IndexFile // what the index says of it; nil where there is none
	// Excerpts reads lines of it again; nil where that cannot be had.
	Excerpts func(context.Context, []scan.Spot) ([]scan.Excerpt, error)
}

// Differ says what changed from one side to another: their files in pairs, in the
// order of both lists. The checks judge what the later one does with the earlier one
// as what vouches for it, whatever the gate itself thinks of either; p says what
// follows from that.
func Differ(ctx context.Context, from, to Side, checks []scan.VersionCheck, p Rules, now time.Time) (Difference, error) {
	d := Difference{
		From: safe(from.Name), To: safe(to.Name), Archives: []ArchivePair{}, NotCompared: []string{}, Metadata: []WordChange{}, Provenance: []WordChange{},
		Findings: []DifferenceFinding{}, Problems: []string{},
		Capabilities: CapabilitiesDifference{Added: []string{}, Removed: []string{}, Evidence: []verdict.Capability{}},
		Hooks:        HooksDifference{Added: []HookFile{}, Removed: []HookFile{}},
		Files:        FilesDifference{Added: []ArchivedFile{}, Removed: []ArchivedFile{}, Changed: []ChangedFile{}},
		Facts:        FactsDifference{Added: []AddedFact{}},
	}
	for i := range min(len(from.Files), len(to.Files)) {
		d.compareFiles(ctx, &from.Files[i], &to.Files[i])
	}
	d.compareCapabilities(from, to)
	if err := d.judge(ctx, from, to, checks, p, now); err != nil {
		return d, err
	}
	return d, ctx.Err()
}

// compareFiles compares two archives, file by file.
func (d *Difference) compareFiles(ctx context.Context, from, to *SideFile) {
	d.Archives = append(d.Archives, ArchivePair{safe(from.File.Name), safe(to.File.Name)})
	for _, side := range []*SideFile{from, to} {
		for _, f := range side.Report.Findings {
			if f.Class == finding.Fault {
				d.Problems = append(d.Problems, safe(side.File.Name)+": "+f.Text)
			}
		}
	}
	old, now := byComparedPath(from), byComparedPath(to)
	fresh := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		n, o := now[path], old[path]
		switch {
		case o == nil:
			fresh[path] = true
			d.Files.Added = bounded(d.Files.Added, ArchivedFile{safe(path), n.SHA256, n.Size})
		case o.SHA256 != n.SHA256:
			d.Files.Changed = bounded(d.Files.Changed, ChangedFile{safe(path), o.SHA256, n.SHA256, n.Size})
		}
		if runsItself(n) && (o == nil || o.SHA256 != n.SHA256 || o.Role != n.Role) {
			d.Hooks.Added = bounded(d.Hooks.Added, HookFile{safe(path), n.Role, safe(n.RunBy), n.SHA256})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(old)) {
		o, n := old[path], now[path]
		if n == nil {
			d.Files.Removed = bounded(d.Files.Removed, ArchivedFile{safe(path), o.SHA256, o.Size})
		}
		if runsItself(o) && (n == nil || !runsItself(n)) {
			d.Hooks.Removed = bounded(d.Hooks.Removed, HookFile{safe(path), o.Role, safe(o.RunBy), o.SHA256})
		}
	}
	d.compareFacts(ctx, from, to, fresh)
	d.compareWords(from, to)
}

func bounded[T any](list []T, x T) []T {
	if len(list) >= mostFilesMoved {
		return list
	}
	return append(list, x)
}

func runsItself(f *code.File) bool { return f.Role == code.Install || f.Role == code.Startup }

// byComparedPath gives the files of an archive by the path that they have in every
// version.
func byComparedPath(s *SideFile) map[string]*code.File {
	out := make(map[string]*code.File, len(s.Report.Code))
	for i := range s.Report.Code {
		f := &s.Report.Code[i]
		if _, twice := out[comparedPath(s.File, f.Path)]; !twice {
			out[comparedPath(s.File, f.Path)] = f
		}
	}
	return out
}

// comparedPath is a path without what changes with the version: the root folder of an
// sdist, and the version in the names of a wheel's own folders.
func comparedPath(f artifact.File, path string) string {
	top, rest, below := strings.Cut(path, "/")
	if !strings.HasSuffix(f.Name, ".whl") {
		if below {
			return rest
		}
		return path
	}
	for _, ending := range []string{".dist-info", ".data"} {
		if name, ok := strings.CutSuffix(top, ending); ok && below {
			name, _, _ = strings.Cut(name, "-")
			return name + ending + "/" + rest
		}
	}
	return path
}

// telling are kinds of facts in the order in which a person wants to hear of them;
// the others come after.
var telling = []code.Kind{
	code.Hook, code.Inject, code.Mine, code.Keyboard, code.Screen, code.Clipboard, code.Camera, code.Persist, code.Publish, code.Manifest,
	code.Secret, code.EnvAll, code.Send, code.Exec, code.Eval, code.Native, code.AddPkg, code.Tamper, code.Silence, code.WriteExec,
	code.Decrypt, code.Decode, code.Fetch, code.Socket, code.DNS, code.Invisible, code.Bidi, code.MixedScript, code.HiddenRight, code.Mangled,
	code.Polyglot, code.BinaryFile, code.Pixels, code.Suppression, code.Entropy, code.Env, code.SysInfo, code.Lookup, code.Patch,
}

// compareFacts lists what the code of an archive does that it did nowhere before,
// what runs by itself first, with the code around it.
func (d *Difference) compareFacts(ctx context.Context, from, to *SideFile, fresh map[string]bool) {
	had := map[string]bool{}
	for _, f := range from.Report.Code {
		for _, x := range f.Facts.Facts {
			had[factKey(f.Role, x)] = true
		}
	}
	type added struct {
		fact AddedFact
		spot scan.Spot
	}
	var all []added
	for _, f := range to.Report.Code {
		for _, x := range f.Facts.Facts {
			key := factKey(f.Role, x)
			if x.Kind == code.Import || had[key] {
				continue
			}
			had[key] = true // once is enough
			path := comparedPath(to.File, f.Path)
			all = append(all, added{spot: scan.Spot{Path: f.Path, Line: x.Line}, fact: AddedFact{
				Kind: x.Kind, Name: safe(x.Name), Path: safe(path), Line: x.Line, Role: f.Role, Args: safeAll(x.Args), From: safeAll(x.From), Marks: safeAll(x.Marks),
				Disguised: x.Disguised, Layer: x.Layer, Text: safe(x.Text), NewFile: fresh[path],
			}})
		}
	}
	slices.SortStableFunc(all, func(a, b added) int {
		return cmp.Or(roleRank(a.fact.Role)-roleRank(b.fact.Role), kindRank(a.fact.Kind)-kindRank(b.fact.Kind))
	})
	used := map[scan.Spot]bool{}
	for _, a := range all {
		used[a.spot] = used[a.spot] || a.fact.Kind != code.String
	}
	// A constant is told of by what is done with it.
	all = slices.DeleteFunc(all, func(a added) bool { return a.fact.Kind == code.String && used[a.spot] })
	room := mostFactsAdded - len(d.Facts.Added)
	if len(all) > room {
		d.Facts.More += len(all) - room
		all = all[:max(room, 0)]
	}
	spots := make([]scan.Spot, 0, mostExcerpted)
	for _, a := range all[:min(len(all), mostExcerpted)] {
		spots = append(spots, a.spot)
	}
	lines := d.excerpts(ctx, to, spots)
	for _, a := range all {
		a.fact.Excerpt = lines[a.spot]
		d.Facts.Added = append(d.Facts.Added, a.fact)
	}
}

// excerpts reads the code around spots; what cannot be read is said.
func (d *Difference) excerpts(ctx context.Context, of *SideFile, spots []scan.Spot) map[scan.Spot][]scan.ExcerptLine {
	out := map[scan.Spot][]scan.ExcerptLine{}
	if of.Excerpts == nil || len(spots) == 0 {
		return out
	}
	es, err := of.Excerpts(ctx, spots)
	if err != nil {
		d.Problems = append(d.Problems, safe(of.File.Name)+": the code around what is new is not shown: "+safe(err.Error()))
		return out
	}
	for _, e := range es {
		out[e.Spot] = e.Lines
	}
	return out
}

// factKey is a fact whatever its place: code that moved does nothing new.
func factKey(role code.Role, x code.Fact) string {
	return strings.Join([]string{
		string(role), string(x.Kind), x.Name, string(x.Reach), fmt.Sprint(x.Disguised, x.Layer),
		strings.Join(x.Args, "\x00"), strings.Join(x.From, "\x00"), strings.Join(x.Marks, "\x00"),
	}, "\x01")
}

func roleRank(r code.Role) int {
	switch r {
	case code.Install, code.Startup:
		return 0
	case code.Test, code.Document:
		return 2
	}
	return 1
}

func kindRank(k code.Kind) int {
	if i := slices.Index(telling, k); i >= 0 {
		return i
	}
	return len(telling)
}

// compareWords compares what two files say of themselves, and what the index says.
func (d *Difference) compareWords(from, to *SideFile) {
	if a, b := from.Report.Metadata, to.Report.Metadata; a != nil && b != nil {
		d.Metadata = addLists(d.Metadata, "requires", a.RequiresDist, b.RequiresDist)
		if a.Source != nil && b.Source != nil {
			d.Metadata = addLists(d.Metadata, "requires to build", a.Source.Build, b.Source.Build)
		}
		d.Metadata = addWords(d.Metadata, changed("requires Python", a.RequiresPython, b.RequiresPython)...)
		d.Metadata = addWords(d.Metadata, changed("licence", cmp.Or(a.LicenceSPDX, string(a.Licence)), cmp.Or(b.LicenceSPDX, string(b.Licence)))...)
		d.Metadata = addLists(d.Metadata, "address", texts(a.HomePages), texts(b.HomePages))
	}
	if a, b := from.Index, to.Index; a != nil && b != nil {
		said := map[bool]string{true: "attested", false: "not attested"}
		d.Provenance = addWords(d.Provenance, changed("who built it", said[a.Provenance != ""], said[b.Provenance != ""])...)
		yanked := map[bool]string{true: "withdrawn", false: "offered"}
		d.Provenance = addWords(d.Provenance, changed("upstream", yanked[a.Yanked], yanked[b.Yanked])...)
	}
}

// changed is a change of a word; none where it is the same.
func changed(what, from, to string) []WordChange {
	if from == to {
		return nil
	}
	return []WordChange{{what, safe(from), safe(to)}}
}

// addWords adds changes that are not there yet: two archives may say the same.
func addWords(out []WordChange, ws ...WordChange) []WordChange {
	for _, w := range ws {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// addLists adds what one of two lists has and the other has not, however either
// spells it.
func addLists(out []WordChange, what string, from, to []string) []WordChange {
	lacks := func(list []string, w string) bool {
		return !slices.ContainsFunc(list, func(x string) bool { return sameWords(x, w) })
	}
	for _, w := range to {
		if lacks(from, w) {
			out = addWords(out, WordChange{What: what, To: safe(w)})
		}
	}
	for _, w := range from {
		if lacks(to, w) {
			out = addWords(out, WordChange{What: what, From: safe(w)})
		}
	}
	return out
}

// sameWords says whether two requirements, or two addresses, differ in their spelling
// alone: blanks, quotes, brackets around versions and their order, the case and the
// hyphens of a name, the slash at the end of an address.
func sameWords(a, b string) bool { return a == b || respelled(a) == respelled(b) }

// nameEnd is where the name of a requirement ends.
var nameEnd = lazy.Regexp(`[^A-Za-z0-9._-]`)

func respelled(s string) string {
	if strings.Contains(s, "://") {
		return strings.TrimSuffix(strings.TrimSpace(s), "/")
	}
	spec, marker, _ := strings.Cut(s, ";")
	spec = strings.TrimSpace(spec)
	name := spec
	if at := nameEnd().FindStringIndex(spec); at != nil {
		name = spec[:at[0]]
	}
	versions := strings.Split(strings.NewReplacer(" ", "", "\t", "", "(", "", ")", "").Replace(spec[len(name):]), ",")
	slices.Sort(versions)
	name = strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
	return name + strings.Join(versions, ",") + ";" + strings.ReplaceAll(strings.Join(strings.Fields(marker), " "), "'", `"`)
}

func (d *Difference) compareCapabilities(from, to Side) {
	old := capabilityWords(behavioursOf(from))
	now := capabilityWords(behavioursOf(to))
	d.Capabilities.Added, d.Capabilities.Removed = without(now, old), without(old, now)
	for _, w := range d.Capabilities.Added {
		d.Capabilities.Evidence = append(d.Capabilities.Evidence, to.evidence(w))
	}
}

func behavioursOf(s Side) []*scan.Behaviour {
	var out []*scan.Behaviour
	for i := range s.Files {
		out = append(out, &s.Files[i].Behaviour)
	}
	return out
}

func (s Side) evidence(word string) verdict.Capability {
	for _, f := range s.Files {
		for _, c := range f.Behaviour.Capabilities {
			if c.Word == word {
				return verdict.Capability{Word: word, New: true, Text: safe(c.Text), Place: verdict.Place{Archive: safe(f.File.Name), Path: safe(c.Path), Line: c.Line}}
			}
		}
	}
	return verdict.Capability{Word: word, New: true}
}

// judge asks what the policy makes of what is new.
func (d *Difference) judge(ctx context.Context, from, to Side, checks []scan.VersionCheck, p Rules, now time.Time) error {
	t := scan.VersionTarget{
		Version: to.Version, Now: now, Reports: map[string]*scan.Report{}, Behaviours: map[string]*scan.Behaviour{},
		Baseline: &scan.Baseline{Version: from.Version, Behaviours: behavioursOf(from), Waived: map[string]bool{}},
	}
	if t.Baseline.Version.Number == "" {
		t.Baseline.Version.Number = safe(from.Name) // for the findings' words
	}
	for i := range to.Files {
		f := &to.Files[i]
		t.Files = append(t.Files, ecosystem.IndexFile{Name: f.File.Name, Kind: f.File.Kind, SHA256: f.File.SHA256})
		t.Reports[f.File.Name], t.Behaviours[f.File.Name] = &f.Report, &f.Behaviour
	}
	about, failed, _ := runChecks(ctx, checks, t, true)
	found := failed
	for _, name := range slices.Sorted(maps.Keys(about)) {
		found = append(found, about[name]...)
	}
	for i := range to.Files {
		found = append(found, newIn(&to.Files[i], from, i)...)
	}
	// What the earlier one does as well is no difference.
	found = slices.DeleteFunc(found, func(f finding.Finding) bool { return f.Class == finding.Behaviour && f.Severity == finding.None })
	reasons, err := p.Evaluate(policy.Input{Now: now, Version: to.Version, Findings: found})
	if err != nil {
		return fmt.Errorf("evaluating the policy: %w", err)
	}
	for i, f := range found {
		r := reasons[i] // one for each finding, in their order
		d.Findings = append(d.Findings, DifferenceFinding{
			Rule: f.Rule, Class: f.Class, Severity: f.Severity, Path: safe(f.Path), Line: f.Line, Text: r.Text, Effect: r.Effect, Remedy: r.Remedy,
		})
	}
	slices.SortStableFunc(d.Findings, func(a, b DifferenceFinding) int {
		return cmp.Or(effectRank(a.Effect)-effectRank(b.Effect), int(b.Severity.Weight())-int(a.Severity.Weight()))
	})
	d.Verdict = verdict.Sum(reasons)
	return nil
}

// newIn is what was seen in an archive beside its behaviour, and not in the one that
// it is compared with. What could not be read is always said.
func newIn(f *SideFile, from Side, i int) []finding.Finding {
	had := map[string]bool{}
	key := func(s *SideFile, x finding.Finding) string {
		return strings.Join(append([]string{x.Rule, comparedPath(s.File, x.Path)}, x.Facts...), "\x00")
	}
	if i < len(from.Files) {
		for _, x := range from.Files[i].Report.Findings {
			had[key(&from.Files[i], x)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(f.Report.Findings), func(x finding.Finding) bool {
		return x.Class != finding.Fault && x.Class != finding.Integrity && had[key(f, x)]
	})
}

func safe(s string) string { return artifact.Untrusted(s).String() }

func safeAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, safe(s))
	}
	return out
}

func texts(list []artifact.Untrusted) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.String())
	}
	return out
}

// ErrTwoPackages: what is to be compared are no two versions of one package.
var ErrTwoPackages = errors.New("a difference is between two versions of one package")

// TwoPackages is ErrTwoPackages with what to do instead.
func TwoPackages(from, to artifact.Version) error {
	return fmt.Errorf("%s and %s are two packages: %w; to see what one does that the other does not:  gatehouse scan --baseline %s %s",
		safe(from.Package.Name), safe(to.Package.Name), ErrTwoPackages, safe(from.Purl()), safe(to.Purl()))
}

// behaviourCheck is the name of the check that knows what packages do.
const behaviourCheck = "malware"

// Difference compares two versions by the files that their upstream has: of each
// kind that both have one pair, by the same tags where there are such. They are
// fetched into quarantine and looked at, as for an admission; nothing is admitted and
// nothing decided.
//
// Errors: ErrTwoPackages; ecosystem.ErrNoPackage and verdict.ErrNotFound where there
// is no such version; *BadBytesError; anything else is a fault.
func (g *Gate) Difference(ctx context.Context, registry string, from, to artifact.Version) (Difference, error) {
	if from.Package != to.Package {
		return Difference{}, TwoPackages(from, to)
	}
	reg, err := g.registry(registry)
	if err != nil {
		return Difference{}, err
	}
	a, err := g.side(ctx, registry, from)
	if err != nil {
		return Difference{}, err
	}
	b, err := g.side(ctx, registry, to)
	if err != nil {
		return Difference{}, err
	}
	sides := [2]Side{{Name: a.version.Purl(), Version: a.version}, {Name: b.version.Purl(), Version: b.version}}
	pairs := pairsOf(a.version, a.files, b.version, b.files)
	if len(pairs) == 0 {
		return Difference{}, fmt.Errorf("comparing %s with %s: one of them has no file: %w", a.version, b.version, verdict.ErrNotFound)
	}
	for _, pair := range pairs {
		for i, of := range []opened{a, b} {
			f, err := g.openSide(ctx, registry, of, pair[i])
			if err != nil {
				return Difference{}, err
			}
			sides[i].Files = append(sides[i].Files, f)
		}
	}
	checks := slices.DeleteFunc(slices.Clone(g.Checks), func(c scan.VersionCheck) bool { return c.Name() != behaviourCheck })
	d, err := Differ(ctx, sides[0], sides[1], checks, reg.Policy, g.Now())
	d.NotCompared = append(d.NotCompared, notCompared(b.files, pairs)...)
	return d, err
}

// notCompared are the files that no pair holds as its later one.
func notCompared(files []ecosystem.IndexFile, pairs [][2]ecosystem.IndexFile) []string {
	var out []string
	for _, f := range files {
		if !slices.ContainsFunc(pairs, func(p [2]ecosystem.IndexFile) bool { return p[1].Name == f.Name }) {
			out = append(out, safe(f.Name))
		}
	}
	return out
}

// opened is a version whose index was read.
type opened struct {
	version artifact.Version
	index   *ecosystem.Index
	files   []ecosystem.IndexFile
}

func (g *Gate) side(ctx context.Context, registry string, v artifact.Version) (opened, error) {
	view, err := g.View(ctx, registry, v.Package)
	if err != nil {
		return opened{}, err
	}
	if v.Number, err = g.indexed(view, v); err != nil {
		return opened{}, err
	}
	o := opened{version: v, index: view.Index}
	for _, f := range view.Index.Of(v.Number) {
		if !view.gone[f.Name] {
			o.files = append(o.files, f)
		}
	}
	if len(o.files) == 0 {
		return o, fmt.Errorf("%s has no version %s, here or upstream: %w", v.Package.Name, safe(v.Number), verdict.ErrNotFound)
	}
	return o, nil
}

// pairsOf picks what to compare: of each kind one pair of files whose names say the
// same but for the version, else the first ones; where no kind is on both sides the
// first files.
func pairsOf(from artifact.Version, a []ecosystem.IndexFile, to artifact.Version, b []ecosystem.IndexFile) [][2]ecosystem.IndexFile {
	var out [][2]ecosystem.IndexFile
	for _, kind := range []artifact.Kind{artifact.Wheel, artifact.Sdist} {
		olds, news := ofKind(a, kind), ofKind(b, kind)
		if len(olds) == 0 || len(news) == 0 {
			continue
		}
		pair := [2]ecosystem.IndexFile{olds[0], news[0]}
	search:
		for _, n := range news {
			for _, o := range olds {
				if strings.Replace(o.Name, from.Number, "", 1) == strings.Replace(n.Name, to.Number, "", 1) {
					pair = [2]ecosystem.IndexFile{o, n}
					break search
				}
			}
		}
		out = append(out, pair)
	}
	if len(out) == 0 && len(a) > 0 && len(b) > 0 {
		return [][2]ecosystem.IndexFile{{a[0], b[0]}}
	}
	return out
}

// ofKind gives the files of a kind, smallest names first: of many wheels the pure one
// is among those.
func ofKind(files []ecosystem.IndexFile, kind artifact.Kind) []ecosystem.IndexFile {
	files = slices.DeleteFunc(slices.Clone(files), func(f ecosystem.IndexFile) bool { return f.Kind != kind })
	slices.SortStableFunc(files, func(a, b ecosystem.IndexFile) int {
		return cmp.Or(len(a.Name)-len(b.Name), strings.Compare(a.Name, b.Name))
	})
	return files
}

// openSide looks at a file and reads all that is kept of it.
func (g *Gate) openSide(ctx context.Context, registry string, of opened, f ecosystem.IndexFile) (SideFile, error) {
	if of.index.Upstream != artifact.Internal {
		if err := g.Look(ctx, of.version, of.index, f); err != nil {
			return SideFile{}, fmt.Errorf("looking at %s: %w", f.Name, err)
		}
	}
	state, err := g.Store.State(ctx, registry, of.version.Package)
	if err != nil {
		return SideFile{}, fmt.Errorf("reading what is known of %s: %w", of.version.Package, err)
	}
	file, ok := state.Files[f.Name]
	if !ok {
		return SideFile{}, fmt.Errorf("%s: %w", f.Name, verdict.ErrNotFound)
	}
	key := g.evidenceKey(file, f)
	s := SideFile{File: file, Index: &f}
	if s.Report, err = g.Store.Evidence(ctx, key); err != nil {
		return s, fmt.Errorf("reading evidence of %s: %w", f.Name, err)
	}
	if s.Report.Code, err = g.Store.Code(ctx, key); err != nil {
		return s, fmt.Errorf("reading facts of %s: %w", f.Name, err)
	}
	b, _, err := g.behaviour(ctx, key)
	if err != nil {
		return s, fmt.Errorf("reading what %s does: %w", f.Name, err)
	}
	if b != nil {
		s.Behaviour = *b
	}
	if g.Excerpts != nil {
		s.Excerpts = func(ctx context.Context, spots []scan.Spot) ([]scan.Excerpt, error) {
			return g.Excerpts(ctx, file, spots)
		}
	}
	return s, nil
}

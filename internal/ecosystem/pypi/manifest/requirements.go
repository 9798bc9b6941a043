package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// requirementsFile is a requirements file with all that it includes, on its way in.
type requirementsFile struct {
	*reader
	read          map[include]bool
	onlyBinary    map[string]bool // normalised names, or ":all:"
	noBinary      map[string]bool
	requireHashes bool // --require-hashes
	noHashes      bool // --no-require-hashes
	hashed        bool // some line has --hash
}

// include is one file as one of its two roles; a second time adds nothing new.
type include struct {
	path       string
	constraint bool
}

// source is one file of them.
type source struct {
	path       string
	constraint bool
	content    string
	stack      []string // the files that lead here, this one last
}

// parsedLine is one logical line, parted as pip parts it.
type parsedLine struct {
	logical
	args      string
	options   []option
	optionsAt int // where the option text starts in the line
	stray     []word
}

// parseConstraints reads a constraints file that is given by itself: its lines
// bound versions of what others ask for, and ask for nothing.
func parseConstraints(r *reader) error {
	if err := r.Report(ecosystem.Problem{
		Rule: RuleAsksNothing, Class: finding.Manifest, Effect: manifestfile.Note, At: finding.Location{File: r.Manifest.Path},
		Text: "a constraints file bounds versions and asks for nothing, so there is nothing in it to admit; hand in the requirements that use it. An audit looks at its pins",
	}); err != nil {
		return err
	}
	return parseRequirements(r)
}

func parseRequirements(r *reader) error {
	f := &requirementsFile{reader: r, read: map[include]bool{}, onlyBinary: map[string]bool{}, noBinary: map[string]bool{}}
	b, err := r.ReadOwn()
	if err != nil {
		return err
	}
	if err := f.file(include{r.Manifest.Path, r.Manifest.Format == ConstraintsTxt}, b, nil); err != nil {
		return err
	}
	r.Manifest.OnlyBinary = slices.Sorted(maps.Keys(f.onlyBinary))
	r.Manifest.NoBinary = slices.Sorted(maps.Keys(f.noBinary))
	return f.checkHashes()
}

// reason is the innermost error's text.
func reason(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

func (f *requirementsFile) file(in include, b []byte, stack []string) error {
	f.read[in] = true
	content, err := decode(in.path, b)
	if err != nil {
		return err
	}
	s := &source{path: in.path, constraint: in.constraint, content: content, stack: append(slices.Clone(stack), in.path)}
	if err := f.oddLineBreaks(s); err != nil {
		return err
	}
	for l := range logicalLines(content) {
		if err := f.line(s, l); err != nil {
			return err
		}
	}
	return nil
}

// oddLineBreaks reports characters after which pip starts a new line and an
// editor or a reviewer's page does not: a requirement can hide behind one.
func (f *requirementsFile) oddLineBreaks(s *source) error {
	number := 0
	for p := range splitLines(s.content) {
		number++
		if p.odd == 0 {
			continue
		}
		err := f.Report(ecosystem.Problem{
			Rule: RuleLineBreak, Class: finding.Manifest, Effect: manifestfile.Hold,
			At:   finding.Location{File: s.path, Line: number},
			Text: fmt.Sprintf("the line ends in %U, a line break for pip and not for editors, so what follows is easily overlooked; replace it by an ordinary line break", p.odd),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func partLine(l logical) (parsedLine, error) {
	args, options, at := splitArgs(l.text)
	opts, stray, err := parseOptions(options)
	return parsedLine{logical: l, args: strings.TrimRightFunc(args, isSpace), options: opts, optionsAt: at, stray: stray}, err
}

// line handles one logical line. As for pip, a line with a requirement heeds
// only the options of requirements, and of the others --no-binary and
// --only-binary, which take effect while they are read.
func (f *requirementsFile) line(s *source, l logical) error {
	if len(l.text) > maxLineBytes {
		return manifestfile.TooLarge(s.path, "a line of it is longer than %d KiB; split it", maxLineBytes>>10)
	}
	p, err := partLine(l)
	if err != nil {
		return manifestfile.Syntax(l.place(s.path, s.content, 0), "pip cannot read this line: %v; correct it", err)
	}
	for _, o := range p.options {
		if err := f.anyOption(s, p, o); err != nil {
			return err
		}
	}
	for _, w := range p.stray {
		if err := f.problem(s, p, p.optionsAt+w.at, RuleOption, manifestfile.Hold, "pip ignores %s behind an option; put it on a line of its own or remove it", manifestfile.Quote(w.text)); err != nil {
			return err
		}
	}
	if name := variable(l.text); name != "" && !namesIndex(p.options) {
		return f.problem(s, p, strings.Index(l.text, "${"), RuleVariable, manifestfile.Hold, "pip replaces ${%s} by a value that the gate does not know; write the value itself", name)
	}
	if i := slices.IndexFunc(p.options, func(o option) bool { return o.name == "--editable" }); i >= 0 {
		// It also makes what stands before it an editable requirement.
		return f.problem(s, p, p.optionsAt+p.options[i].at, RuleEditable, manifestfile.Hold, "an editable requirement is code that comes from no index, so the gate cannot look at it; install it by a command of its own, or publish it to the gate and pin it")
	}
	if p.args != "" {
		return f.requirement(s, p)
	}
	return f.optionLine(s, p)
}

var variableForm = lazy.Regexp(`\$\{([A-Z0-9_]+)\}`)

// variable gives the first name that pip would expand from the environment.
func variable(text string) string {
	if m := variableForm().FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func namesIndex(opts []option) bool {
	return slices.ContainsFunc(opts, func(o option) bool { return indexOptions[o.name] })
}

var indexOptions = map[string]bool{"--index-url": true, "--pypi-url": true, "--extra-index-url": true, "--find-links": true}

// anyOption handles what matters on every kind of line.
func (f *requirementsFile) anyOption(s *source, p parsedLine, o option) error {
	at := p.optionsAt + o.at
	switch o.name {
	case "--index-url", "--pypi-url", "--extra-index-url", "--find-links":
		return f.Report(ecosystem.Problem{
			Rule: RuleIndex, Class: finding.Origin, Effect: manifestfile.Reject, At: p.place(s.path, s.content, at), Index: ecosystem.AddressOf(o.value),
			Text: fmt.Sprintf("%s leads pip to %s, around the gate; remove the line, the gate's registry is set by `gatehouse client setup pip`", o.name, manifestfile.Origin(o.value)),
		})
	case "--no-index":
		return f.originProblem(s, p, at, RuleTransport, manifestfile.Hold, "--no-index turns the gate's registry off; remove it")
	case "--trusted-host":
		return f.originProblem(s, p, at, RuleTransport, manifestfile.Hold, "--trusted-host lets pip accept a host without a valid certificate; remove it, the gate's registry is set by `gatehouse client setup pip`")
	case "--no-binary":
		formatControl(o.value, f.noBinary, f.onlyBinary)
	case "--only-binary":
		formatControl(o.value, f.onlyBinary, f.noBinary)
	case "--use-feature", "--prefer-binary", "--only-final":
		return f.problem(s, p, at, RuleOption, manifestfile.Note, "%s changes how pip chooses; the gate chooses without it, so a version it did not look at yet may be asked for later", o.name)
	case "--config-settings", "--global-option", "--install-option", "--build-option":
		return f.problem(s, p, at, RuleOption, manifestfile.Note, "%s is passed to the build of an sdist, which the gate does not run", o.name)
	case "--all-releases":
		if o.value != ":all:" {
			return f.problem(s, p, at, RuleOption, manifestfile.Note, "--all-releases changes how pip chooses; the gate chooses without it, so a version it did not look at yet may be asked for later")
		}
		f.Manifest.PreReleases = true
	}
	return nil
}

// optionLine handles a line without a requirement.
func (f *requirementsFile) optionLine(s *source, p parsedLine) error {
	var requirement, constraint *option
	for i, o := range p.options {
		switch o.name {
		case "--requirement":
			requirement = first(requirement, &p.options[i])
		case "--constraint":
			constraint = first(constraint, &p.options[i])
		case "--pre":
			f.Manifest.PreReleases = true
		case "--require-hashes":
			f.requireHashes = true
		case "--no-require-hashes":
			f.noHashes = true
			if err := f.problem(s, p, p.optionsAt+o.at, RuleOption, manifestfile.Note, "--no-require-hashes lets lines without a hash stand beside lines with one; the gate checks the hashes that are there"); err != nil {
				return err
			}
		case "--hash":
			if err := f.problem(s, p, p.optionsAt+o.at, RuleHash, manifestfile.Hold, "--hash has no requirement before it and pip ignores it; put it behind its requirement"); err != nil {
				return err
			}
		}
	}
	switch {
	case requirement != nil:
		return f.include(s, p, requirement, false)
	case constraint != nil:
		return f.include(s, p, constraint, true)
	}
	return nil
}

func first(a, b *option) *option {
	if a != nil {
		return a
	}
	return b
}

// include follows -r or -c inside the file system.
func (f *requirementsFile) include(s *source, p parsedLine, o *option, constraint bool) error {
	at := p.optionsAt + o.at
	refuse := func(format string, args ...any) error {
		return f.problem(s, p, at, RuleInclude, manifestfile.Hold, format, args...)
	}
	if n := countIncludes(p.options); n > 1 {
		if err := refuse("this line includes %d files and pip reads only the first; give each its own line", n); err != nil {
			return err
		}
	}
	if lower := strings.ToLower(o.value); strings.HasPrefix(lower, "http:") || strings.HasPrefix(lower, "https:") || strings.HasPrefix(lower, "file:") {
		return refuse("%s leads to %s, which the gate never opens; copy the file beside this one", o.name, manifestfile.Origin(o.value))
	}
	if path.IsAbs(o.value) || strings.ContainsAny(o.value, "\\\x00") || len(o.value) > 1 && o.value[1] == ':' {
		return refuse("%s names an absolute path, which the gate does not open; give it relative to this file", o.name)
	}
	in := include{path.Join(path.Dir(s.path), o.value), constraint}
	switch {
	case !fs.ValidPath(in.path) || in.path == ".":
		return refuse("%s climbs out of the tree that was handed in; copy the file into it", o.name)
	case slices.Contains(s.stack, in.path):
		return refuse("%s comes back to %s, which includes this file, and pip refuses that; remove the line", o.name, manifestfile.Quote(in.path))
	case f.read[in]:
		return nil
	case len(s.stack) >= maxIncludeDepth:
		return refuse("files include files more than %d deep; include this one from the first file", maxIncludeDepth)
	case len(f.read) >= maxIncludes:
		return refuse("more than %d files are included; join some of them", maxIncludes)
	}
	b, err := f.reader.Read(in.path)
	switch {
	case errors.Is(err, manifestfile.ErrSymlink), errors.Is(err, manifestfile.ErrNotRegular):
		return refuse("%s names %s, which the gate does not open: %s; put the file itself there", o.name, manifestfile.Quote(in.path), reason(err))
	case errors.Is(err, fs.ErrNotExist):
		return manifestfile.Syntax(p.place(s.path, s.content, at), "%s names %s, which is not there; hand it in too or correct the line", o.name, manifestfile.Quote(in.path))
	case err != nil:
		return err
	}
	return f.file(in, b, s.stack)
}

func countIncludes(opts []option) (n int) {
	for _, o := range opts {
		if o.name == "--requirement" || o.name == "--constraint" {
			n++
		}
	}
	return n
}

// requirement handles a line that names a package.
func (f *requirementsFile) requirement(s *source, p parsedLine) error {
	for _, o := range p.options {
		switch o.name {
		case "--requirement", "--constraint", "--pre", "--require-hashes", "--no-require-hashes":
			if err := f.problem(s, p, p.optionsAt+o.at, RuleOption, manifestfile.Hold, "pip ignores %s behind a requirement; put it on a line of its own or remove it", o.name); err != nil {
				return err
			}
		}
	}
	if rule, text := elsewhere(p.args); rule != "" {
		return f.problem(s, p, 0, rule, effectOf(rule), "%s", text)
	}
	d, err := parseDependency(p.args)
	if err != nil {
		return manifestfile.Syntax(p.place(s.path, s.content, 0), "pip cannot read this requirement%s; correct it", because(p.args, err))
	}
	if d.url != "" {
		rule, text := directURL(d.url)
		return f.problem(s, p, 0, rule, effectOf(rule), "%s", text)
	}
	req := d.requirement(p.args, p.place(s.path, s.content, 0))
	req.Constraint, req.Direct = s.constraint, !s.constraint
	if req.Hashes, err = f.hashes(s, p); err != nil {
		return err
	}
	return f.Require(req)
}

// hashes reads the --hash options of a requirement. A digest of the wrong form
// is kept, since it can match no file, and reported.
func (f *requirementsFile) hashes(s *source, p parsedLine) ([]string, error) {
	var out []string
	for _, o := range p.options {
		if o.name != "--hash" {
			continue
		}
		algorithm, digest, ok := strings.Cut(o.value, ":")
		size := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
		if !ok || size == 0 {
			return nil, manifestfile.Syntax(p.place(s.path, s.content, p.optionsAt+o.at), "pip takes --hash only as sha256:, sha384: or sha512: and the digest; correct it")
		}
		if len(digest) != size || strings.Trim(strings.ToLower(digest), "0123456789abcdef") != "" {
			if err := f.problem(s, p, p.optionsAt+o.at, RuleHash, manifestfile.Hold, "this is no %s digest in hex, so no file can match it; correct it", algorithm); err != nil {
				return nil, err
			}
		}
		f.hashed = true
		out = append(out, algorithm+":"+strings.ToLower(digest))
	}
	return out, nil
}

// checkHashes decides whether pip would demand hashes, and reports the
// requirements that then lack one. A constraint's hash counts for its package.
func (f *requirementsFile) checkHashes() error {
	f.Manifest.Hashed = f.requireHashes || f.hashed && !f.noHashes
	if !f.Manifest.Hashed {
		return nil
	}
	vouched := map[artifact.Package]bool{}
	for _, r := range f.Manifest.Requirements {
		if len(r.Hashes) > 0 {
			vouched[r.Package] = true
		}
	}
	for _, r := range f.Manifest.Requirements {
		if r.Constraint || vouched[r.Package] {
			continue
		}
		err := f.Report(ecosystem.Problem{
			Rule: RuleHash, Class: finding.Manifest, Effect: manifestfile.Hold, At: r.At,
			Text: fmt.Sprintf("%s has no --hash and pip demands one of every requirement here; add it, for example with `pip-compile --generate-hashes`", r.Package.Name),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// formatControl is pip's rule for --no-binary and --only-binary: what one
// option names, the other loses; :none: clears; :all: stands for all and makes
// the names behind it count only when a :none: follows.
func formatControl(value string, target, other map[string]bool) {
	names := strings.Split(value, ",")
	if all := lastIndex(names, ":all:"); all >= 0 {
		clear(other)
		clear(target)
		target[":all:"] = true
		if all > lastIndex(names, ":none:") {
			return
		}
		names = names[all+1:]
	}
	for _, name := range names {
		if name == ":none:" {
			clear(target)
			continue
		}
		if name = pep503.Normalize(name); name != "" {
			delete(other, name)
			target[name] = true
		}
	}
}

func lastIndex(names []string, name string) int {
	for i := len(names) - 1; i >= 0; i-- {
		if names[i] == name {
			return i
		}
	}
	return -1
}

func (f *requirementsFile) problem(s *source, p parsedLine, at int, rule, effect, format string, args ...any) error {
	return f.Report(ecosystem.Problem{Rule: rule, Class: finding.Manifest, Text: fmt.Sprintf(format, args...), At: p.place(s.path, s.content, at), Effect: effect})
}

func (f *requirementsFile) originProblem(s *source, p parsedLine, at int, rule, effect, format string, args ...any) error {
	return f.Report(ecosystem.Problem{Rule: rule, Class: finding.Origin, Text: fmt.Sprintf(format, args...), At: p.place(s.path, s.content, at), Effect: effect})
}

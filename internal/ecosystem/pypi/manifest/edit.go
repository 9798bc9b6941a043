package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

var utf8Mark = []byte("\xef\xbb\xbf")

// ReplaceRequirement changes the version specifiers of one requirement in the
// content of the file it stands in (req.At.File) to newSpec, and leaves all else
// as it is: spelling of the name, extras, marker, comment, line endings. req
// must come from parsing this very content. Hashes of the requirement no longer
// match and are dropped; the note then says so and what to run, else it is "".
//
// Requirements files, Pipfiles and the PEP 508 strings of pyproject.toml can be
// edited.
// For anything else the error names the command that makes the change.
func ReplaceRequirement(content []byte, req ecosystem.Requirement, newSpec string) (edited []byte, note string, err error) {
	spec, err := pep440.ParseSpecifiers(newSpec)
	if err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	switch FormatOf(req.At.File, content) {
	case UVLock, PoetryLock, PylockTOML, PDMLock, PipfileLock:
		return nil, "", fmt.Errorf("changing %s: %w", req.At, &ecosystem.Relock{Command: relockCommand(content, req, spec)})
	case PyprojectTOML:
		edited, err = replaceInPyproject(content, req, spec.String())
	case Pipfile:
		edited, err = replaceInPipfile(content, req, spec.String())
	default:
		edited, note, err = replaceInRequirements(content, req, spec.String())
	}
	if err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	return edited, note, nil
}

var errMoved = errors.New("the requirement does not stand there any more; read the file again")

// nameAndExtras is what stands before the specifiers of a PEP 508 text.
var nameAndExtras = lazy.Regexp(`^\s*[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\s*\[[^\]]*\])?`)

// specSpan finds the specifiers of a PEP 508 text, parentheses included. Where
// there are none it is the empty span behind name and extras.
func specSpan(text string) (from, to int) {
	head := len(nameAndExtras().FindString(text))
	rest, _, _ := strings.Cut(text[head:], ";")
	spec := strings.TrimFunc(rest, isSpace)
	if spec == "" {
		return head, head
	}
	from = head + strings.Index(rest, spec)
	return from, from + len(spec)
}

// respecified gives the text with other specifiers, and makes sure that nothing
// else of its meaning changed.
func respecified(text, spec string) (string, error) {
	from, to := specSpan(text)
	changed := text[:from] + spec + text[to:]
	before, err := parseDependency(text)
	if err != nil {
		return "", err
	}
	after, err := parseDependency(changed)
	if err != nil {
		return "", err
	}
	if after.pkg != before.pkg || !slices.Equal(after.extras, before.extras) || after.marker != before.marker || after.url != before.url || after.spec != spec {
		return "", fmt.Errorf("%s has a form that the gate cannot change safely; change it by hand to %s", manifestfile.Quote(text), manifestfile.Quote(spec))
	}
	return changed, nil
}

func replaceInRequirements(b []byte, req ecosystem.Requirement, spec string) ([]byte, string, error) {
	body, marked := bytes.CutPrefix(b, utf8Mark)
	if !utf8.Valid(body) {
		return nil, "", errors.New("the file is not UTF-8; save it as UTF-8 first")
	}
	content := string(body)
	p, err := lineAt(content, req)
	if err != nil {
		return nil, "", err
	}
	args, err := respecified(p.args, spec)
	if err != nil {
		return nil, "", err
	}
	from, to := specSpan(p.args)
	start, end, text, note := p.content(from-1)+1, p.content(max(to-1, from-1))+1, spec, ""
	if to > from {
		start = p.content(from)
	}
	if len(req.Hashes) > 0 {
		start, end = p.content(0), len(strings.TrimRight(content[:p.end], "\r\n"))
		text = args + p.otherOptions() + p.trailingComment()
		note = fmt.Sprintf("the hashes of %s belonged to the old version and were removed; pip demands one of every requirement in a file that has any, so write them again, for example with `pip-compile --generate-hashes`", req.Package.Name)
	}
	out := content[:start] + text + content[end:]
	if marked {
		out = string(utf8Mark) + out
	}
	return []byte(out), note, nil
}

// lineAt finds the line a requirement stands on, unchanged.
func lineAt(content string, req ecosystem.Requirement) (parsedLine, error) {
	for l := range logicalLines(content) {
		if l.place(req.At.File, content, 0) != req.At {
			continue
		}
		p, err := partLine(l)
		if err != nil || p.args != req.Written || len(p.stray) > 0 {
			break
		}
		return p, nil
	}
	return parsedLine{}, errMoved
}

// otherOptions gives the options of a line but its hashes, as written.
func (p parsedLine) otherOptions() string {
	options := p.text[p.optionsAt:]
	var b strings.Builder
	for i, o := range p.options {
		end := len(options)
		if i+1 < len(p.options) {
			end = p.options[i+1].at
		}
		if o.name != "--hash" {
			b.WriteString(" " + strings.TrimFunc(options[o.at:end], isSpace))
		}
	}
	return b.String()
}

func (p parsedLine) trailingComment() string {
	if p.comment == "" {
		return ""
	}
	return "  " + p.comment
}

func replaceInPyproject(b []byte, req ecosystem.Requirement, spec string) ([]byte, error) {
	d, err := document.TOML(req.At.File, b)
	if err != nil {
		return nil, err
	}
	v := stringAt(d, d.Root, req)
	if v == nil {
		if poetry := d.Table(d.Table(d.Root, "tool"), "poetry"); poetry != nil {
			if command, ok := poetryTableAdd(d, poetry, req, spec); ok {
				return nil, fmt.Errorf("poetry's own tables are not edited; run `%s`", command)
			}
			return nil, fmt.Errorf("poetry's own tables are not edited; change it by hand to %s", manifestfile.Quote(spec))
		}
		return nil, errMoved
	}
	if _, err := respecified(v.Text, spec); err != nil {
		return nil, err
	}
	written := string(d.Data[v.At : v.At+v.Raw])
	quotes := 1
	if strings.HasPrefix(written, `"""`) || strings.HasPrefix(written, `'''`) {
		quotes = 3
	}
	from, to := specSpan(v.Text)
	if !strings.HasPrefix(written[quotes:], v.Text[:to]) {
		return nil, fmt.Errorf("the string is written with escapes; change it by hand to %s", manifestfile.Quote(spec))
	}
	at := len(b) - len(d.Data) + v.At + quotes
	return slices.Concat(b[:at+from], []byte(spec), b[at+to:]), nil
}

// replaceInPipfile changes the string that holds a package's version.
func replaceInPipfile(b []byte, req ecosystem.Requirement, spec string) ([]byte, error) {
	d, err := document.TOML(req.At.File, b)
	if err != nil {
		return nil, err
	}
	for _, f := range d.Root.Fields {
		for _, e := range f.Value.Fields {
			if d.Place(e.At) != req.At || named(e.Key) != req.Package {
				continue
			}
			v := e.Value
			if v.Kind == document.Table {
				v = v.Get("version")
			}
			switch {
			case v == nil:
				return nil, fmt.Errorf("no version is written there; add version = %s by hand", manifestfile.Quote(spec))
			case v.Kind != document.String || e.Key+" "+v.Text != req.Written:
				return nil, errMoved
			case strings.ContainsAny(spec, `"\`):
				return nil, fmt.Errorf("the string would need escapes; change it by hand to %s", manifestfile.Quote(spec))
			}
			at := len(b) - len(d.Data) + v.At
			return slices.Concat(b[:at], []byte(`"`+spec+`"`), b[at+v.Raw:]), nil
		}
	}
	return nil, errMoved
}

// stringAt finds the string that a requirement was read from.
func stringAt(d *document.Document, v *document.Value, req ecosystem.Requirement) *document.Value {
	if v.Kind == document.String {
		if v.Text == req.Written && d.Place(v.At) == req.At {
			return v
		}
		return nil
	}
	for _, e := range v.List {
		if found := stringAt(d, e, req); found != nil {
			return found
		}
	}
	for _, f := range v.Fields {
		if found := stringAt(d, f.Value, req); found != nil {
			return found
		}
	}
	return nil
}

// AddConstraint adds one requirement at the end of a requirements or constraints
// file, on a line of its own, with the file's line endings. It refuses a line
// that is not one requirement, and a file in which pip demands hashes.
func AddConstraint(content []byte, line string) ([]byte, error) {
	d, err := parseDependency(line)
	if err != nil || d.url != "" || strings.ContainsAny(line, "\r\n#") {
		return nil, fmt.Errorf("adding %s: it is not one requirement by name", manifestfile.Quote(line))
	}
	body := bytes.TrimPrefix(content, utf8Mark)
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("adding %s: the file is not UTF-8; save it as UTF-8 first", manifestfile.Quote(line))
	}
	for l := range logicalLines(string(body)) {
		if _, options, _ := splitArgs(l.text); strings.Contains(options, "--hash") || strings.Contains(options, "--require-hashes") {
			return nil, fmt.Errorf("adding %s: pip demands hashes in this file; add it to the file that this one is made from and make it again", manifestfile.Quote(line))
		}
	}
	end := "\n"
	if bytes.Contains(body, []byte("\r\n")) {
		end = "\r\n"
	}
	out := slices.Clone(content)
	if len(body) > 0 && !bytes.HasSuffix(body, []byte("\n")) {
		out = append(out, end...)
	}
	if bytes.HasSuffix(bytes.TrimRight(out, "\r\n"), []byte(`\`)) {
		out = append(out, end...) // an empty line ends the continuation
	}
	return append(out, strings.TrimSpace(line)+end...), nil
}

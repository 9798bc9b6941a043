package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
)

var errMoved = errors.New("the requirement does not stand there any more; read the file again")

// ReplaceRequirement changes the version of one requirement in the content of the file
// that it stands in (req.At.File), and leaves all else byte for byte. Where the version
// is a property or a reference of that file, its text is changed, for all that use it;
// where something elsewhere manages it, it is written into the line itself.
// req must come from parsing this very content. For a lock the error is
// *ecosystem.Relock, with the command that changes it.
func ReplaceRequirement(content []byte, req ecosystem.Requirement, spec string) (edited []byte, note string, err error) {
	r, err := version.ParseRange(spec)
	if err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	if number, ok := r.Single(); ok && (req.Number == "" || !strings.HasPrefix(req.Spec, "[")) {
		spec = number // as poms write one version
	}
	var span func([]byte, ecosystem.Requirement) (textSpan, error)
	switch Format(req.At.File) {
	case PomXML, Extensions:
		span = versionInXML
	case Catalog:
		span = versionInCatalog
	default:
		name := coordinate.Display(req.Package)
		return nil, "", fmt.Errorf("changing %s: %w", req.At, &ecosystem.Relock{Command: "gradle dependencies --update-locks " + name})
	}
	at, err := span(content, req)
	if err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	return slices.Concat(content[:at.begin], []byte(at.before+spec+at.after), content[at.end:]), at.note, nil
}

// textSpan is where a version stands, or has to be put.
type textSpan struct {
	begin, end    int
	before, after string // what goes around it
	note          string
}

const sharedNote = "the version stands in one place for several lines, which change with it"

// versionInXML finds where the version of a requirement stands in a pom: in its own
// element, or in the property that this names; or behind the artifact's name where it
// has none.
func versionInXML(content []byte, req ecosystem.Requirement) (textSpan, error) {
	root, err := pom.ReadXML(content)
	if err != nil {
		return textSpan{}, errMoved
	}
	e := elementAt(root, req)
	if e == nil {
		return textSpan{}, errMoved
	}
	v, err := e.Child("version")
	if err != nil {
		return textSpan{}, errMoved
	}
	if v == nil {
		return newVersion(content, e, req)
	}
	var out textSpan
	if name, ok := strings.CutPrefix(v.Text, "${"); ok {
		name = strings.TrimSuffix(name, "}")
		if v = property(root, name); v == nil || strings.Contains(v.Text, "${") {
			return textSpan{}, fmt.Errorf("the version of %s is a property that does not stand here as one version; change it by hand", coordinate.Display(req.Package))
		}
		out.note = sharedNote
	}
	out.begin, out.end = v.Begin, v.End
	for out.begin < out.end && strings.IndexByte(" \t\r\n", content[out.begin]) >= 0 {
		out.begin++
	}
	for out.end > out.begin && strings.IndexByte(" \t\r\n", content[out.end-1]) >= 0 {
		out.end--
	}
	if out.begin == out.end || string(content[out.begin:out.end]) != v.Text || req.Spec != "" && v.Text != req.Spec {
		return textSpan{}, fmt.Errorf("the version of %s has a form that the gate cannot change safely; change it by hand", coordinate.Display(req.Package))
	}
	return out, nil
}

// newVersion finds where a version is put into an element that has none, on a line of
// its own where the artifact's name has one.
func newVersion(content []byte, e *pom.Element, req ecosystem.Requirement) (textSpan, error) {
	const closing = "</artifactId>"
	a, err := e.Child("artifactId")
	if err != nil || a == nil || a.End == 0 || !strings.HasPrefix(string(content[a.End:]), closing) || e.Name == "parent" {
		return textSpan{}, fmt.Errorf("the version of %s does not stand here: something else manages it; change it there", coordinate.Display(req.Package))
	}
	at := a.End + len(closing)
	line := string(content[strings.LastIndexByte(string(content[:a.Begin]), '\n')+1 : a.Begin])
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	before := "<version>"
	if strings.TrimLeft(line, " \t") == "<artifactId>" {
		before = "\n" + indent + before
	}
	return textSpan{begin: at, end: at, before: before, after: "</version>", note: "the line has a version of its own now, in place of the one that something else manages for it"}, nil
}

// elementAt finds the element that stands where a requirement does and is about its
// package.
func elementAt(e *pom.Element, req ecosystem.Requirement) *pom.Element {
	if e.Line == req.At.Line && slices.Contains([]string{"dependency", "parent", "plugin", "extension"}, e.Name) {
		_, name, _ := strings.Cut(req.Package.Name, "/")
		if a, err := e.Child("artifactId"); err == nil && a != nil && (a.Text == name || strings.Contains(a.Text, "${")) {
			return e
		}
	}
	for _, c := range e.Children {
		if c.Line > req.At.Line {
			break
		}
		if found := elementAt(c, req); found != nil {
			return found
		}
	}
	return nil
}

// property finds the one place of a property; nil where there is none, or several.
func property(root *pom.Element, name string) *pom.Element {
	var found []*pom.Element
	var walk func(*pom.Element)
	walk = func(e *pom.Element) {
		for _, c := range e.Children {
			if e.Name == "properties" && c.Name == name {
				found = append(found, c)
			}
			walk(c)
		}
	}
	walk(root)
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// versionInCatalog finds where the version of an entry of a catalog stands.
func versionInCatalog(content []byte, req ecosystem.Requirement) (textSpan, error) {
	d, err := document.TOML(req.At.File, content)
	if err != nil {
		return textSpan{}, errMoved
	}
	mark := len(content) - len(d.Data)
	for _, section := range []string{"libraries", "plugins"} {
		t := d.Root.Get(section)
		if t == nil {
			continue
		}
		for _, f := range t.Fields {
			if d.Place(f.At) != req.At {
				continue
			}
			var out textSpan
			v := f.Value
			if v.Kind == document.Table {
				v = v.Get("version")
			}
			if v != nil && v.Kind == document.Table {
				if ref := d.Text(v, "ref"); ref != "" {
					v, out.note = d.Root.Get("versions").Get(ref), sharedNote
				}
			}
			if v == nil || v.Kind != document.String || !strings.HasSuffix(v.Text, req.Spec) || req.Spec == "" || v.Raw != len(v.Text)+2 {
				return textSpan{}, fmt.Errorf("the version of %s has a form that the gate cannot change safely; change it by hand", manifestfile.Quote(coordinate.Display(req.Package)))
			}
			out.end = mark + v.At + v.Raw - 1
			out.begin = out.end - len(req.Spec)
			return out, nil
		}
	}
	return textSpan{}, errMoved
}

package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/semver"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/document"
)

var errMoved = errors.New("the requirement does not stand there any more; read the file again")

// ReplaceRequirement changes the version of one dependency in the content of the
// Cargo.toml that it stands in (req.At.File) to spec, and leaves all else byte for
// byte. req must come from parsing this very content. The note says what has to be
// run afterwards. For a lock the error is *ecosystem.Relock, with the command that
// changes it.
func ReplaceRequirement(content []byte, req ecosystem.Requirement, spec string) (edited []byte, note string, err error) {
	if _, err := semver.ParseReq(spec); err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	if Format(req.At.File) != CargoToml {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, &ecosystem.Relock{Command: relock(content, req, spec)})
	}
	edited, err = replaceVersion(content, req, spec)
	if err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	return edited, "bring Cargo.lock up to it with `cargo update -p " + req.Package.Name + "`", nil
}

// relock is the command that brings a locked crate to a version.
func relock(content []byte, req ecosystem.Requirement, spec string) string {
	name := req.Package.Name
	if at := strings.IndexByte(req.Written, ' '); at > 0 {
		name = req.Written[:at] // as the lock spells it
	}
	which := name
	if strings.Count(string(content), "\nname = \""+name+"\"") > 1 {
		which += "@" + req.Number
	}
	precise := strings.TrimLeft(spec, "=^~>")
	if _, err := semver.Parse(precise); err != nil {
		return "cargo update -p " + which
	}
	return "cargo update -p " + which + " --precise " + precise
}

func replaceVersion(content []byte, req ecosystem.Requirement, spec string) ([]byte, error) {
	begin, end, err := versionAt(content, req, req.Spec)
	if err != nil {
		return nil, err
	}
	quote := content[begin]
	if (quote != '"' && quote != '\'') || end-begin < 2 || content[end-1] != quote || string(content[begin+1:end-1]) != req.Spec || strings.ContainsAny(spec, `"'\`) {
		return nil, fmt.Errorf("the version of %s has a form that the gate cannot change safely; change it by hand", req.Package.Name)
	}
	out := slices.Concat(content[:begin+1], []byte(spec), content[end-1:])
	if _, _, err := versionAt(out, req, spec); err != nil {
		return nil, err
	}
	return out, nil
}

// versionAt finds where the version of a requirement stands, with its quotes.
func versionAt(content []byte, req ecosystem.Requirement, spec string) (begin, end int, err error) {
	d, err := document.TOML(req.At.File, content)
	if err != nil {
		return 0, 0, errMoved
	}
	f, ok := dependencyAt(d, d.Root, req, 0)
	if !ok {
		return 0, 0, errMoved
	}
	v := f.Value
	if v.Kind == document.Table {
		v = v.Get("version")
	}
	if v == nil || v.Kind != document.String {
		return 0, 0, fmt.Errorf("the version of %s does not stand here; change it by hand", req.Package.Name)
	}
	w := wish{d: d, f: f}
	if to, _ := pkg(w.crate()); to != req.Package || v.Text != spec {
		return 0, 0, errMoved
	}
	// A byte order mark is no part of the document, and of the content.
	mark := len(content) - len(d.Data)
	return mark + v.At, mark + v.At + v.Raw, nil
}

// dependencyAt gives the entry that stands where a requirement does.
func dependencyAt(d *document.Document, t *document.Value, req ecosystem.Requirement, depth int) (document.Field, bool) {
	if depth > document.MaxDepth {
		return document.Field{}, false
	}
	for _, f := range t.Fields {
		if (f.Value.Kind == document.String || f.Value.Kind == document.Table) && d.Place(f.At) == req.At && !strings.Contains(f.Key, " ") {
			if to, ok := pkg((&wish{d: d, f: f}).crate()); ok && to == req.Package {
				return f, true
			}
		}
		if f.Value.Kind == document.Table {
			if found, ok := dependencyAt(d, f.Value, req, depth+1); ok {
				return found, true
			}
		}
	}
	return document.Field{}, false
}

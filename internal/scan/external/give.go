package external

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/sandbox/toolproxy"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// Names below sandbox.ToolInput. Some tools tell a CycloneDX document by its
// file's name.
const (
	sbomName         = "bom.cdx.json"
	requirementsName = "requirements.txt"
	folderName       = "folder"
	emptyName        = "empty"
	outputPath       = sandbox.ToolScratch + "/answer"
)

// given is what a scanner gets: its path there, and the blob to close.
type given struct {
	path string
	file *os.File
}

// run is one tool with the secrets that its words must not show.
type run struct {
	sandbox.Tool
	secrets []secretref.Secret
}

// tool puts a run together.
func (s *Scanner) tool(ctx context.Context, a Asked) (run, given, error) {
	r := run{Tool: sandbox.Tool{Env: s.environment(), Folders: s.shown, Network: s.Network, Proxy: toolproxy.Serve, Limits: s.limits()}}
	for name, ref := range s.Secrets {
		secret, err := secretref.Resolve(ctx, ref)
		if err != nil {
			return r, given{}, fmt.Errorf("secrets.%s: %w", name, err)
		}
		r.secrets = append(r.secrets, secret)
		r.Env = append(r.Env, name+"="+secret.Reveal())
	}
	g, err := s.give(ctx, &r, a)
	if err != nil {
		return r, g, err
	}
	r.Inputs = append(r.Inputs, sandbox.ToolFile{Name: emptyName})
	fill := strings.NewReplacer("{"+s.Gets+"}", g.path, "{empty}", path.Join(sandbox.ToolInput, emptyName), "{output}", outputPath)
	r.Command = []string{s.program}
	for _, word := range s.Command[1:] {
		if strings.Contains(word, "{output}") {
			r.Output = outputPath
		}
		r.Command = append(r.Command, fill.Replace(word))
	}
	return r, g, nil
}

// give adds what the scanner gets.
func (s *Scanner) give(ctx context.Context, r *run, a Asked) (given, error) {
	switch s.Gets {
	case getsSBOM:
		r.Inputs = []sandbox.ToolFile{{Name: sbomName, Data: sbom(a.File.Version)}}
		return given{path: path.Join(sandbox.ToolInput, sbomName)}, nil
	case getsRequirements:
		r.Inputs = []sandbox.ToolFile{{Name: requirementsName, Data: requirement(a.File)}}
		return given{path: path.Join(sandbox.ToolInput, requirementsName)}, nil
	}
	if !plainName(a.File.Name) {
		return given{}, fmt.Errorf("the file name %q is none that a program is given", artifact.Untrusted(a.File.Name))
	}
	f, err := a.Open(ctx, a.File.SHA256)
	if err != nil {
		return given{}, err
	}
	g := given{path: path.Join(sandbox.ToolInput, a.File.Name), file: f}
	if s.Gets == getsArchive {
		r.Inputs = []sandbox.ToolFile{{Name: a.File.Name, File: f}}
		return g, nil
	}
	st, err := f.Stat()
	if err != nil {
		return g, err
	}
	g.path = path.Join(sandbox.ToolInput, folderName)
	r.Prepare, r.PrepareIn = unpackTask, []*os.File{f}
	r.PrepareSpec, err = json.Marshal(unpackOrder{Name: a.File.Name, Size: st.Size(), Most: s.Limits.Unpacked})
	return g, err
}

// plainName says whether a name is one path element of printable ASCII that no
// program takes for an option.
func plainName(name string) bool {
	if name == "" || name[0] == '-' || name[0] == '.' || name == emptyName || strings.ContainsAny(name, "/\\ ") {
		return false
	}
	for _, r := range name {
		if r < 0x21 || r > 0x7e {
			return false
		}
	}
	return true
}

// hide takes the secrets out of what a tool said.
func (r run) hide(b []byte) []byte {
	for _, s := range r.secrets {
		b = bytes.ReplaceAll(b, []byte(s.Reveal()), []byte(s.String()))
	}
	return b
}

// sbom is a CycloneDX document of one version. It has no date and no serial
// number: the same version gives the same bytes.
func sbom(v artifact.Version) []byte {
	type component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version"`
		Purl    string `json:"purl"`
	}
	b, err := json.Marshal(struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Components []component `json:"components"`
	}{"CycloneDX", "1.5", 1, []component{{"library", v.Purl(), v.Package.Name, v.Number, v.Purl()}}})
	if err != nil {
		panic(err) // strings only
	}
	return b
}

// requirement is one line in pip's form.
func requirement(f artifact.File) []byte {
	return fmt.Appendf(nil, "%s==%s --hash=sha256:%s\n", f.Version.Package.Name, f.Version.Number, f.SHA256)
}

// unpackTask is the task that unpacks, inside the tool's machine and under its
// limits, before the tool starts.
const unpackTask = "unpack"

// Tasks is what a program that runs scanners hands to sandbox.MaybeTool.
func Tasks() map[string]sandbox.Task { return map[string]sandbox.Task{unpackTask: unpack} }

type unpackOrder struct {
	Name string
	Size int64
	Most int64 // bytes unpacked
}

// mostEntry bounds one file of a folder: it is in memory while it is written.
const mostEntry = 512 << 20

// unpack writes the archive's files below sandbox.ToolInput, by the walk that the
// gate itself looks at archives with. Links are left out (they bring no bytes of
// their own), and no file is executable.
func unpack(in []*os.File, spec []byte) ([]byte, error) {
	var o unpackOrder
	if err := json.Unmarshal(spec, &o); err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	if len(in) != 1 {
		return nil, fmt.Errorf("reading orders: %d files, want one", len(in))
	}
	to := path.Join(sandbox.ToolInput, folderName)
	if err := os.Mkdir(to, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	format, err := archive.FormatOf(o.Name)
	if err != nil {
		return nil, err
	}
	_, err = archive.Walk(in[0], o.Size, format, archive.Limits{Unpacked: o.Most, Body: int(min(o.Most, mostEntry))},
		func(e archive.Entry) error { return unpackEntry(root, e) })
	return nil, err
}

func unpackEntry(root *os.Root, e archive.Entry) error {
	switch {
	case e.Mode.IsDir():
		return root.MkdirAll(e.Path, 0o755)
	case e.Link != "" || !e.Mode.IsRegular():
		return nil
	case e.Body == nil && e.Size > 0:
		return fmt.Errorf("%.200q has %d bytes; a folder is given with files of at most %d", e.Path, e.Size, mostEntry)
	}
	if err := root.MkdirAll(path.Dir(e.Path), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(e.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(e.Body); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

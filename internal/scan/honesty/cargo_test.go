package honesty

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// crateBytes packs files below a folder.
func crateBytes(t *testing.T, root string, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		at := root + "/" + name
		if strings.HasPrefix(name, "/") {
			at = name[1:]
		}
		if err := w.WriteHeader(&tar.Header{Name: at, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCrates(t *testing.T) {
	const (
		head   = "[package]\nname = \"Demo\"\nversion = \"1.0.0\"\nlicense = \"MIT/Apache-2.0\"\n"
		needs  = "[dependencies.left]\nversion = \"1.2\"\n[target.'cfg(unix)'.dependencies.alias]\nversion=\"=2.0.0\"\npackage=\"right\"\noptional=true\n[dev-dependencies]\ntester = \"3\"\n"
		cksum  = `"cksum":"0000000000000000000000000000000000000000000000000000000000000000"`
		said   = `{"name":"Demo","vers":"1.0.0","deps":[{"name":"left","req":"^1.2","features":[],"optional":false,"default_features":true,"target":null,"kind":"normal"},{"name":"alias","package":"right","req":"=2.0.0","features":[],"optional":true,"default_features":true,"target":"cfg(unix)","kind":"normal"}],` + cksum + `,"features":{},"yanked":false}`
		simple = `{"name":"Demo","vers":"1.0.0","deps":[],` + cksum + `,"features":{},"yanked":false}`
		at     = "Demo-1.0.0/Cargo.toml"
		commit = `{"git":{"sha1":"0123456789012345678901234567890123456789"},"path_in_vcs":"crates/demo"}`
	)
	version := artifact.Version{Package: artifact.Package{Ecosystem: artifact.Cargo, Name: "demo"}, Number: "1.0.0"}
	for _, tc := range []struct {
		root   string
		files  map[string]string
		record string
		want   []string
		why    string
	}{
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head + needs, "Cargo.toml.orig": head, ".cargo_vcs_info.json": commit, "src/lib.rs": ""}, said, nil, "honest, with tests' dependencies that an index may leave out"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head + needs}, "", nil, "an archive from a disk"},
		{"Demo-1.0.0", map[string]string{"src/lib.rs": ""}, simple, []string{"metadata-missing integrity high "}, "no Cargo.toml"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": "["}, simple, []string{scan.RuleUnreadable + " fault unknown " + at}, "no TOML"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head}, said, []string{"manifest-confusion honesty high " + at}, "the index asks for crates that Cargo.toml does not"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head + needs}, simple, []string{"manifest-confusion honesty medium " + at}, "Cargo.toml asks for more"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head + strings.Replace(needs, `"1.2"`, `"1.3"`, 1)}, said, []string{"manifest-confusion honesty medium " + at}, "another requirement"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": strings.Replace(head, "Demo", "other", 1)}, simple, []string{"metadata-name-mismatch integrity high " + at}, "another name"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": strings.Replace(head, "1.0.0", "1.0.1", 1)}, simple, []string{"metadata-version-mismatch integrity high " + at}, "another version"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head, "/evil/x": ""}, simple, []string{"crate-layout integrity high evil/x"}, "an entry outside"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head + "[lib]\nproc-macro = true\n", "Cargo.toml.orig": head}, simple, []string{"manifest-confusion honesty high " + at}, "a procedural macro that the author did not write"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head + "build = \"evil.rs\"\n", "Cargo.toml.orig": head}, simple, []string{"manifest-confusion honesty high " + at}, "a build script that the author did not name"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head, ".cargo_vcs_info.json": strings.Replace(commit, `"}`, `","dirty":true}`, 1)}, simple, []string{"crate-source honesty low Demo-1.0.0/.cargo_vcs_info.json"}, "changes that nobody committed"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head, ".cargo_vcs_info.json": strings.Replace(commit, "crates", "..", 1)}, simple, []string{"crate-source honesty low Demo-1.0.0/.cargo_vcs_info.json"}, "a place outside of every repository"},
		{"Demo-1.0.0", map[string]string{"Cargo.toml": head, ".cargo_vcs_info.json": "{"}, simple, []string{"crate-source honesty low Demo-1.0.0/.cargo_vcs_info.json"}, "a commit that cannot be read"},
	} {
		b := crateBytes(t, tc.root, tc.files)
		target := scan.FileTarget{File: artifact.File{Version: version, Name: "demo-1.0.0.crate", Kind: artifact.Crate, SHA256: artifact.DigestOf(b)}}
		if tc.record != "" {
			target.Record = []byte(tc.record)
		}
		report := scan.Inspect(bytes.NewReader(b), int64(len(b)), target, []scan.FileScanner{Scanner{}}, archive.Limits{})
		var got []string
		for _, f := range report.Findings {
			got = append(got, f.Rule+" "+string(f.Class)+" "+f.Severity.String()+" "+f.Path)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.why, got, tc.want)
		}
		if len(tc.want) == 0 && (report.Metadata == nil || report.Metadata.Name != "Demo" || report.Metadata.LicenceSPDX != "MIT OR Apache-2.0" || !slices.Equal(report.Metadata.RequiresDist, []string{"left ^1.2", "right =2.0.0"})) {
			t.Errorf("%s: %+v", tc.why, report.Metadata)
		}
	}
}

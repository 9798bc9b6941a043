package pypi

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

const (
	demoProject = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n[project]\nname = 'demo-pkg'\nversion = '1.0'\ndependencies = ['other>=2']\n"
	demoSdist   = "demo-pkg-1.0.tar.gz"
)

func sdistFile(name string) ecosystem.IndexFile {
	return ecosystem.IndexFile{Name: name, URL: "/" + name, Kind: artifact.Sdist}
}

// linkedTar is an sdist with a link at a path.
func linkedTar(t testing.TB, at string, kind byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{
		{Name: "demo-pkg-1.0/PKG-INFO", Mode: 0o644, Size: int64(len(demoMetadata))},
		{Name: at, Typeflag: kind, Linkname: "demo-pkg-1.0/PKG-INFO", Mode: 0o644},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(demoMetadata)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return gzipOf(b.Bytes())
}

func TestMetadataOfSdists(t *testing.T) {
	info := zipEntry{"demo-pkg-1.0/PKG-INFO", demoMetadata}
	egg := zipEntry{"demo-pkg-1.0/demo_pkg.egg-info/PKG-INFO", "not this one"}
	project := zipEntry{"demo-pkg-1.0/pyproject.toml", demoProject}
	setup := zipEntry{"demo-pkg-1.0/setup.py", "raise SystemExit('nobody runs this')"}
	static := ecosystem.Source{Static: "pyproject.toml", RequiresDist: []string{"other>=2"}, Build: []string{"hatchling"}}
	legacy := ecosystem.Source{Why: "its setup.py would have to run", Build: []string{"setuptools>=40.8.0"}}
	for _, tc := range []struct {
		name, file string
		body       []byte
		want       error
		source     *ecosystem.Source
		why        string
	}{
		{"tar.gz", demoSdist, gzipOf(tarOf(t, egg, info, project)), nil, &static, "the usual"},
		{"setup.py", demoSdist, gzipOf(tarOf(t, egg, info, setup)), nil, &legacy, "what an old one needs, setup.py alone says"},
		{"setup.py at the end", demoSdist, gzipOf(tarOf(t, info, zipEntry{"demo-pkg-1.0/big", strings.Repeat("x", 1<<20)}, setup)), nil, &legacy, "that it is not there shows only at the end"},
		{"setup.py elsewhere", demoSdist, gzipOf(tarOf(t, info, project, zipEntry{"demo-pkg-1.0/tests/setup.py", ""})), nil, &static, "only the one at the top is a build's"},
		{"tgz with ./", "demo-pkg-1.0.tgz", gzipOf(tarOf(t, zipEntry{"./" + info.name, demoMetadata}, project)), nil, &static, "some tools write ./"},
		{"zip", "demo-pkg-1.0.zip", zipOf(t, egg, info, project), nil, &static, "the other kind"},
		{"empty pyproject.toml", demoSdist, gzipOf(tarOf(t, zipEntry{project.name, ""}, info, setup)), nil, &legacy, "is there, and says nothing"},
		{"none", demoSdist, gzipOf(tarOf(t, egg)), ErrBadMetadata, nil, "only the egg-info's"},
		{"two roots", demoSdist, gzipOf(tarOf(t, info, zipEntry{"other/pyproject.toml", demoProject})), ErrBadMetadata, nil, "whose pyproject.toml is it?"},
		{"twice", demoSdist, gzipOf(tarOf(t, info, project, project)), ErrBadMetadata, nil, "unpackers differ in which one they keep"},
		{"linked", demoSdist, linkedTar(t, project.name, tar.TypeSymlink), ErrBadMetadata, nil, "a build follows it, this reader does not"},
		{"linked hard", demoSdist, linkedTar(t, setup.name, tar.TypeLink), ErrBadMetadata, nil, "the same"},
		{"linked in capitals", demoSdist, linkedTar(t, "demo-pkg-1.0/SETUP.PY", tar.TypeSymlink), ErrBadMetadata, nil, "on file systems without case"},
		{"other version", demoSdist, gzipOf(tarOf(t, zipEntry{info.name, strings.Replace(demoMetadata, "1.0.0", "2.0", 1)})), ErrBadMetadata, nil, "another version's"},
		{"tar", "demo-pkg-1.0.tar", tarOf(t, egg, info, project), nil, &static, "without packing, as some old ones"},
		{"xz", "demo-pkg-1.0.tar.xz", []byte("x"), ErrBadMetadata, nil, "not read here: holds"},
		{"no gzip", demoSdist, []byte("hello"), ErrBadMetadata, nil, "not what its name says"},
		{"cut", demoSdist, gzipOf(tarOf(t, egg, info))[:60], ErrBadMetadata, nil, "half an archive"},
		{"no tar", demoSdist, gzipOf([]byte(strings.Repeat("x", 2000))), ErrBadMetadata, nil, "not a tar inside"},
		{"no bzip2", "demo-pkg-1.0.tar.bz2", []byte("hello"), ErrBadMetadata, nil, "not what its name says"},
		{"bomb", demoSdist, gzipOf(tarOf(t, zipEntry{info.name, strings.Repeat("\n", maxMetadata+1)})), ErrBadMetadata, nil, "8 MiB of blank lines"},
		{"gone", demoSdist, nil, nil, nil, "the file has vanished: an error, but not of the network"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fs := &files{serve: map[string][]byte{}}
			if tc.body != nil {
				fs.serve["/"+tc.file] = tc.body
			}
			u, x, f := metadataCase(t, fs, sdistFile(tc.file))
			f.SHA256 = artifact.DigestOf(tc.body)
			for range 2 { // from upstream, then from what was kept
				m, raw, err := u.Metadata(t.Context(), x, f)
				if tc.body == nil {
					if err == nil || errors.Is(err, ecosystem.ErrUnreachable) {
						t.Fatalf("Metadata = %v (%s)", err, tc.why)
					}
					continue
				}
				if !errors.Is(err, tc.want) || tc.want == nil && (err != nil || string(raw) != demoMetadata) {
					t.Fatalf("Metadata = %.40q, %v; want %v (%s)", raw, err, tc.want, tc.why)
				}
				if got, want := sourceText(t, m.Source), sourceText(t, tc.source); tc.want == nil && got != want {
					t.Errorf("source:\ngot  %s\nwant %s (%s)", got, want, tc.why)
				}
			}
			if tc.want == nil && tc.body != nil && len(fs.asked) != 1 {
				t.Errorf("asked %q, want the archive once", fs.asked)
			}
		})
	}
}

func sourceText(t *testing.T, s *ecosystem.Source) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSdistIsHeldToItsDigest(t *testing.T) {
	body := gzipOf(tarOf(t, zipEntry{"demo-pkg-1.0/PKG-INFO", demoMetadata}))
	fs := &files{serve: map[string][]byte{"/" + demoSdist: body}}
	u, x, f := metadataCase(t, fs, sdistFile(demoSdist))
	f.SHA256 = artifact.DigestOf([]byte("the bytes that the index means"))
	if _, _, err := u.Metadata(t.Context(), x, f); !errors.Is(err, ErrWrongMetadata) || errors.Is(err, ErrBadMetadata) {
		t.Errorf("Metadata = %v, want ErrWrongMetadata", err)
	}
	if left, err := os.ReadDir(u.dir); err == nil {
		for _, e := range left {
			if strings.HasPrefix(e.Name(), ".spool") {
				t.Errorf("%s was left behind", e.Name())
			}
		}
	}
}

func TestSdistTooLarge(t *testing.T) {
	for _, size := range []int64{maxMetadataFile + 1, 0} {
		s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "999999999999")
		})
		f := sdistFile(demoSdist)
		f.URL, f.Number, f.Size = s.URL+"/s", "1.0", size
		_, _, err := s.upstream(t, t.TempDir()).Metadata(t.Context(), &ecosystem.Index{Package: demo}, f)
		if !errors.Is(err, ErrBadMetadata) || errors.Is(err, ecosystem.ErrUnreachable) {
			t.Errorf("size %d in the index: Metadata = %v, want ErrBadMetadata", size, err)
		}
	}
}

func TestSdistAgainstTheMetadataBesideIt(t *testing.T) {
	body := gzipOf(tarOf(t, zipEntry{"demo-pkg-1.0/PKG-INFO", demoMetadata}))
	for _, tc := range []struct {
		beside string
		digest artifact.Digest
		want   error
		asked  []string
		why    string
	}{
		{demoMetadata, "", nil, []string{"/" + demoSdist, "/" + demoSdist + ".metadata"}, "the same"},
		{demoMetadata + "more", "", ErrWrongMetadata, nil, "not the same"},
		{"", "", nil, nil, "announced, and not there: the archive says it"},
		{"", artifact.DigestOf([]byte(demoMetadata)), nil, []string{"/" + demoSdist}, "its digest is enough"},
		{"", artifact.DigestOf([]byte("other")), ErrWrongMetadata, nil, "its digest is another"},
	} {
		fs := &files{serve: map[string][]byte{"/" + demoSdist: body}}
		if tc.beside != "" {
			fs.serve["/"+demoSdist+".metadata"] = []byte(tc.beside)
		}
		f := sdistFile(demoSdist)
		f.HasMetadata, f.MetadataSHA256 = true, tc.digest
		u, x, f := metadataCase(t, fs, f)
		if _, _, err := u.Metadata(t.Context(), x, f); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("Metadata = %v, want %v (%s)", err, tc.want, tc.why)
		}
		if tc.asked != nil && !slices.Equal(fs.asked, tc.asked) {
			t.Errorf("asked %q, want %q (%s)", fs.asked, tc.asked, tc.why)
		}
	}
}

func FuzzSdistParts(f *testing.F) {
	info := zipEntry{"demo-pkg-1.0/PKG-INFO", demoMetadata}
	f.Add(gzipOf(tarOf(f, info, zipEntry{"demo-pkg-1.0/pyproject.toml", demoProject})), false)
	f.Add(zipOf(f, info, zipEntry{"demo-pkg-1.0/setup.cfg", "[options]\ninstall_requires = a\n"}), true)
	f.Fuzz(func(t *testing.T, b []byte, zipped bool) {
		file, format := sdistFile(demoSdist), archive.TarGz
		if zipped {
			file, format = sdistFile("demo-pkg-1.0.zip"), archive.Zip
		}
		file.Number = "1.0"
		x := &ecosystem.Index{Package: demo}
		parts, err := partsOf(x, file, bytes.NewReader(b), int64(len(b)), format)
		if err != nil {
			if !errors.Is(err, ErrBadMetadata) {
				t.Fatalf("partsOf = %v, which is no ErrBadMetadata", err)
			}
			return
		}
		kept, err := json.Marshal(parts)
		if err != nil {
			t.Fatal(err)
		}
		m, raw, err := checkSdist(x, file, kept)
		if err == nil && (m.Source == nil || len(raw) == 0) {
			t.Fatalf("%+v without source or text", m)
		}
	})
}

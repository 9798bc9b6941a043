package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/manifest"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/record"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/cargo/resolve"
)

// shop is an index in memory: each row is "name version", then "features: f=a,b" and
// dependencies, "name req [optional] [build] [dev] [nodefault] [feat=x]", all divided
// by semicolons.
type shop map[string][]ecosystem.IndexFile

func newShop(t *testing.T, rows ...string) shop {
	t.Helper()
	s := shop{}
	for _, row := range rows {
		parts := strings.Split(row, ";")
		name, number, _ := strings.Cut(strings.TrimSpace(parts[0]), " ")
		number, yanked := strings.CutSuffix(number, " yanked")
		l := record.Line{Name: name, Number: number, Checksum: artifact.DigestOf([]byte(row)), Features: map[string][]string{}}
		for _, part := range parts[1:] {
			f := strings.Fields(part)
			switch {
			case f[0] == "links":
				l.Links = f[1]
			case strings.Contains(f[0], "="):
				feature, values, _ := strings.Cut(f[0], "=")
				l.Features[feature] = strings.FieldsFunc(values, func(r rune) bool { return r == ',' })
			default:
				d := record.Dependency{Name: f[0], Req: strings.ReplaceAll(f[1], "_", " "), Kind: record.Normal, Default: true}
				for _, word := range f[2:] {
					feature, isFeature := strings.CutPrefix(word, "feat=")
					switch {
					case isFeature:
						d.Features = append(d.Features, feature)
					case word == "optional":
						d.Optional = true
					case word == "nodefault":
						d.Default = false
					case word == "dev", word == "build":
						d.Kind = word
					}
				}
				l.Deps = append(l.Deps, d)
			}
		}
		b, err := l.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		s[name] = append(s[name], ecosystem.IndexFile{Name: name + "-" + number + ".crate", Number: number, SHA256: l.Checksum, Record: b, Yanked: yanked})
	}
	return s
}

func (s shop) Index(_ context.Context, p artifact.Package) (*ecosystem.Index, error) {
	if p.Name == "down" {
		return nil, ecosystem.ErrUnreachable
	}
	if s[p.Name] == nil {
		return nil, ecosystem.ErrNoPackage
	}
	return &ecosystem.Index{Package: p, Files: s[p.Name]}, nil
}

func (s shop) Metadata(context.Context, *ecosystem.Index, ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	return ecosystem.Metadata{}, nil, errors.New("nobody asks")
}

func closure(t *testing.T, s shop, file, text string) ([]ecosystem.Resolved, error) {
	t.Helper()
	m, err := manifest.Parse(fstest.MapFS{file: {Data: []byte(text)}}, file)
	if err != nil {
		t.Fatal(err)
	}
	return resolve.Resolve(t.Context(), s, []*ecosystem.Manifest{m})
}

func TestOpen(t *testing.T) {
	for _, tc := range []struct {
		shop []string
		asks string
		want string // or what the conflict says, after "!"
		why  string
	}{
		{[]string{"a 1.0.0", "a 1.2.0", "a 2.0.0"}, `a = "1"`, "a 1.2.0", "the newest that is compatible"},
		{[]string{"a 1.0.0", "a 1.2.0 yanked"}, `a = "1"`, "a 1.0.0", "nothing that was yanked"},
		{[]string{"a 1.0.0", "a 1.1.0-rc"}, `a = ">=1"`, "a 1.0.0", "no pre-release"},
		{[]string{"a 1.0.0;b ^1", "b 1.0.0", "b 2.0.0"}, "a = \"1\"\nb = \"2\"", "a 1.0.0, b 1.0.0, b 2.0.0", "two that are not compatible stand beside one another"},
		{[]string{"a 1.0.0;b ^1", "b 1.0.0", "b 1.5.0"}, "a = \"1\"\nb = \"=1.0.0\"", "a 1.0.0, b 1.0.0", "of those that are, one"},
		{[]string{"a 1.0.0;c ^1", "c 1.0.0;b =1.0.0", "b 1.0.0", "b 1.5.0", "d 1.0.0;b ^1"}, "a = \"1\"\nd = \"1\"", "a 1.0.0, b 1.0.0, c 1.0.0, d 1.0.0", "also where the narrow wish comes last"},
		{[]string{"a 1.0.0;b ^1 optional;c ^1 optional;default=b", "b 1.0.0", "c 1.0.0"}, `a = "1"`, "a 1.0.0, b 1.0.0", "default features"},
		{[]string{"a 1.0.0;b ^1 optional;default=b", "b 1.0.0"}, `a = { version = "1", default-features = false }`, "a 1.0.0", "and without them"},
		{[]string{"a 1.0.0;b ^1 optional;x=dep:b", "b 1.0.0"}, `a = { version = "1", features = ["x"] }`, "a 1.0.0, b 1.0.0", "dep:"},
		{[]string{"a 1.0.0;b ^1;x=b/y", "b 1.0.0;c ^1 optional;y=c", "c 1.0.0"}, `a = { version = "1", features = ["x"] }`, "a 1.0.0, b 1.0.0, c 1.0.0", "a feature of a dependency"},
		{[]string{"a 1.0.0;b ^1 optional;x=b?/y", "b 1.0.0;y="}, `a = { version = "1", features = ["x"] }`, "a 1.0.0, b 1.0.0", "cargo locks what only a weak feature names"},
		{[]string{"a 1.0.0;b ^1 nodefault", "b 1.0.0;c ^1 optional;default=c", "c 1.0.0", "d 1.0.0;b ^1"}, "a = \"1\"\nd = \"1\"", "a 1.0.0, b 1.0.0, c 1.0.0, d 1.0.0", "features of all who ask"},
		{[]string{"a 1.0.0;t ^1 dev;b ^1 build", "t 1.0.0", "b 1.0.0"}, `a = "1"`, "a 1.0.0, b 1.0.0", "what builds it, and not its tests"},
		{[]string{"a 1.0.0;x=", "a 1.1.0"}, `a = { version = "1", features = ["x"] }`, "a 1.0.0", "a version that has the feature"},
		{[]string{"a 1.0.0;links z", "b 1.0.0;links z", "b 0.9.0"}, "a = \"1\"\nb = \">=0.9\"", "a 1.0.0, b 0.9.0", "one crate links a library"},
		{[]string{"a 1.0.0"}, `a = "2"`, "!a 2", "no such version"},
		{[]string{"a 1.0.0;b ^2", "b 1.0.0"}, `a = "1"`, "!a 1.0.0 asks for b ^2", "no such version of a dependency"},
		{[]string{"a 1.0.0;b =1.0.0", "c 1.0.0;b =1.0.1", "b 1.0.0", "b 1.0.1"}, "a = \"1\"\nc = \"1\"", "!does not go together", "two that exclude one another"},
		{[]string{"a 1.0.0;a ^1"}, `a = "1"`, "a 1.0.0", "a circle"},
	} {
		s := newShop(t, tc.shop...)
		rs, err := closure(t, s, "Cargo.toml", "[package]\nname = \"own\"\n[dependencies]\n"+tc.asks+"\n")
		if said, no := strings.CutPrefix(tc.want, "!"); no {
			if c, ok := errors.AsType[*ecosystem.Conflict](err); !ok || !strings.Contains(c.Report, said) || c.At.Line == 0 {
				t.Errorf("%s: %v, %v", tc.why, rs, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		var got []string
		for _, r := range rs {
			got = append(got, r.Version.Package.Name+" "+r.Version.Number)
			if r.Direct != (len(r.Via) == 0) || r.At.Line == 0 || len(r.Files) != 1 {
				t.Errorf("%s: %+v", tc.why, r)
			}
		}
		if text := strings.Join(got, ", "); text != tc.want {
			t.Errorf("%s: %s, want %s", tc.why, text, tc.want)
		}
	}
	if _, err := closure(t, newShop(t, "a 1.0.0;down ^1"), "Cargo.toml", "[dependencies]\na = \"1\"\n"); !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("an index that is down: %v", err)
	}
}

func TestLock(t *testing.T) {
	s := newShop(t, "a 1.0.0;b ^1", "b 1.0.0")
	entry := func(name, number, sum, needs string) string {
		return fmt.Sprintf("[[package]]\nname = %q\nversion = %q\nsource = %q\nchecksum = %q\ndependencies = [%s]\n", name, number, "registry+"+manifest.PublicIndex, sum, needs)
	}
	sum := func(name string) string { return string(s[name][0].SHA256) }
	own := "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\"a\"]\n"
	for _, tc := range []struct {
		lock  string
		rules []string
		why   string
	}{
		{own + entry("a", "1.0.0", sum("a"), `"b"`) + entry("b", "1.0.0", sum("b"), ""), nil, "as the index has it"},
		{own + entry("a", "1.0.0", sum("b"), `"b"`) + entry("b", "1.0.0", sum("b"), ""), []string{resolve.RuleLockHash}, "other bytes"},
		{own + entry("a", "1.0.0", sum("a"), `"b"`) + entry("b", "1.0.1", sum("b"), ""), []string{resolve.RuleLockFile}, "a version that is not there"},
		{own + entry("a", "1.0.0", sum("a"), `"gone"`) + entry("gone", "1.0.0", sum("b"), ""), []string{resolve.RuleLockFile}, "a crate that is not there"},
	} {
		rs, err := closure(t, s, "Cargo.lock", tc.lock)
		if err != nil || len(rs) != 2 {
			t.Errorf("%s: %v, %v", tc.why, rs, err)
			continue
		}
		var rules []string
		for _, r := range rs {
			for _, f := range r.Findings {
				rules = append(rules, f.Rule)
			}
		}
		if !slices.Equal(rules, tc.rules) {
			t.Errorf("%s: %q, want %q", tc.why, rules, tc.rules)
		}
		if !rs[0].Direct || rs[1].Direct || len(rs[1].Via) != 1 || len(rs[0].Needs) != 1 {
			t.Errorf("%s: %+v", tc.why, rs)
		}
	}
}

package secretref

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// canary is searched for in every output; made at run time so that no scanner
// of this repository finds it.
var canary = strings.Repeat("canary-", 3) + "value"

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // past the umask
			t.Fatal(err)
		}
		return path
	}
	private := write("private", canary+"\n", 0o600)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(private, link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GATEHOUSE_TEST_SET", canary)
	t.Setenv("GATEHOUSE_TEST_CRLF", canary+"\r\n")
	t.Setenv("GATEHOUSE_TEST_EMPTY", "")
	t.Setenv("GATEHOUSE_TEST_BREAK", "\n")

	for _, tc := range []struct{ ref, want, err, why string }{
		{"env:GATEHOUSE_TEST_SET", canary, "", "a variable that is set"},
		{"env:GATEHOUSE_TEST_CRLF", canary, "", "one line break is the editor's"},
		{"file:" + private, canary, "", "a file only its owner reads"},
		{"file:" + link, canary, "", "secret mounts are symbolic links"},
		{"file:" + write("two", canary+"\n\n", 0o640), canary + "\n", "", "only one line break goes; the group may read"},
		{"env:GATEHOUSE_TEST_EMPTY", "", "not set or empty", "an empty password is a mistake"},
		{"env:GATEHOUSE_TEST_BREAK", "", "is empty", "a lone line break is empty too"},
		{"env:GATEHOUSE_TEST_UNSET", "", "not set or empty", "names the variable"},
		{"env:", "", "no variable name", "no name"},
		{"env:1ABC", "", "no variable name", "a digit first"},
		{"env:" + canary, "", "no variable name", "a value where a name belongs is not repeated"},
		{"file:relative", "", "absolute", "a relative path would depend on the working directory"},
		{"file:" + filepath.Join(dir, "missing"), "", "no such file", "a file that is not there"},
		{"file:" + dir, "", "not a regular file", "a folder"},
		{"file:" + write("empty", "", 0o600), "", "is empty", "an empty file"},
		{"file:" + write("big", strings.Repeat("x", maxSecret+1), 0o600), "", "longer than", "a cap"},
		{canary, "", "env:NAME or file:/path", "the value itself, pasted"},
		{canary + ":" + canary, "", "unknown scheme", "a pasted value with a colon"},
		{"ssm:/gatehouse/token", "", "env:NAME or file:/path", "an unknown scheme names the known ones"},
		{"", "", "env:NAME or file:/path", "nothing"},
	} {
		got, err := Resolve(context.Background(), tc.ref)
		if tc.err == "" {
			if err != nil || got.Reveal() != tc.want {
				t.Errorf("Resolve(%q) = %q, %v, want %q (%s)", tc.ref, got.Reveal(), err, tc.want, tc.why)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.err) {
			t.Errorf("Resolve(%q): error %v, want one with %q (%s)", tc.ref, err, tc.err, tc.why)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("Resolve(%q): the error shows the value: %v (%s)", tc.ref, err, tc.why)
		}
		if !got.IsZero() {
			t.Errorf("Resolve(%q) gave a value beside its error (%s)", tc.ref, tc.why)
		}
	}
}

func TestWorldReadableFileIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // no such mode bits there; the check is documented as absent
	}
	path := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(path, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Resolve(context.Background(), "file:"+path)
	if err == nil || !strings.Contains(err.Error(), "chmod o-r") {
		t.Fatalf("error %v, want one that says what to run", err)
	}
}

func TestResolveStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Resolve(ctx, "env:PATH"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestSecretNeverShows(t *testing.T) {
	s := New(canary)
	if s.Reveal() != canary {
		t.Fatalf("Reveal() = %q, want %q", s.Reveal(), canary)
	}
	type exported struct{ S Secret }
	type unexported struct{ s Secret }
	outputs := map[string]string{"String": s.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%T"} {
		outputs["Sprintf "+verb] = fmt.Sprintf(verb, s)
		outputs["Sprintf pointer "+verb] = fmt.Sprintf(verb, &s)
		outputs["Sprintf exported "+verb] = fmt.Sprintf(verb, exported{s})
		outputs["Sprintf unexported "+verb] = fmt.Sprintf(verb, unexported{s})
		outputs["Sprintf map "+verb] = fmt.Sprintf(verb, map[string]Secret{"k": s})
	}
	j, err := json.Marshal(map[string]any{"a": s, "b": exported{s}, "c": &s})
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(exported{s})
	if err != nil {
		t.Fatal(err)
	}
	x, err := xml.Marshal(exported{s})
	if err != nil {
		t.Fatal(err)
	}
	outputs["json"], outputs["yaml"], outputs["xml"] = string(j), string(y), string(x)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "s", s, "e", exported{s}, "u", unexported{s})
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "s", s, "e", exported{s}, "u", unexported{s})
	outputs["slog"] = log.String()

	forms := []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)}
	for name, out := range outputs {
		for _, form := range forms {
			if strings.Contains(out, form) {
				t.Errorf("%s shows the value: %s", name, out)
			}
		}
	}
	if !strings.Contains(string(j), hidden) || !strings.Contains(log.String(), hidden) {
		t.Errorf("the placeholder %q is missing: json %s, log %s", hidden, j, log.String())
	}
	if !(Secret{}).IsZero() || (Secret{}).Reveal() != "" || s.IsZero() {
		t.Error("IsZero or the zero Secret is wrong")
	}
}

func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"env:PATH", "file:/dev/null", "file:/", "x:y", "", "env:", "file:../x", "env:A=B\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		s, err := Resolve(context.Background(), ref)
		if (err == nil) == s.IsZero() {
			t.Errorf("Resolve(%q): value present %v, error %v; want exactly one", ref, !s.IsZero(), err)
		}
		scheme, _, _ := strings.Cut(ref, ":")
		if err == nil && scheme != "env" && scheme != "file" {
			t.Errorf("Resolve(%q) accepted an unknown scheme", ref)
		}
	})
}

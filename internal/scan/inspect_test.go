package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/archive"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/jobs"
	"github.com/gatehouse-project/gatehouse/internal/sandbox"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
)

// What the gate asks of an Inspector; scan itself must not know the gate.
var _ interface {
	Inspect(context.Context, artifact.File, ecosystem.IndexFile, []byte) (scan.Report, error)
	Revision() string
} = (*scan.Inspector)(nil)

// The test binary is its own worker: it knows the scanner below.
func TestMain(m *testing.M) {
	sandbox.MaybeWorker(scan.Tasks([]scan.FileScanner{oddScanner{}}))
	os.Exit(m.Run())
}

// oddScanner does what the archive's file names say, to stand for scanners that
// fail on hostile content.
type oddScanner struct{}

func (oddScanner) Name() string                      { return "odd" }
func (oddScanner) Revision() string                  { return "7" }
func (oddScanner) Begin(t scan.FileTarget) scan.Pass { return &oddPass{target: t} }

type oddPass struct{ target scan.FileTarget }

func (p *oddPass) Entry(e scan.Entry) []finding.Finding {
	switch filepath.Base(e.Path) {
	case "panic":
		panic("a scanner broke")
	case "sleep":
		time.Sleep(time.Hour)
	case "many":
		return make([]finding.Finding, 5000)
	case "seen":
		return []finding.Finding{{Rule: "seen", Class: finding.Honesty, Path: e.Path + "\u202e", Text: string(e.Body)}}
	}
	return nil
}

func (p *oddPass) End() []finding.Finding {
	return []finding.Finding{{Rule: "end", Class: finding.Honesty, Text: p.target.RequiresPython + string(p.target.IndexMetadata)}}
}

// put writes bytes to where an Inspector's open finds them.
type put struct{ dir string }

func (s put) file(t *testing.T, name string, b []byte) artifact.File {
	t.Helper()
	f := artifact.File{Name: name, SHA256: artifact.DigestOf(b), Size: int64(len(b))}
	if err := os.WriteFile(filepath.Join(s.dir, string(f.SHA256)), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func (s put) open(_ context.Context, d artifact.Digest) (*os.File, error) {
	return os.Open(filepath.Join(s.dir, string(d)))
}

func inspector(s put, lim sandbox.Limits) *scan.Inspector {
	return scan.NewInspector(s.open, []scan.FileScanner{oddScanner{}}, 2, lim)
}

func rules(r scan.Report) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Rule+":"+string(f.Class))
	}
	return strings.Join(out, " ")
}

func wheel(t *testing.T, names ...string) []byte {
	files := map[string]string{}
	for _, n := range names {
		files[n] = "content of " + n
	}
	return scantest.Wheel{Name: "demo", Version: "1.0", Files: files}.Build(t)
}

const wheelName = "demo-1.0-py3-none-any.whl"

func TestInspectorReports(t *testing.T) {
	s := put{t.TempDir()}
	i := inspector(s, sandbox.Limits{})
	f := s.file(t, wheelName, wheel(t, "seen"))
	r, err := i.Inspect(t.Context(), f, ecosystem.IndexFile{RequiresPython: ">=3"}, []byte("served"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := rules(r), "seen:honesty end:honesty"; got != want {
		t.Fatalf("found %q, want %q", got, want)
	}
	if r.Findings[0].Text != "content of seen" || r.Findings[0].Path != "seen\ufffd" || r.Findings[1].Text != ">=3served" {
		t.Errorf("findings %+v", r.Findings)
	}
	if r.Entries != 4 || r.Unpacked == 0 || strings.Join(r.Scanners, " ") != "odd@7" || !strings.HasSuffix(i.Revision(), " odd@7") {
		t.Errorf("report %+v, revision %q", r, i.Revision())
	}
}

func TestWhatGoesWrongIsAFinding(t *testing.T) {
	s := put{t.TempDir()}
	changed := s.file(t, wheelName, wheel(t, "original"))
	if err := os.WriteFile(filepath.Join(s.dir, string(changed.SHA256)), wheel(t, "exchanged"), 0o600); err != nil {
		t.Fatal(err)
	}
	twice := append(wheel(t, "a"), wheel(t, "b")...)
	for _, tc := range []struct {
		name string
		file artifact.File
		lim  sandbox.Limits
		want string
		text string
		why  string
	}{
		{"crash", s.file(t, wheelName, wheel(t, "panic")), sandbox.Limits{}, "archive-unreadable:fault", "a scanner broke", "a crash holds"},
		{"time-out", s.file(t, wheelName, wheel(t, "sleep")), sandbox.Limits{Wall: 300 * time.Millisecond}, "archive-unreadable:fault", "too long", "a hang holds"},
		{"output", s.file(t, wheelName, wheel(t, "seen", "more")), sandbox.Limits{Output: 100}, "archive-unreadable:fault", "too much", "a flood holds"},
		{"not an archive", s.file(t, wheelName, []byte("text")), sandbox.Limits{}, "archive-unreadable:fault", "not a zip", "what cannot be read holds"},
		{"unknown format", s.file(t, "demo-1.0.tar.xz", []byte("text")), sandbox.Limits{}, "archive-unreadable:fault", "not an archive format", "what cannot be read holds"},
		{"other bytes", changed, sandbox.Limits{}, "archive-unreadable:fault", "stored bytes changed", "evidence is for these bytes only"},
		{"hostile", s.file(t, wheelName, twice), sandbox.Limits{}, "archive-unsafe:integrity", "", "hostile structure rejects"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := inspector(s, tc.lim).Inspect(t.Context(), tc.file, ecosystem.IndexFile{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := rules(r); got != tc.want || !strings.Contains(r.Findings[0].Text, tc.text) {
				t.Errorf("found %q %+v, want %q with %q (%s)", got, r.Findings, tc.want, tc.text, tc.why)
			}
		})
	}
}

func TestTooManyFindings(t *testing.T) {
	b := wheel(t, "many")
	r := scan.Inspect(bytes.NewReader(b), int64(len(b)), scan.FileTarget{File: artifact.File{Name: wheelName, SHA256: artifact.DigestOf(b)}}, []scan.FileScanner{oddScanner{}}, archive.Limits{})
	if n := len(r.Findings); n != 2001 || r.Findings[n-1].Rule != scan.RuleUnreadable || r.Findings[n-1].Class != finding.Fault {
		t.Errorf("%d findings, the last %+v: what was left out must hold", n, r.Findings[n-1])
	}
}

func TestTooLargeIsAFaultNotHostile(t *testing.T) {
	b := wheel(t, "a", "b")
	r := scan.Inspect(bytes.NewReader(b), int64(len(b)), scan.FileTarget{File: artifact.File{Name: wheelName, SHA256: artifact.DigestOf(b)}}, nil, archive.Limits{Entries: 2})
	if got := rules(r); got != "archive-unreadable:fault" {
		t.Errorf("found %q: an honest archive may be large", got)
	}
}

func TestFaultsOfThisMachineAreErrors(t *testing.T) {
	s := put{t.TempDir()}
	i := inspector(s, sandbox.Limits{})
	if _, err := i.Inspect(t.Context(), artifact.File{Name: wheelName, SHA256: artifact.DigestOf(nil)}, ecosystem.IndexFile{}, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing blob: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := i.Inspect(ctx, s.file(t, wheelName, wheel(t, "sleep")), ecosystem.IndexFile{}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an end of the caller: %v", err)
	}
}

func TestWorkersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entered, leave := make(chan struct{}, 10), make(chan struct{})
		open := func(context.Context, artifact.Digest) (*os.File, error) {
			entered <- struct{}{}
			<-leave
			return nil, fs.ErrNotExist
		}
		i := scan.NewInspector(open, nil, 2, sandbox.Limits{})
		for range 5 {
			go i.Inspect(t.Context(), artifact.File{}, ecosystem.IndexFile{}, nil)
		}
		synctest.Wait()
		if len(entered) != 2 {
			t.Errorf("%d archives are open at once, want 2", len(entered))
		}
		close(leave)
		synctest.Wait()
		if len(entered) != 5 {
			t.Errorf("%d archives were opened in the end, want 5", len(entered))
		}
	})
}

// TestInstallsGoFirst: who waits with a connection open is served before what
// nobody waits for, however long that has been there.
func TestInstallsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		order, leave := make(chan string, 10), make(chan struct{})
		open := func(ctx context.Context, d artifact.Digest) (*os.File, error) {
			order <- string(d)
			<-leave
			return nil, fs.ErrNotExist
		}
		i := scan.NewInspector(open, nil, 1, sandbox.Limits{})
		go i.Inspect(jobs.WithPriority(t.Context(), jobs.Background), artifact.File{SHA256: "first"}, ecosystem.IndexFile{}, nil)
		synctest.Wait()
		for _, p := range []jobs.Priority{jobs.Background, jobs.Routine, jobs.Install} {
			go i.Inspect(jobs.WithPriority(t.Context(), p), artifact.File{SHA256: artifact.Digest(fmt.Sprint(p))}, ecosystem.IndexFile{}, nil)
			synctest.Wait()
		}
		close(leave)
		synctest.Wait()
		close(order)
		var got []string
		for name := range order {
			got = append(got, name)
		}
		if want := fmt.Sprint([]any{"first", jobs.Install, jobs.Routine, jobs.Background}); fmt.Sprint(got) != want {
			t.Errorf("opened in the order %v, want %v", got, want)
		}
	})
}

// inspectWheel inspects a wheel with these files in the test's own process.
func inspectWheel(t *testing.T, files map[string]string, scanners ...scan.FileScanner) scan.Report {
	t.Helper()
	b := scantest.Wheel{Name: "demo", Version: "1.0", Files: files}.Build(t)
	f := artifact.File{Name: wheelName, SHA256: artifact.DigestOf(b)}
	return scan.Inspect(bytes.NewReader(b), int64(len(b)), scan.FileTarget{File: f}, scanners, archive.Limits{})
}

// TestArchivesInsideAreFindings: nothing unpacks what lies in a package when it is
// installed, so it is never an integrity fact, and never silence.
func TestArchivesInsideAreFindings(t *testing.T) {
	climbs := string(scantest.Zip(t, scantest.File{Path: "../x", Content: "x"}))
	xz := "\xfd7zXZ\x00 and so on"
	deep := string(scantest.Zip(t, scantest.File{Path: "a", Content: "x"}))
	for range archive.UsualNested {
		deep = string(scantest.Zip(t, scantest.File{Path: "in.zip", Content: deep}))
	}
	for _, tc := range []struct {
		path, content string
		want          finding.Severity
		at            string
		why           string
	}{
		{"data.zip", climbs, finding.High, "data.zip!../x", "its structure hides something"},
		{"demo/logo.png", climbs, finding.High, "demo/logo.png!../x", "whatever it is called"},
		{"data.gz", "\x1f\x8b\x08 and then nothing", finding.High, "data.gz", "cut, or not for our eyes"},
		{"data.xz", xz, finding.Medium, "data.xz", "an ordinary format that is not read here"},
		{"deep.zip", deep, finding.High, "deep.zip!in.zip!in.zip!in.zip", "nobody packs so deep without a reason"},
		{"demo/tests/data.zip", climbs, finding.None, "demo/tests/data.zip!../x", "tests need broken archives"},
		{"demo/Fixtures/cut.gz", "\x1f\x8b\x08", finding.None, "demo/Fixtures/cut.gz", "tests need broken archives"},
		{"demo/test cases/data.zip", climbs, finding.None, "demo/test cases/data.zip!../x", "as meson calls them"},
		{"tests", climbs, finding.High, "tests!../x", "a file of that name is no folder for tests"},
		{"demo/contest/data.zip", climbs, finding.High, "demo/contest/data.zip!../x", "a whole word counts"},
	} {
		r := inspectWheel(t, map[string]string{tc.path: tc.content})
		if len(r.Findings) != 1 {
			t.Errorf("%s: %+v, want one finding (%s)", tc.path, r.Findings, tc.why)
			continue
		}
		f := r.Findings[0]
		if f.Rule != scan.RuleInside || f.Class != finding.Honesty || f.Severity != tc.want || f.Path != tc.at || !strings.Contains(f.Text, "archive "+tc.path) {
			t.Errorf("%s: %+v, want severity %s at %s (%s)", tc.path, f, tc.want, tc.at, tc.why)
		}
	}
}

func TestManyArchivesInsideAreCounted(t *testing.T) {
	files := map[string]string{}
	for n := range 30 {
		files[fmt.Sprintf("%d.xz", n)] = "\xfd7zXZ\x00"
	}
	files["zz.zip"] = string(scantest.Zip(t, scantest.File{Path: "../x"}))
	r := inspectWheel(t, files)
	if len(r.Findings) != 22 {
		t.Fatalf("%d findings, want 20, one that counts the rest, and the one that is worse", len(r.Findings))
	}
	if last := r.Findings[21]; last.Severity != finding.Medium || !strings.HasPrefix(last.Text, "10 more") {
		t.Errorf("the last is %+v", last)
	}
	if worse := r.Findings[20]; worse.Severity != finding.High {
		t.Errorf("before it %+v", worse)
	}
}

func TestEntriesInsideSayWhereTheyLie(t *testing.T) {
	s := &againScanner{}
	r := inspectWheel(t, map[string]string{"in.zip": string(scantest.Zip(t, scantest.File{Path: "a.py", Content: "inert"}))}, s)
	if got := s.first["in.zip!a.py"]; got != "inert inside in.zip" {
		t.Errorf("shown as %q", got)
	}
	if got := s.first["in.zip"]; !strings.HasSuffix(got, " inside ") {
		t.Errorf("the archive itself is shown as %.100q", got)
	}
	if r.Entries != 5 {
		t.Errorf("%d entries are counted, want the one inside as well", r.Entries)
	}
}

// againScanner asks for some entries again.
type againScanner struct {
	wants []string
	first map[string]string // path to content and where it lies
	again []string          // path, content
	fails bool
}

func (s *againScanner) Name() string                    { return "again" }
func (s *againScanner) Revision() string                { return "1" }
func (s *againScanner) Begin(scan.FileTarget) scan.Pass { s.first = map[string]string{}; return s }
func (s *againScanner) Wants(path string) bool          { return slices.Contains(s.wants, path) }

func (s *againScanner) Entry(e scan.Entry) []finding.Finding {
	s.first[e.Path] = string(e.Body) + " inside " + e.Inside
	return nil
}

func (s *againScanner) Again(e scan.Entry) []finding.Finding {
	s.again = append(s.again, e.Path, string(e.Body))
	if s.fails {
		return make([]finding.Finding, 5000)
	}
	return []finding.Finding{{Rule: "again", Class: finding.Honesty, Path: e.Path}}
}

func (s *againScanner) End() []finding.Finding {
	return []finding.Finding{{Rule: "end", Class: finding.Honesty, Text: strings.Join(s.again, " ")}}
}

func TestEntriesAreShownAgain(t *testing.T) {
	files := map[string]string{"a.txt": "of a", "b.py": "of b", "in.zip": string(scantest.Zip(t, scantest.File{Path: "c.txt", Content: "of c"}))}
	for _, tc := range []struct {
		wants []string
		want  string
		why   string
	}{
		{nil, "", "nobody asks"},
		{[]string{"not there"}, "", "there is no such entry"},
		{[]string{"b.py", "a.txt"}, "a.txt of a b.py of b", "in the order of the archive"},
		{[]string{"in.zip!c.txt"}, "in.zip!c.txt of c", "in an archive inside as well"},
	} {
		r := inspectWheel(t, files, &againScanner{wants: tc.wants})
		last := r.Findings[len(r.Findings)-1]
		if last.Rule != "end" || last.Text != tc.want || len(r.Findings) != 1+len(strings.Fields(tc.want))/3 {
			t.Errorf("%+v, want %q before the end (%s)", r.Findings, tc.want, tc.why)
		}
	}
	r := inspectWheel(t, files, &againScanner{wants: []string{"a.txt"}, fails: true})
	if last := r.Findings[len(r.Findings)-1]; last.Class != finding.Fault {
		t.Errorf("too much to say in the second walk ends in %+v", last)
	}
	two := []scan.FileScanner{&againScanner{wants: []string{"a.txt"}}, &againScanner{wants: []string{"b.py"}}}
	r = inspectWheel(t, files, two...)
	if got := rules(r); got != "again:honesty again:honesty end:honesty end:honesty" {
		t.Errorf("two scanners, each its own: %s", got)
	}
}

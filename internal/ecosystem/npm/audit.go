package npm

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// The questions of npm audit and its kin, answered from the decisions that serve and
// refuse the very versions, so that an audit and an install agree: what was waived
// here is left out, and nobody outside is asked about a version. Clients send all
// packages of a tree at once, in one of two shapes: names with versions (npm, bun,
// yarn), or the tree of an old lock (pnpm, old npm).

// Limits of a question.
const (
	maxAuditSent  = 8 << 20  // bytes as sent
	maxAuditBody  = 64 << 20 // as unpacked
	maxAudited    = 20_000   // versions
	maxAuditPaths = 10       // paths named for one version
	auditAtOnce   = 8        // versions that are looked up at once
)

// asked is the versions of a question, each with where it stands in the tree.
type asked map[artifact.Version][]string

// errTooMany says that a question is too large.
var errTooMany = fmt.Errorf("ask about at most %d versions at once", maxAudited)

func (a asked) add(n, number, path string) error {
	if !name.Valid(n) || number == "" || len(number) > 256 {
		return nil // a link, a folder, a git address: none of a registry's
	}
	v := artifact.Version{Package: npmPackage(n), Number: number}
	have, known := a[v]
	if !known && len(a) == maxAudited {
		return errTooMany
	}
	if len(have) < maxAuditPaths && path != "" && !slices.Contains(have, path) {
		have = append(have, path)
	}
	a[v] = have
	return nil
}

// answerBulk answers POST /-/npm/v1/security/advisories/bulk: {"name": ["1.0.0"]}.
func (h *Handler) answerBulk(w http.ResponseWriter, r *http.Request) {
	h.audit(w, r, readBulk, func(_ asked, known []affected) any {
		out := map[string][]bulkAdvisory{}
		for _, a := range merge(known) {
			out[a.pkg] = append(out[a.pkg], bulkAdvisory{
				ID: a.number(), URL: a.URL, Title: a.title(), Severity: word(a.Severity), Vulnerable: a.vulnerable(), CWE: []string{}, CVSS: cvss{},
			})
		}
		return out
	})
}

// answerAudit answers POST /-/npm/v1/security/audits and audits/quick.
func (h *Handler) answerAudit(w http.ResponseWriter, r *http.Request) {
	h.audit(w, r, readTree, func(all asked, known []affected) any { return reportOf(all, known) })
}

// audit reads a question, looks up every version of it and answers.
func (h *Handler) audit(w http.ResponseWriter, r *http.Request, read func(*packument.Cursor, asked) error, reply func(asked, []affected) any) {
	all := asked{}
	if err := readQuestion(w, r, func(c *packument.Cursor) error { return read(c, all) }); err != nil {
		answer.Drain(r)
		h.say(w, r, http.StatusBadRequest, "this is no question of an audit: "+err.Error())
		return
	}
	known, err := h.lookUp(r.Context(), all)
	if err != nil {
		h.refuse(w, r, "answer audit", err)
		return
	}
	h.data(w, r, reply(all, known))
}

// readQuestion unpacks a body and reads it as JSON.
func readQuestion(w http.ResponseWriter, r *http.Request, read func(*packument.Cursor) error) error {
	var body io.Reader = http.MaxBytesReader(w, r.Body, maxAuditSent)
	switch e := r.Header.Get("Content-Encoding"); e {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return errors.New("its gzip cannot be read")
		}
		defer z.Close()
		body = z
	default:
		return errors.New("send it plain or with gzip")
	}
	b, err := io.ReadAll(io.LimitReader(body, maxAuditBody+1))
	switch {
	case err != nil:
		return errors.New("it cannot be read to its end")
	case len(b) > maxAuditBody:
		return fmt.Errorf("it has more than %d bytes", maxAuditBody)
	}
	c := packument.NewCursor(b)
	if err := read(c); err != nil {
		return err
	}
	return c.End()
}

func readBulk(c *packument.Cursor, all asked) error {
	return c.Object(func(n string) error {
		if c.Is() != '[' {
			return nil
		}
		return c.Array(func() error {
			number, ok, err := c.Text()
			if err != nil || !ok {
				return err
			}
			return all.add(n, number, "")
		})
	})
}

// readTree reads {"dependencies": {"name": {"version", "dependencies": …}}}. pnpm
// writes a project of a workspace as a member without a version of a registry.
func readTree(c *packument.Cursor, all asked) error { return readNode(c, all, "", "") }

func readNode(c *packument.Cursor, all asked, n, path string) error {
	number := ""
	err := c.Object(func(key string) (err error) {
		switch {
		case key == "version" && n != "":
			number, _, err = c.Text()
		case key == "dependencies" && c.Is() == '{':
			err = c.Object(func(below string) error {
				if c.Is() != '{' {
					return nil
				}
				return readNode(c, all, below, strings.TrimPrefix(path+">"+below, ">"))
			})
		}
		return err
	})
	if err != nil || n == "" {
		return err
	}
	return all.add(n, number, path)
}

// affected is a version with one record that covers it.
type affected struct {
	artifact.Version
	ecosystem.Vulnerability
}

// lookUp says what is known against the versions, in their order. What cannot be
// told of one of them is an error: an audit that leaves it out would call it clean.
func (h *Handler) lookUp(ctx context.Context, all asked) ([]affected, error) {
	versions := slices.SortedFunc(maps.Keys(all), func(a, b artifact.Version) int {
		if c := strings.Compare(a.Package.Name, b.Package.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Number, b.Number)
	})
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	found := make([][]affected, len(versions))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(auditAtOnce, len(versions)) {
		wg.Go(func() {
			for i := range next {
				known, err := h.shelf.Vulnerabilities(ctx, versions[i])
				if err != nil {
					cancel(fmt.Errorf("looking up %s: %w", versions[i], err))
				}
				for _, k := range known {
					found[i] = append(found[i], affected{versions[i], k})
				}
			}
		})
	}
feeding:
	for i := range versions {
		select {
		case next <- i:
		case <-ctx.Done():
			break feeding
		}
	}
	close(next)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

// advisory is one record against a package, with the versions asked about that it
// covers.
type advisory struct {
	ecosystem.Vulnerability
	pkg      string
	versions []string
}

// merge puts the versions of one record together, in the order of known.
func merge(known []affected) []advisory {
	var out []advisory
	for _, k := range known {
		i := slices.IndexFunc(out, func(a advisory) bool { return a.pkg == k.Package.Name && a.ID == k.ID })
		if i < 0 {
			i = len(out)
			out = append(out, advisory{Vulnerability: k.Vulnerability, pkg: k.Package.Name})
		}
		out[i].versions = append(out[i].versions, k.Number)
	}
	return out
}

// number is the record's id as a number, which yarn, pnpm and bun sort and print.
func (a advisory) number() uint32 {
	sum := fnv.New32a()
	_, _ = io.WriteString(sum, a.ID+" "+a.pkg)
	return sum.Sum32() >> 1
}

func (a advisory) title() string {
	return artifact.Untrusted(a.ID).String() + ": " + a.Text.String()
}

// vulnerable is the range that clients hold other versions against, when they look
// for one that is better: from the affected version up to the first fix that is
// published above it.
func (a advisory) vulnerable() string {
	var parts []string
	for _, v := range a.versions {
		part := ">=" + v
		for _, fixed := range a.Fixed {
			if above(fixed, v) {
				part += " <" + fixed
				break
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " || ")
}

// above says whether a version comes after another one; what is no version does not.
func above(a, b string) bool {
	va, errA := semver.Parse(a)
	vb, errB := semver.Parse(b)
	return errA == nil && errB == nil && semver.Compare(va, vb) > 0
}

// fix is the first version that holds a fix for all the versions; "" for none.
func (a advisory) fix() string {
	for _, fixed := range a.Fixed {
		if !slices.ContainsFunc(a.versions, func(v string) bool { return !above(fixed, v) }) {
			return fixed
		}
	}
	return ""
}

// patched is the range of what is not affected any more; one that holds nothing
// where there is no fix.
func (a advisory) patched() string {
	if fix := a.fix(); fix != "" {
		return ">=" + fix
	}
	return "<0.0.0"
}

// word is a severity as npm spells it. One that is not known counts as high.
func word(s finding.Severity) string {
	switch s {
	case finding.None:
		return "info"
	case finding.Low:
		return "low"
	case finding.Medium:
		return "moderate"
	case finding.Critical:
		return "critical"
	}
	return "high"
}

// bulkAdvisory is one record as the bulk endpoint gives it.
type bulkAdvisory struct {
	ID         uint32   `json:"id"`
	URL        string   `json:"url"`
	Title      string   `json:"title"`
	Severity   string   `json:"severity"`
	Vulnerable string   `json:"vulnerable_versions"`
	CWE        []string `json:"cwe"`
	CVSS       cvss     `json:"cvss"`
}

type cvss struct {
	Score  float64 `json:"score"`
	Vector *string `json:"vectorString"`
}

// report is the answer of the older endpoints.
type report struct {
	Actions    []struct{}                `json:"actions"`
	Advisories map[string]reportAdvisory `json:"advisories"`
	Muted      []struct{}                `json:"muted"`
	Metadata   reportCounts              `json:"metadata"`
}

type reportAdvisory struct {
	ID             uint32          `json:"id"`
	Findings       []reportFinding `json:"findings"`
	Title          string          `json:"title"`
	ModuleName     string          `json:"module_name"`
	CVEs           []string        `json:"cves"`
	GHSA           string          `json:"github_advisory_id,omitempty"`
	Vulnerable     string          `json:"vulnerable_versions"`
	Patched        string          `json:"patched_versions"`
	Overview       string          `json:"overview"`
	Recommendation string          `json:"recommendation"`
	Severity       string          `json:"severity"`
	CWE            []string        `json:"cwe"`
	CVSS           cvss            `json:"cvss"`
	URL            string          `json:"url"`
}

type reportFinding struct {
	Version string   `json:"version"`
	Paths   []string `json:"paths"`
}

type reportCounts struct {
	Vulnerabilities map[string]int `json:"vulnerabilities"`
	Dependencies    int            `json:"dependencies"`
	Development     int            `json:"devDependencies"`
	Optional        int            `json:"optionalDependencies"`
	Total           int            `json:"totalDependencies"`
}

func reportOf(all asked, known []affected) report {
	out := report{Actions: []struct{}{}, Muted: []struct{}{}, Advisories: map[string]reportAdvisory{}, Metadata: reportCounts{
		Vulnerabilities: map[string]int{"info": 0, "low": 0, "moderate": 0, "high": 0, "critical": 0}, Dependencies: len(all), Total: len(all),
	}}
	for _, a := range merge(known) {
		r := reportAdvisory{
			ID: a.number(), Title: a.title(), ModuleName: a.pkg, CVEs: []string{}, Vulnerable: a.vulnerable(), Patched: a.patched(),
			Overview: a.Text.String(), Recommendation: recommendation(a), Severity: word(a.Severity), CWE: []string{}, URL: a.URL,
		}
		for _, id := range append([]string{a.ID}, a.Aliases...) {
			switch id = artifact.Untrusted(id).String(); {
			case strings.HasPrefix(id, "CVE-"):
				r.CVEs = append(r.CVEs, id)
			case strings.HasPrefix(id, "GHSA-") && r.GHSA == "":
				r.GHSA = id
			}
		}
		for _, number := range a.versions {
			v := artifact.Version{Package: npmPackage(a.pkg), Number: number}
			paths := all[v]
			if paths == nil {
				paths = []string{a.pkg}
			}
			r.Findings = append(r.Findings, reportFinding{number, paths})
			out.Metadata.Vulnerabilities[r.Severity]++
		}
		out.Advisories[fmt.Sprint(r.ID)] = r
	}
	return out
}

func recommendation(a advisory) string {
	if fix := a.fix(); fix != "" {
		return "take version " + artifact.Untrusted(fix).String() + " or later"
	}
	return "no version with a fix is known; see " + a.URL
}

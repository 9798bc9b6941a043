package honesty

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// Summary is what is compared of one archive: the Python files of a report.
type Summary struct {
	File    string                     // the archive's name
	Sources map[string]artifact.Digest // scan.Report.Sources
	Partial bool                       // scan.Report.SourcesPartial
}

// WheelAgainstSdist compares the Python files of a wheel with those of the
// sdist of the same version. A file of the wheel is looked for in the sdist at
// its own path and below any folder (src/, lib/, a subproject). Files that
// builds write (a version module, generated protocol code) do differ honestly
// and are told at a lower severity. An sdist of which only a part is known is
// not compared: the rest may be there.
func WheelAgainstSdist(wheel, sdist Summary) []finding.Finding {
	if sdist.Partial || len(sdist.Sources) == 0 {
		return nil
	}
	places := map[string][]string{} // by base name, to find suffixes without comparing all with all
	for _, p := range slices.Sorted(maps.Keys(sdist.Sources)) {
		places[path.Base(p)] = append(places[path.Base(p)], p)
	}
	c := comparison{wheel: wheel, sdist: sdist}
	for _, p := range slices.Sorted(maps.Keys(wheel.Sources)) {
		c.compare(p, places[path.Base(p)])
	}
	return c.findings()
}

type comparison struct {
	wheel, sdist Summary
	differ, only []string
}

func (c *comparison) compare(p string, candidates []string) {
	found := false
	for _, q := range candidates {
		if q != p && !strings.HasSuffix(q, "/"+p) {
			continue
		}
		if c.sdist.Sources[q] == c.wheel.Sources[p] {
			return
		}
		found = true
	}
	if found {
		c.differ = append(c.differ, p)
	} else {
		c.only = append(c.only, p)
	}
}

func (c *comparison) findings() []finding.Finding {
	var out []finding.Finding
	add := func(paths []string, severity finding.Severity, what, whatMany string) {
		for i, p := range paths {
			f := finding.Finding{Rule: RuleSourceMismatch, Class: finding.Honesty, Severity: severity, Path: safe(p),
				Text: fmt.Sprintf("%s of %s %s %s", safe(p), safe(c.wheel.File), what, safe(c.sdist.File))}
			if generated(p) {
				f.Severity = finding.Low
			}
			if i == mostOfRule {
				f.Path, f.Severity = "", severity
				f.Text = fmt.Sprintf("%d more files of %s %s %s", len(paths)-i, safe(c.wheel.File), whatMany, safe(c.sdist.File))
				out = append(out, f)
				return
			}
			out = append(out, f)
		}
	}
	add(c.differ, finding.Medium, "is not the same file as in", "are not the same files as in")
	add(c.only, finding.Low, "is not in", "are not in")
	return out
}

// generated says whether builds commonly write a file of that name.
func generated(p string) bool {
	name := path.Base(p)
	switch name {
	case "_version.py", "version.py", "__version__.py", "__about__.py", "__config__.py":
		return true
	}
	return strings.HasSuffix(name, "_pb2.py") || strings.HasSuffix(name, "_pb2_grpc.py")
}

// Grace is how long after a version's first file another may come without being
// told of. Release jobs upload the files of all platforms one after the other
// and are started again when one fails; a day covers that. A wheel that comes
// weeks later was built by somebody who had the chance to change it after
// everybody looked at the version.
const Grace = 24 * time.Hour

// LateFiles reports the files of one version that came more than Grace after
// its first. Files without a date are not told of here: their age cannot be
// known, and that holds by itself.
func LateFiles(files []ecosystem.IndexFile) []finding.Finding {
	var first time.Time
	for _, f := range files {
		if !f.Uploaded.IsZero() && (first.IsZero() || f.Uploaded.Before(first)) {
			first = f.Uploaded
		}
	}
	var out []finding.Finding
	for _, f := range files {
		if f.Uploaded.IsZero() {
			continue
		}
		if late := f.Uploaded.Sub(first); late > Grace {
			out = append(out, finding.Finding{Rule: RuleAddedLater, Class: finding.Honesty, Severity: finding.Medium, Path: safe(f.Name),
				Text: fmt.Sprintf("%s was added %d days after the first file of its version", safe(f.Name), int(late/(24*time.Hour)))})
		}
	}
	return out
}

package report_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/report"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// sample is a report as a real project gets one: an old Django with 28
// advisories, a young package that waits, something bad deep in the closure, a
// waiver, notes, and two hundred versions in five levels.
func sample() report.Report {
	manifest := []string{
		"# what the shop needs", "--index-url https://deploy:" + "hunter2@packages.example.invalid/simple?key=abc", "Django==2.2.0", "celery[redis]>=5.3,<6", "left-pad==1.4.0",
		"requests==2.32.3", "# numbers", "pandas==2.2.2", "numpy==1.26.4", "oldtool==0.9", "", "gunicorn==22.0.0", "whitenoise==6.7.0",
	}
	until := time.Date(2026, 5, 6, 9, 0, 0, 0, time.UTC)
	titles := []string{
		"SQL injection through a delimiter of StringAgg", "Account hijack through the password reset form", "Denial of service in strip_tags()", "Directory traversal through archive.extract()",
		"Cross-site scripting in the admin's URL widget", "Memory exhaustion in django.utils.encoding.uri_to_iri()", "Header injection in URLValidator on newer Pythons",
	}
	levels := []finding.Severity{finding.Critical, finding.Critical, finding.Critical, finding.High, finding.High, finding.High, finding.High, finding.High, finding.High, finding.High, finding.High, finding.Unknown, finding.Unknown}
	var rs []verdict.Reason
	for i := range 28 {
		s := finding.Medium
		if i < len(levels) {
			s = levels[i]
		}
		rs = append(rs, verdict.Reason{
			Rule: "vulnerability-fixed", Class: finding.Vulnerability, Effect: verdict.EffectReject, Severity: s,
			IDs: []string{fmt.Sprintf("PYSEC-2020-%d", 31+i), fmt.Sprintf("CVE-2020-%d", 7471+i)}, Fixed: []string{"2.2.28", "3.0.14"}[:1+i%2],
			Text: titles[i%len(titles)], Remedy: "Take a fixed version.", Source: "known-vulnerability", File: reqs, Line: 3,
		})
	}
	django := version("django", "2.2", 3, rs...)
	django.Asked, django.Decision = "Django==2.2.0", "8f3ac0ffee12"
	django.Remedy = &verdict.Remedy{File: reqs, Line: 3, Old: "Django==2.2.0", New: "Django==2.2.28", Spec: "==2.2.28", Text: "change to: Django==2.2.28", Command: "gatehouse admit --fix requirements.txt", Proved: true}
	django.Files = []verdict.FileOutcome{{Name: "Django-2.2-py3-none-any.whl", Verdict: verdict.Reject, Decision: "8f3ac0ffee12"}}

	padded := version("left-pad", "1.4.0", 5, young())
	padded.Until, padded.Decision = &until, "1e2d3c4b5a69"

	bad := below(version("libtransitive", "0.3.1", 4, verdict.Reason{
		Rule: "known-malware", Class: finding.Malware, Effect: verdict.EffectReject, IDs: []string{"MAL-2026-1187"}, Severity: finding.Critical,
		Text: "libtransitive 0.3.1 is known malware (MAL-2026-1187)", Remedy: "Do not install it. If it is in use anywhere, treat those machines' secrets as stolen and rotate them.", Source: "known-malware", File: reqs, Line: 4,
	}), "celery[redis]>=5.3,<6", "pkg:pypi/celery", "pkg:pypi/kombu", "pkg:pypi/vine", "pkg:pypi/deepdep")
	bad.Decision = "77aa00bb11cc"

	lapsed := version("oldtool", "0.9", 10,
		verdict.Reason{Rule: "vulnerability-fixed", Class: finding.Vulnerability, Effect: verdict.EffectNote, IDs: []string{"GHSA-1234-5678-9abc"}, Fixed: []string{"1.0"}, Severity: finding.High, Waiver: "w4k2m9xq71pz", Until: until,
			Text: "oldtool mishandles long headers (waived until 2026-05-06 by ann: not reachable from outside)", File: reqs, Line: 10},
		verdict.Reason{Rule: "licence-unknown", Class: finding.Licence, Effect: verdict.EffectNote, Severity: finding.Low, Text: "its licence is given in words that are no SPDX expression", File: reqs, Line: 10})
	lapsed.Licence = "Do what you like, but be kind"

	vs := []verdict.VersionOutcome{django, bad, padded}
	add := func(name, number string, line int, via ...string) {
		v := version(name, number, line)
		v.Asked = manifest[line-1]
		if len(via) > 0 {
			v = below(v, v.Asked, via...)
		}
		v.New = len(vs)%4 != 0
		v.Licence = []string{"MIT", "BSD-3-Clause", "Apache-2.0 OR MIT", ""}[len(vs)%4]
		v.Decision = string(artifact.DigestOf([]byte(name))[:12])
		v.Files = []verdict.FileOutcome{{Name: strings.ReplaceAll(name, "-", "_") + "-" + number + "-py3-none-any.whl", SHA256: artifact.DigestOf([]byte(name)), Size: 51234, Verdict: verdict.Admit, Decision: v.Decision}}
		vs = append(vs, v)
	}
	add("celery", "5.4.0", 4)
	add("kombu", "5.3.7", 4, "pkg:pypi/celery")
	add("vine", "5.1.0", 4, "pkg:pypi/celery", "pkg:pypi/kombu")
	add("deepdep", "1.2.0", 4, "pkg:pypi/celery", "pkg:pypi/kombu", "pkg:pypi/vine")
	add("requests", "2.32.3", 6)
	add("pandas", "2.2.2", 8)
	add("numpy", "1.26.4", 9)
	add("gunicorn", "22.0.0", 12)
	add("whitenoise", "6.7.0", 13)
	parents := []string{"celery", "requests", "pandas", "gunicorn"}
	lines := []int{4, 6, 8, 12}
	for i := 0; len(vs) < 199; i++ {
		p := parents[i%4]
		mid := fmt.Sprintf("%s-part%d", p, i/16)
		if i%16 < 4 {
			add(mid, "1.0", lines[i%4], "pkg:pypi/"+p)
			continue
		}
		add(fmt.Sprintf("lib%03d", i), fmt.Sprintf("%d.%d.%d", 1+i%5, i%9, i%3), lines[i%4], "pkg:pypi/"+p, "pkg:pypi/"+mid)
	}
	vs = append(vs, lapsed)
	o := outcome(vs...)
	o.Took, o.Policy, o.AdvisorySnapshot = 4312, string(artifact.DigestOf([]byte("policy"))), string(artifact.DigestOf([]byte("advisories")))
	o.Ended = time.Date(2026, 5, 3, 14, 12, 9, 0, time.UTC)
	o.Problems = []verdict.Problem{{Class: finding.Origin, Effect: verdict.EffectReject, File: reqs, Line: 2, Text: "--index-url: the gate follows no index that a manifest names; remove the line and let the gate be the index"}}
	req := verdict.Request{
		ID: o.Request, Door: "push", Registry: "main", Project: "shop", By: "ann", Created: o.Ended.Add(-5 * time.Second),
		Files: []verdict.Source{{Path: reqs, Content: []byte(strings.Join(manifest, "\n") + "\n")}},
	}
	return report.New(req, o, "1.4.0")
}

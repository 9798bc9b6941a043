package report

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// redacted is an outcome without credentials in the texts that may quote a
// manifest. The outcome that came in stays as it is.
func redacted(o verdict.Outcome) verdict.Outcome {
	o.Problems, o.Versions = slices.Clone(o.Problems), slices.Clone(o.Versions)
	for i := range o.Problems {
		o.Problems[i].Text = withoutSecrets(o.Problems[i].Text)
	}
	for i := range o.Versions {
		v := &o.Versions[i]
		v.Asked, v.Reasons = withoutSecrets(v.Asked), slices.Clone(v.Reasons)
		for j := range v.Reasons {
			v.Reasons[j].Text = withoutSecrets(v.Reasons[j].Text)
		}
		if v.Remedy != nil {
			m := *v.Remedy
			m.Old, m.New, m.Text = withoutSecrets(m.Old), withoutSecrets(m.New), withoutSecrets(m.Text)
			v.Remedy = &m
		}
	}
	return o
}

// addresses are the URLs in a line, after their scheme.
var addresses = lazy.Regexp(`://[^\s"'<>]+`)

// withoutSecrets cuts out of a line what may be a credential: what stands before
// the @ of a URL, and what follows its question mark. No report shows either.
func withoutSecrets(line string) string {
	return addresses().ReplaceAllStringFunc(line, func(address string) string {
		rest := strings.TrimPrefix(address, "://")
		host, after := rest, ""
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			host, after = rest[:i], rest[i:]
		}
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			host = "…" + host[i:]
		}
		if before, query, ok := strings.Cut(after, "?"); ok {
			after = before + "?…"
			if _, fragment, ok := strings.Cut(query, "#"); ok {
				after += "#" + fragment
			}
		}
		return "://" + host + after
	})
}

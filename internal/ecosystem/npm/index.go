package npm

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
)

// form is one of the two faces of a packument
// (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md).
type form int

const (
	formFull        form = iota
	formAbbreviated      // what installing needs
)

const (
	typeFull        = "application/json"
	typeAbbreviated = "application/vnd.npm.install-v1+json"
)

// choose picks the form for an Accept header. npm asks for the abbreviated one with
// the full one as a poorer choice; what asks for neither by name gets the full one.
func choose(accept string) form {
	for part := range strings.SplitSeq(accept, ",") {
		name, _, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), typeAbbreviated) && answer.Accepts(accept, typeAbbreviated) {
			return formAbbreviated
		}
	}
	return formFull
}

func (f form) contentType() string {
	if f == formAbbreviated {
		return typeAbbreviated
	}
	return typeFull
}

// fullOnly are members of a version's record that installing does not need.
var fullOnly = map[string]bool{
	"description": true, "license": true, "licenses": true, "homepage": true, "repository": true, "bugs": true,
	"scripts": true, "gitHead": true, "main": true, "type": true, "_npmUser": true, "gypfile": true,
}

// stamp is how npm writes a date.
const stamp = "2006-01-02T15:04:05.000Z"

// mark is what stands before our own words in a deprecation.
const mark = "[gatehouse] "

// ofUpstream parts our words from the upstream's own.
const ofUpstream = " | "

// deprecation is what a client prints about a version: ours first, the upstream's
// own words after; "" for a version that is offered like any other.
func deprecation(f ecosystem.IndexFile, m ecosystem.Mark) string {
	own := ""
	if f.Yanked {
		if own = f.YankedReason.String(); own == "" {
			own = "deprecated by its owner"
		}
	}
	switch {
	case m.Refused && own != "":
		return mark + m.Why + ofUpstream + own
	case m.Refused:
		return mark + m.Why
	}
	return own
}

// tarballURL is where a version's bytes are: the same address for ever, because
// locks keep it. Of a refused version the decision stands in it, which is all that
// pnpm and bun print; both addresses give the same answer.
func tarballURL(base string, p artifact.Package, f ecosystem.IndexFile, m ecosystem.Mark) string {
	if m.Refused {
		base += "/blocked/" + url.PathEscape(m.Decision)
	}
	return base + "/" + p.Name + "/-/" + url.PathEscape(f.Name)
}

// render makes a listing's page for the registry at base.
func render(l *ecosystem.Listing, base string, f form) (*answer.Page, error) {
	b, err := packumentBytes(l, base, f)
	if err != nil {
		return nil, fmt.Errorf("rendering packument of %s: %w", l.Index.Package, err)
	}
	return answer.NewPage(f.contentType(), "Accept", b)
}

// packumentBytes writes a listing as a packument.
func packumentBytes(l *ecosystem.Listing, base string, f form) ([]byte, error) {
	x := l.Index
	w := page{}
	w.Grow(1024 + len(x.Files)*768)
	w.Open()
	if f == formFull {
		w.Text("_id", x.Package.Name)
	}
	w.Text("name", x.Package.Name)
	tags := distTags(l)
	w.Key("dist-tags")
	w.Open()
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		w.Text(tag, tags[tag])
	}
	w.Close()
	w.Key("versions")
	w.Open()
	latest := -1
	for i, file := range x.Files {
		w.Key(file.Number)
		if err := w.version(l, i, base, f); err != nil {
			return nil, err
		}
		if file.Number == tags["latest"] {
			latest = i
		}
	}
	w.Close()
	if f == formFull && latest >= 0 {
		if err := w.about(x.Files[latest].Record); err != nil {
			return nil, err
		}
	}
	w.times(x.Files, f)
	w.Close()
	return artifact.EscapeJSON(w.Bytes()), nil
}

// renderVersion writes one version's manifest.
func renderVersion(l *ecosystem.Listing, i int, base string) (*answer.Page, error) {
	w := page{}
	if err := w.version(l, i, base, formFull); err != nil {
		return nil, fmt.Errorf("rendering manifest of %s: %w", l.Index.Version(l.Index.Files[i]), err)
	}
	return answer.NewPage(typeFull, "", artifact.EscapeJSON(w.Bytes()))
}

// distTags are the tags as this registry has them. One whose version is not offered
// stands for the newest offered version below it, or where there is none for the
// oldest above: never for one that fails. Where nothing is offered at all a tag
// stays with the version that is listed, because an install then meets the reason.
func distTags(l *ecosystem.Listing) map[string]string {
	out := make(map[string]string, len(l.Index.Tags))
	offered, listed := map[string]bool{}, map[string]bool{}
	for i, f := range l.Index.Files {
		listed[f.Number] = true
		if !l.Marks[i].Refused {
			offered[f.Number] = true
		}
	}
	var order []ranked
	for tag, number := range l.Index.Tags {
		if !offered[number] {
			if order == nil {
				order = ranks(l)
			}
			if to := moved(order, number); to != "" {
				number = to
			} else if !listed[number] {
				continue
			}
		}
		out[tag] = number
	}
	return out
}

// ranked is an offered version with its place in the order.
type ranked struct {
	number     string
	version    semver.Version
	deprecated bool
}

// ranks lists what is offered, ascending.
func ranks(l *ecosystem.Listing) []ranked {
	out := []ranked{} // not nil, where nothing is offered too
	for i, f := range l.Index.Files {
		v, err := semver.Parse(f.Number)
		if err != nil || l.Marks[i].Refused {
			continue
		}
		out = append(out, ranked{f.Number, v, f.Yanked})
	}
	slices.SortFunc(out, func(a, b ranked) int { return semver.Compare(a.version, b.version) })
	return out
}

// moved is where a tag goes that stood for number: pre-releases only where it was
// one, what its owner deprecated only where there is nothing else; "" for nowhere.
func moved(order []ranked, number string) string {
	was, err := semver.Parse(number)
	if err != nil {
		return ""
	}
	for _, deprecated := range []bool{false, true} {
		below, above := "", ""
		for _, r := range order {
			if r.deprecated != deprecated || r.version.Pre() && !was.Pre() {
				continue
			}
			if semver.Compare(r.version, was) < 0 {
				below = r.number
			} else if above == "" {
				above = r.number
			}
		}
		if below != "" {
			return below
		}
		if above != "" {
			return above
		}
	}
	return ""
}

// page is a packument that is being written.
type page struct{ packument.Writer }

// version writes one version: its record with our address and our words.
func (w *page) version(l *ecosystem.Listing, i int, base string, form form) error {
	f, at := l.Index.Files[i], placesOf(l, i, base)
	w.Open()
	dist, scripts := false, false
	c := packument.NewCursor(f.Record)
	err := c.Object(func(key string) error {
		switch {
		case key == "dist":
			dist = true
			return w.dist(c, at)
		case key == "scripts":
			scripts = true
		}
		if form == formAbbreviated && fullOnly[key] {
			return nil
		}
		return w.Keep(c, key)
	})
	if err != nil {
		return err
	}
	if !dist {
		if err := w.dist(packument.NewCursor([]byte("{}")), at); err != nil {
			return err
		}
	}
	if form == formFull {
		w.Text("_id", l.Index.Package.Name+"@"+f.Number)
	} else if scripts {
		w.Raw("hasInstallScript", []byte("true"))
	}
	if why := deprecation(f, l.Marks[i]); why != "" {
		w.Text("deprecated", why)
	}
	w.Close()
	return nil
}

// dist writes where a version's bytes and attestations are, and what the record says
// of them.
func (w *page) dist(c *packument.Cursor, at places) error {
	w.Key("dist")
	w.Open()
	w.Text("tarball", at.tarball)
	attested := false
	err := c.Object(func(key string) error {
		switch {
		case key == "tarball":
			return nil
		case key == "attestations" && c.Is() == '{':
			attested = true
			return w.attestations(c, at)
		}
		return w.Keep(c, key)
	})
	if !attested && at.attested {
		w.Key("attestations")
		w.Open()
		w.Text("url", at.attestations)
		w.Key("provenance")
		w.Open()
		w.Text("predicateType", "https://slsa.dev/provenance/v1")
		w.Close()
		w.Close()
	}
	w.Close()
	return err
}

func (w *page) attestations(c *packument.Cursor, at places) error {
	w.Key("attestations")
	w.Open()
	w.Text("url", at.attestations)
	err := c.Object(func(key string) error {
		if key == "url" {
			return nil
		}
		return w.Keep(c, key)
	})
	w.Close()
	return err
}

// places are our addresses of what belongs to a version.
type places struct {
	tarball      string
	attestations string
	attested     bool // with attestations that came here with the version
}

// attestationsPath is below a registry's address where a version's attestations are.
func attestationsPath(v artifact.Version) string {
	return "-/npm/v1/attestations/" + v.Package.Name + "@" + url.PathEscape(v.Number)
}

func placesOf(l *ecosystem.Listing, i int, base string) places {
	x, f := l.Index, l.Index.Files[i]
	p := places{tarball: tarballURL(base, x.Package, f, l.Marks[i]), attested: x.Upstream == artifact.Internal && f.Provenance != ""}
	// npm takes the path alone and puts it behind the registry's address that it is
	// configured with, so this path begins where that address ends.
	p.attestations = origin(base) + "/" + attestationsPath(x.Version(f))
	return p
}

// origin is an address without its path.
func origin(base string) string {
	if u, err := url.Parse(base); err == nil {
		return u.Scheme + "://" + u.Host
	}
	return base
}

// aboutPackage are the members of a manifest that stand for the whole package too.
var aboutPackage = map[string]bool{"description": true, "license": true, "homepage": true, "repository": true, "bugs": true}

func (w *page) about(record []byte) error {
	c := packument.NewCursor(record)
	return c.Object(func(key string) error {
		if !aboutPackage[key] {
			return nil
		}
		return w.Keep(c, key)
	})
}

// times writes when each version was published. Both forms have it: clients that
// hold back what is young ask again, for all of it, where a date is missing.
func (w *page) times(files []ecosystem.IndexFile, form form) {
	var first, last time.Time
	for _, f := range files {
		if f.Uploaded.IsZero() {
			continue
		}
		if first.IsZero() || f.Uploaded.Before(first) {
			first = f.Uploaded
		}
		if f.Uploaded.After(last) {
			last = f.Uploaded
		}
	}
	if last.IsZero() {
		return
	}
	if form == formAbbreviated {
		w.Text("modified", last.UTC().Format(stamp))
	}
	w.Key("time")
	w.Open()
	w.Text("created", first.UTC().Format(stamp))
	w.Text("modified", last.UTC().Format(stamp))
	for _, f := range files {
		if !f.Uploaded.IsZero() {
			w.Text(f.Number, f.Uploaded.UTC().Format(stamp))
		}
	}
	w.Close()
}

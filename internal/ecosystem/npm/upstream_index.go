package npm

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/packument"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
)

// What an index of npm says in Index.Status beside nothing.
const (
	// StatusUnpublished: its owner took the whole package away.
	StatusUnpublished = "unpublished"
	// StatusPlaceholder: the registry's people took it away, nearly always for malware,
	// and hold its name with an empty version.
	StatusPlaceholder = "security-placeholder"
)

const maxURL = 4 << 10 // bytes

// parseIndex reads a packument as page, the URL that answered, gave it. It is read
// as JSON whatever type it is announced as: registries differ in that.
func parseIndex(p artifact.Package, page *url.URL, _ string, body []byte) (*ecosystem.Index, error) {
	d, err := packument.Read(p.Name, body)
	if err != nil {
		return nil, err
	}
	x := &ecosystem.Index{Package: p, Tags: d.Tags, Dropped: d.Dropped, Files: make([]ecosystem.IndexFile, 0, len(d.Versions))}
	taken := make(map[string]bool, len(d.Versions))
	for _, v := range d.Versions {
		f, ok := indexFile(p, page, v, taken)
		if !ok {
			x.Dropped++
			continue
		}
		taken[f.Name] = true
		x.Files = append(x.Files, f)
	}
	x.Status, x.Reason = status(d)
	return x, nil
}

// indexFile is a version's tarball; false for what no client could install.
func indexFile(p artifact.Package, page *url.URL, v packument.Version, taken map[string]bool) (f ecosystem.IndexFile, ok bool) {
	if _, err := semver.Parse(v.Number); err != nil || strings.ContainsAny(v.Number, `/\%?#`) {
		return f, false
	}
	at, ok := absolute(page, v.Tarball)
	if !ok {
		return f, false
	}
	f = ecosystem.IndexFile{
		Name: fileName(p.Name, v.Number, at.Path), URL: at.String(), Number: v.Number, Kind: artifact.Tarball, Uploaded: v.Published,
		Yanked: v.Deprecated, YankedReason: artifact.Untrusted(v.Why), Record: v.Record,
	}
	if taken[f.Name] {
		return f, false
	}
	f.SHA256, f.Digests = digests(v.Integrity, v.Shasum)
	if v.Attestations != "" {
		// Provenance only ever adds trust, so an unusable URL is none at all.
		if to, ok := absolute(page, v.Attestations); ok {
			f.Provenance = to.String()
		}
	}
	return f, true
}

// fileName is what a version's tarball is called here and in every lock: as its URL
// ends, where that is the package and this version, else by the rule that the public
// registry follows.
func fileName(pkg, number, urlPath string) string {
	_, base := name.Split(pkg)
	release, _, _ := strings.Cut(number, "+")
	if last := path.Base(urlPath); last == base+"-"+release+".tgz" {
		return last
	}
	return base + "-" + number + ".tgz"
}

// absolute reads an address of the packument. From an https page only https is
// taken, and nothing but http and https ever.
func absolute(page *url.URL, href string) (*url.URL, bool) {
	if href == "" || len(href) > maxURL {
		return nil, false
	}
	ref, err := url.Parse(href)
	if err != nil {
		return nil, false
	}
	u := page.ResolveReference(ref)
	if u.Host == "" || u.User != nil || u.Opaque != "" {
		return nil, false
	}
	if u.Scheme != "https" && (u.Scheme != "http" || page.Scheme == "https") {
		return nil, false
	}
	u.Fragment, u.RawFragment = "", ""
	return u, true
}

// algorithms are the hashes of subresource integrity
// (https://www.w3.org/TR/sri/#integrity-metadata) and sha1, with their sizes in bytes.
var algorithms = map[string]int{"sha512": 64, "sha384": 48, "sha256": 32, "sha1": 20}

// digests reads dist.integrity, all hashes of it, and dist.shasum.
func digests(integrity, shasum string) (artifact.Digest, []string) {
	var sha256 artifact.Digest
	var out []string
	add := func(d string) {
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	for _, one := range strings.Fields(integrity) {
		one, _, _ = strings.Cut(one, "?") // options
		algorithm, text, _ := strings.Cut(one, "-")
		sum, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(sum) == 0 || len(sum) != algorithms[algorithm] {
			continue // no client knows it
		}
		if algorithm == "sha256" {
			sha256 = artifact.Digest(hex.EncodeToString(sum))
		}
		add(algorithm + ":" + hex.EncodeToString(sum))
	}
	if sum, err := hex.DecodeString(shasum); err == nil && len(sum) == algorithms["sha1"] {
		add("sha1:" + hex.EncodeToString(sum))
	}
	return sha256, out
}

// status is the upstream's own alarm about a whole package.
func status(d *packument.Document) (string, artifact.Untrusted) {
	if !d.Unpublished.IsZero() && len(d.Versions) == 0 {
		return StatusUnpublished, artifact.Untrusted("on " + d.Unpublished.Format("2 January 2006"))
	}
	latest := d.Tags["latest"]
	i := slices.IndexFunc(d.Versions, func(v packument.Version) bool { return v.Number == latest })
	if i >= 0 && isPlaceholder(d.Versions[i]) {
		return StatusPlaceholder, artifact.Untrusted("its newest version is " + latest)
	}
	return "", ""
}

// isPlaceholder knows the versions that hold the name of a package which the
// registry's people took away: 0.0.1-security, without code.
func isPlaceholder(v packument.Version) bool {
	_, pre, _ := strings.Cut(v.Number, "-")
	word, _, _ := strings.Cut(pre, ".")
	return v.Number == "0.0.1-security" || word == "security" && bytes.Contains(v.Record, []byte(`"security holding package"`))
}

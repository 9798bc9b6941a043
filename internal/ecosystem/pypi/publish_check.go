package pypi

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
)

// CheckUpload implements ecosystem.UploadChecker: the form of the legacy upload API
// says which Python the version needs, and indexes are made of it elsewhere.
func (Ecosystem) CheckUpload(u ecosystem.Upload, inside ecosystem.Metadata) error {
	if form := u.RequiresPython; form != "" && unspaced(form) != unspaced(inside.RequiresPython) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s says inside that it needs Python %s, and the form says %s; build it again", u.Name, artifact.Untrusted(inside.RequiresPython), artifact.Untrusted(form))
	}
	return nil
}

// unspaced is a list of specifiers without regard to space and order.
func unspaced(s string) string {
	parts := strings.Split(strings.Join(strings.Fields(s), ""), ",")
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// AttestationsPath implements ecosystem.Attester, where PEP 740's integrity API has
// them.
func (Ecosystem) AttestationsPath(v artifact.Version, file string) string {
	return "integrity/" + url.PathEscape(v.Package.Name) + "/" + url.PathEscape(v.Number) + "/" + url.PathEscape(file) + "/provenance"
}

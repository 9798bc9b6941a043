package manifest

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/name"
)

// strength orders the algorithms of integrity, with their sizes in bytes. Clients
// look at the strongest that a text has and at no other.
var strength = []struct {
	algorithm string
	bytes     int
}{{"sha512", 64}, {"sha384", 48}, {"sha256", 32}, {"sha1", 20}}

// readIntegrity reads subresource integrity (https://www.w3.org/TR/sri/) into
// "algorithm:hex", the strongest algorithm alone; none where there is nothing that
// a client would check.
func readIntegrity(s string) []string {
	for _, a := range strength {
		var out []string
		for word := range strings.FieldsSeq(s) {
			digest, ok := strings.CutPrefix(word, a.algorithm+"-")
			if !ok {
				continue
			}
			digest, _, _ = strings.Cut(digest, "?")
			if sum, err := base64.StdEncoding.DecodeString(digest); err == nil && len(sum) == a.bytes {
				out = append(out, a.algorithm+":"+hex.EncodeToString(sum))
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// isWeak says that no more than sha1 vouches for the bytes.
func isWeak(hashes []string) bool {
	return len(hashes) > 0 && strings.HasPrefix(hashes[0], "sha1:")
}

// sha256Of is the SHA-256 among hashes, "" where there is none.
func sha256Of(hashes []string) artifact.Digest {
	for _, h := range hashes {
		if digest, ok := strings.CutPrefix(h, "sha256:"); ok {
			return artifact.Digest(digest)
		}
	}
	return ""
}

// fileName is what the tarball of a version is called.
func fileName(pkg, number string) string {
	_, base := name.Split(pkg)
	release, _, _ := strings.Cut(number, "+")
	return base + "-" + release + ".tgz"
}

// registryTarball says whether an address is where a registry keeps a version, and
// below which address that registry lies: NAME/-/FILE.tgz, the name escaped or not,
// and the file called after package and version.
func registryTarball(address, pkg, number string) (base string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Contains(u.Path, "/../") {
		return "", false
	}
	before, file, found := strings.Cut(u.Path, "/-/")
	if !found || !strings.HasSuffix(before, "/"+pkg) {
		return "", false
	}
	scope, short := name.Split(pkg)
	if scope != "" {
		file = strings.TrimPrefix(file, scope+"/")
	}
	release, _, _ := strings.Cut(number, "+")
	if !strings.EqualFold(file, short+"-"+release+".tgz") && file != short+"-"+number+".tgz" {
		return "", false
	}
	return u.Scheme + "://" + u.Host + strings.TrimSuffix(before, pkg), true
}

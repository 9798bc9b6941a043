package licence

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/spdx"
)

// maxWords is the longest wording that is looked up; longer ones are whole
// licence texts, which nobody compares here.
const maxWords = 500

// fromWords reads what people write into the licence field, and the last part
// of a trove classifier, as an SPDX expression. It answers only where the words
// name one licence: "BSD" alone, which may be any of four, reads as BSD-3-Clause,
// the one meant by nearly all, because its variants ask for no more.
func fromWords(words string) (string, bool) {
	if words == "" || len(words) > maxWords {
		return "", false
	}
	if e, err := spdx.Parse(words); err == nil && allKnown(e) {
		return e.String(), true
	}
	for _, separators := range []string{";\n", ","} {
		if id, ok := joined(strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(separators, r) })); ok {
			return id, true
		}
	}
	if strings.ContainsAny(words, ";\n") || strings.Count(words, "::") > 2 {
		return "", false // several, of which one is not known
	}
	id, ok := wordings[simplify(words)]
	return id, ok
}

func allKnown(e *spdx.Expression) bool {
	for _, l := range e.Licences() {
		if !spdx.Known(l.ID) {
			return false
		}
	}
	return true
}

// joined reads several licences or classifiers in a row. They do not say whether
// all bind or one may be chosen, so the careful reading is AND.
func joined(parts []string) (string, bool) {
	if len(parts) < 2 {
		return "", false
	}
	var ids []string
	for _, p := range parts {
		id, ok := fromWords(strings.TrimSpace(p))
		if !ok {
			return "", false
		}
		if strings.Contains(id, " OR ") {
			id = "(" + id + ")"
		}
		ids = append(ids, id)
	}
	e, err := spdx.Parse(strings.Join(ids, " AND "))
	if err != nil {
		return "", false
	}
	return e.String(), true
}

// simplify makes wordings comparable: the classifier's path and what stands in
// brackets or quotes goes, and so do case, punctuation and filler words.
func simplify(words string) string {
	words = words[strings.LastIndex(words, "::")+1:]
	if i := strings.IndexByte(words, '('); i > 0 {
		words = words[:i]
	}
	var kept []string
	for _, w := range strings.FieldsFunc(strings.ToLower(words), func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '+')
	}) {
		switch w {
		case "the", "license", "licence", "licensed", "licenses", "software", "version", "under", "of", "a", "approved", "osi", "style", "like", "public", "v", "clause":
			continue
		}
		kept = append(kept, strings.TrimSuffix(w, "."))
	}
	return strings.Join(kept, " ")
}

// wordings maps simplified wordings to SPDX. GNU classifiers and words without
// "later" mean that version only.
var wordings = map[string]string{
	"mit": "MIT", "expat": "MIT", "mit expat": "MIT", "mit x11": "MIT", "x11": "X11", "mit 0": "MIT-0", "mit no attribution": "MIT-0",
	"apache": "Apache-2.0", "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache v2": "Apache-2.0", "apache v2.0": "Apache-2.0", "apache2": "Apache-2.0", "apache2.0": "Apache-2.0",
	"asl 2.0": "Apache-2.0", "asl 2": "Apache-2.0", "al2": "Apache-2.0", "apache foundation": "Apache-2.0",
	"bsd": "BSD-3-Clause", "new bsd": "BSD-3-Clause", "modified bsd": "BSD-3-Clause", "revised bsd": "BSD-3-Clause", "bsd 3": "BSD-3-Clause", "3 bsd": "BSD-3-Clause", "bsd3": "BSD-3-Clause", "bsd new": "BSD-3-Clause", "bsd new simplified": "BSD-3-Clause", "bsd 3 new": "BSD-3-Clause", "three bsd": "BSD-3-Clause",
	"bsd 2": "BSD-2-Clause", "2 bsd": "BSD-2-Clause", "bsd2": "BSD-2-Clause", "simplified bsd": "BSD-2-Clause", "freebsd": "BSD-2-Clause", "bsd simplified": "BSD-2-Clause",
	"isc": "ISC", "iscl": "ISC", "unlicense": "Unlicense", "domain": "CC0-1.0", "cc0": "CC0-1.0", "cc0 1.0": "CC0-1.0", "cc0 1.0 universal": "CC0-1.0", "zlib": "Zlib", "zlib libpng": "Zlib", "wtfpl": "WTFPL",
	"boost": "BSL-1.0", "boost 1.0": "BSL-1.0", "bsl 1.0": "BSL-1.0", "python foundation": "PSF-2.0", "psf": "PSF-2.0", "psfl": "PSF-2.0", "psf 2": "PSF-2.0", "psf 2.0": "PSF-2.0", "python": "PSF-2.0",
	"zope": "ZPL-2.1", "zpl 2.1": "ZPL-2.1", "zpl": "ZPL-2.1", "hpnd": "HPND", "historical permission notice and disclaimer": "HPND", "upl": "UPL-1.0", "universal permissive": "UPL-1.0", "ofl 1.1": "OFL-1.1", "sil open font 1.1": "OFL-1.1",
	"mpl": "MPL-2.0", "mpl 2": "MPL-2.0", "mpl 2.0": "MPL-2.0", "mpl2": "MPL-2.0", "mplv2": "MPL-2.0", "mozilla 2.0": "MPL-2.0", "mozilla 1.1": "MPL-1.1",
	"epl 2.0": "EPL-2.0", "eclipse 2.0": "EPL-2.0", "eclipse 1.0": "EPL-1.0", "epl 1.0": "EPL-1.0", "artistic": "Artistic-2.0", "artistic 2.0": "Artistic-2.0",
	"lgpl": "LGPL-2.1-or-later", "gnu lesser general": "LGPL-2.1-or-later", "gnu library or lesser general": "LGPL-2.1-or-later",
	"lgplv2": "LGPL-2.0-only", "gnu lesser general v2": "LGPL-2.0-only", "lgplv2+": "LGPL-2.0-or-later", "gnu lesser general v2 or later": "LGPL-2.0-or-later", "lgplv2.1": "LGPL-2.1-only", "lgpl 2.1": "LGPL-2.1-only", "lgplv2.1+": "LGPL-2.1-or-later", "lgpl 2.1+": "LGPL-2.1-or-later",
	"lgplv3": "LGPL-3.0-only", "lgpl 3": "LGPL-3.0-only", "lgpl 3.0": "LGPL-3.0-only", "lgpl v3": "LGPL-3.0-only", "gnu lesser general v3": "LGPL-3.0-only", "gnu lgplv3": "LGPL-3.0-only", "lgplv3+": "LGPL-3.0-or-later", "lgpl 3.0+": "LGPL-3.0-or-later", "gnu lesser general v3 or later": "LGPL-3.0-or-later",
	"gpl": "GPL-1.0-or-later", "gnu gpl": "GPL-1.0-or-later", "gnu general": "GPL-1.0-or-later",
	"gplv2": "GPL-2.0-only", "gpl 2": "GPL-2.0-only", "gpl 2.0": "GPL-2.0-only", "gpl v2": "GPL-2.0-only", "gpl2": "GPL-2.0-only", "gnu gplv2": "GPL-2.0-only", "gnu gpl v2": "GPL-2.0-only", "gnu general v2": "GPL-2.0-only", "gplv2+": "GPL-2.0-or-later", "gpl 2+": "GPL-2.0-or-later", "gpl 2.0+": "GPL-2.0-or-later", "gnu general v2 or later": "GPL-2.0-or-later",
	"gplv3": "GPL-3.0-only", "gpl 3": "GPL-3.0-only", "gpl 3.0": "GPL-3.0-only", "gpl v3": "GPL-3.0-only", "gpl3": "GPL-3.0-only", "gnu gplv3": "GPL-3.0-only", "gnu gpl v3": "GPL-3.0-only", "gnu gpl 3": "GPL-3.0-only", "gnu general v3": "GPL-3.0-only", "gplv3+": "GPL-3.0-or-later", "gpl 3+": "GPL-3.0-or-later", "gpl 3.0+": "GPL-3.0-or-later", "gnu gplv3+": "GPL-3.0-or-later", "gnu general v3 or later": "GPL-3.0-or-later",
	"agpl": "AGPL-3.0-only", "agplv3": "AGPL-3.0-only", "agpl 3": "AGPL-3.0-only", "agpl 3.0": "AGPL-3.0-only", "agpl v3": "AGPL-3.0-only", "gnu agplv3": "AGPL-3.0-only", "gnu affero general v3": "AGPL-3.0-only", "gnu affero general": "AGPL-3.0-only", "agplv3+": "AGPL-3.0-or-later", "gnu affero general v3 or later": "AGPL-3.0-or-later",
	"sspl": "SSPL-1.0", "server side": "SSPL-1.0", "eupl 1.2": "EUPL-1.2", "european union 1.2": "EUPL-1.2", "european union 1.1": "EUPL-1.1",
	"mit or apache 2.0": "MIT OR Apache-2.0", "apache 2.0 or mit": "Apache-2.0 OR MIT", "mit and apache 2.0": "MIT AND Apache-2.0", "mit apache 2.0": "MIT AND Apache-2.0", "dual mit apache 2.0": "MIT OR Apache-2.0",
}

package spdx

import "strings"

// gnu are the ids that were split into -only and -or-later.
var gnu = map[string]bool{
	"AGPL-1.0": true, "AGPL-3.0": true, "GPL-1.0": true, "GPL-2.0": true, "GPL-3.0": true,
	"LGPL-2.0": true, "LGPL-2.1": true, "LGPL-3.0": true,
	"GFDL-1.1": true, "GFDL-1.2": true, "GFDL-1.3": true,
}

// knownIDs maps the lower-case form of ids in common use to their usual case.
var knownIDs = func() map[string]string {
	m := map[string]string{}
	for id := range gnu {
		for _, form := range []string{id, id + "-only", id + "-or-later"} {
			m[strings.ToLower(form)] = form
		}
	}
	for _, id := range strings.Fields(`
		0BSD AFL-2.1 AFL-3.0 Aladdin Apache-1.0 Apache-1.1 Apache-2.0 APSL-2.0 Artistic-1.0 Artistic-1.0-Perl
		Artistic-2.0 Beerware BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause
		BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-4-Clause BSL-1.0 BUSL-1.1 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0
		CC-BY-NC-4.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 CDDL-1.0
		CDDL-1.1 CECILL-2.0 CECILL-2.1 CECILL-B CECILL-C CNRI-Python CPAL-1.0 CPL-1.0 curl ECL-2.0 EFL-2.0
		Elastic-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 FSL-1.1-ALv2 FSL-1.1-MIT FTL GPL-CC-1.0 HPND ICU IJG
		Intel IPL-1.0 ISC JSON Libpng libtiff LPPL-1.3c MIT MIT-0 MIT-CMU MIT-Modern-Variant MPL-1.0 MPL-1.1
		MPL-2.0 MPL-2.0-no-copyleft-exception MS-PL MS-RL MulanPSL-2.0 NAIST-2003 NASA-1.3 NCSA NPL-1.1 OFL-1.1
		OLDAP-2.8 OpenSSL OSL-2.1 OSL-3.0 PHP-3.01 PostgreSQL PSF-2.0 Python-2.0 Python-2.0.1 QPL-1.0 RPL-1.5
		Ruby Sleepycat SSPL-1.0 TCL Unicode-3.0 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C WTFPL X11 Xnet
		Zlib ZPL-1.1 ZPL-2.0 ZPL-2.1 zlib-acknowledgement`) {
		m[strings.ToLower(id)] = id
	}
	return m
}()

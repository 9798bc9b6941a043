package honesty

import (
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

// knownPth are .pth files of wide use that run code for a known purpose.
var knownPth = map[artifact.Digest]string{
	"2638ce9e2500e572a5e0de7faed6661eb569d1b696fcba07b0dd223da5f5d224": "setuptools", // distutils-precedence.pth from 60 on
	"7ea7ffef3fe2a117ee12c68ed6553617f0d7fd2f0590257c25c484959a3b7373": "setuptools", // 50 to 59
	"ef2ed06d19867ec669c09a804060666a9cd5e383af0a9d11aa2de79b77d448e8": "coverage",   // a1_coverage.pth of 7.17
}

// knownLauncher are the Windows launchers that setuptools and distlib (inside
// pip) have shipped in pure wheels.
var knownLauncher = map[artifact.Digest]bool{
	// setuptools 58
	"75f12ea2f30d9c0d872dade345f30f562e6d93847b6a509ba53beec6d0b2c346": true,
	"28b001bb9a72ae7a24242bfab248d767a1ac5dec981c672a3944f7a072375e9a": true,
	"a3d6a6c68c2e759f7c36f35687f6b60d163c2e1a0846a4c07a4c4006a96d88c7": true,
	"5c1af46c7300e87a73dacf6cf41ce397e3f05df6bd9c7e227b4ac59f85769160": true,
	"69828c857d4824b9f850b1e0597d2c134c91114b7a0774c41dffe33b0eb23721": true,
	"4c416738a0e2fa6ab766ccf1a9b0a80974e733f9615168dd22a069afa7d5b38d": true,
	// setuptools 75 to 84
	"32acc1bc543116cbe2cff10cb867772df2f254ff2634c870aef0b46c4b696fdb": true,
	"bbb3de5707629e6a60a0c238cd477b28f07f0066982fda953fa6fcec39073a4a": true,
	"b9a7d08da880dfac8bcf548eba4b06fb59b6f09b17d33148a0f6618328926c61": true,
	"85dae1e95d77845f2cb59bcac3d4afe74bbe4c91a9bcc5bf4a71cd43104dbe7c": true,
	"3471b6140eadc6412277dbbefe3fef8c345a0f1a59776086b80a3618c3a83e3b": true,
	"e694f4743405c8b5926ff457db6fe7f1a12dec7c16a9c3864784d3f4e07ae097": true,
	// distlib in pip 21
	"352df104254095ddf925514d99bfb5411c95b5386e90caf06557979f82e16844": true,
	"f1618387a688f162408e7811350a72269076d52bf6d0f09860548d5b57d677ac": true,
	"a00a877acefcad45953343ad56a22152f7aaba5fcf2a10215d84169d47fbcd1d": true,
	"949b6765d794c53656c9afc45b90d9a2cfcae6bb30444086b29225f19242217b": true,
	"43f1ddcd5bbdcf161d6816b79b4889e7f75d2ce12ab4f7bcc77d16003a17cdaf": true,
	"d1a473a0dd813bd3565b810dcb8ff8bc7907478a994c564d55200925894e0d32": true,
	// distlib in pip 23 to 26
	"6b4195e640a85ac32eb6f9628822a622057df1e459df7c17a12f97aeabc9415b": true,
	"ebc4c06b7d95e74e315419ee7e88e1d0f71e9e9477538c00a93a9ff8c66a6cfc": true,
	"81a618f21cb87db9076134e70388b6e9cb7c2106739011b6a51772d22cae06b7": true,
	"47872cc77f8e18cf642f868f23340a468e537e64521d9a3a416c8b84384d064b": true,
	"c5dc9884a8f458371550e09bd396e5418bf375820a31b9899f6499bf391c7b2e": true,
	"7a319ffaba23a017d7b1e18ba726ba6c54c53d6446db55f92af53c279894f8ad": true,
}

// knownNamespace are the lines that setuptools wrote into *-nspkg.pth files,
// with the package's name taken out (see namespaceLine).
var knownNamespace = map[artifact.Digest]bool{
	"15d282a99452bd65741691bb55cd96e2ba6e74ad1a07f6fa2f85cdb020ba7e97": true, // a package at the top
	"8792d6ceffbcfa5f6a5043e48283b337ba24824bcb7c13217bea88bdda1e45d6": true, // one below another
}

var (
	namespaceTuple = lazy.Regexp(`\*\((?:'[A-Za-z0-9_]+', ?)*'[A-Za-z0-9_]+',?\)`)
	quoted         = lazy.Regexp(`'([A-Za-z0-9_]+)'`)
)

// namespaceLine recognises a line of setuptools' template for namespace
// packages, whatever the package: the name is taken from its one tuple, taken
// out everywhere, and the rest must be known to the letter.
func namespaceLine(line string) bool { return knownNamespace[namespaceSkeleton(line)] }

func namespaceSkeleton(line string) artifact.Digest {
	tuple := namespaceTuple().FindString(line)
	if tuple == "" {
		return ""
	}
	var parts []string
	for _, m := range quoted().FindAllStringSubmatch(tuple, -1) {
		parts = append(parts, m[1])
	}
	last := len(parts) - 1
	parent := strings.Join(parts[:last], ".")
	line = strings.ReplaceAll(line, tuple, "*()")
	line = strings.ReplaceAll(line, "'"+strings.Join(parts, ".")+"'", "'@'")
	if parent != "" {
		line = strings.ReplaceAll(line, "['"+parent+"'], '"+parts[last]+"'", "['<'], '>'")
	}
	return artifact.DigestOf([]byte(line))
}

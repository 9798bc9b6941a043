package honesty

import (
	"bytes"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/scan"
)

// longLine is from where on an import line of a .pth file is more than an
// import, bytes.
const longLine = 200

// lineEnds are all that Python's splitlines, which site uses since 3.12, takes
// for the end of a line.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\x1c", "\n", "\x1d", "\n", "\x1e", "\n",
	"\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// loaded are words that have no place in a line that only imports.
var loaded = lazy.Regexp(`;|\b(?:exec|eval|compile|getattr|globals|open|base64|binascii|codecs|zlib|marshal|subprocess|popen|system|socket|urllib|requests|http|ctypes|pty|runpy|importlib)\b|__import__|__builtins__|\\x|chr\(`)

// pthVerdict is what a .pth file's content amounts to.
type pthVerdict struct {
	severity finding.Severity
	line     int // the line that says so, from 1; 0 for the file
	text     string
}

// judgePth reads a .pth file as the site module does at every start of Python:
// lines that begin with "import" and a space or tab are executed, comments and
// blank ones skipped, all others added to the module path.
func judgePth(b []byte) pthVerdict {
	v := pthVerdict{finding.Low, 0, "adds folders to the module path"}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	n := 0
	for line := range strings.Lines(lineEnds.Replace(string(b))) {
		n++
		if w := judgePthLine(strings.TrimRight(line, " \t\n\v\f")); w.severity > v.severity || v.line == 0 && w.severity == v.severity {
			v = w
			v.line = n
		}
	}
	return v
}

func judgePthLine(line string) pthVerdict {
	switch {
	case line == "" || line[0] == '#':
		return pthVerdict{}
	case !strings.HasPrefix(line, "import ") && !strings.HasPrefix(line, "import\t"):
		if strings.HasPrefix(line, "/") || strings.Contains(line, "..") {
			return pthVerdict{finding.Medium, 0, "adds a folder outside the package to the module path"}
		}
		return pthVerdict{finding.Low, 0, "adds folders to the module path"}
	case namespaceLine(line):
		return pthVerdict{finding.Low, 0, "sets up a namespace package in the way setuptools does"}
	case len(line) > longLine:
		return pthVerdict{finding.High, 0, "runs a long line of code whenever Python starts"}
	case loaded().MatchString(line):
		return pthVerdict{finding.High, 0, "runs code whenever Python starts"}
	}
	return pthVerdict{finding.Medium, 0, "imports a module whenever Python starts"}
}

// checkPth reports .pth files that the site module would read. In an sdist that
// is known only after a build, so there only files that run code are told of.
func (p *pass) checkPth(e scan.Entry, installed string) {
	if !strings.HasSuffix(installed, ".pth") {
		return
	}
	sdist := p.promise.Kind == artifact.Sdist
	if !sdist && strings.Contains(installed, "/") {
		return // the site module reads its own folder only
	}
	if owner := knownPth[e.SHA256]; owner != "" {
		p.add(RulePth, finding.Honesty, finding.None, e.Path, "%s is the one that %s has, known by its hash", safe(e.Path), owner)
		return
	}
	if e.Link != "" || e.Body == nil {
		p.keep(finding.Finding{Rule: RulePth, Class: finding.Honesty, Severity: finding.High, Path: e.Path, Facts: contentOf(e),
			Text: safe(e.Path) + " is read whenever Python starts and its content is not that of a small file"})
		return
	}
	v := judgePth(e.Body)
	if sdist {
		if v.severity < finding.Medium || bytes.IndexByte(e.Body, 0) >= 0 {
			return
		}
		v.severity = finding.Medium
	}
	p.keep(finding.Finding{Rule: RulePth, Class: finding.Honesty, Severity: v.severity, Path: e.Path, Line: v.line, Facts: contentOf(e),
		Text: safe(e.Path) + " " + v.text})
}

// contentOf names what an entry holds, so that the same file in the next version is
// the same fact; nothing for a link, whose content is elsewhere.
func contentOf(e scan.Entry) []string {
	if e.Link != "" || e.SHA256 == "" {
		return nil
	}
	return []string{"content " + string(e.SHA256)}
}

// checkCustomize reports modules that Python imports by itself at every start.
func (p *pass) checkCustomize(e scan.Entry, installed string) {
	top, rest, isPackage := strings.Cut(installed, "/")
	if !isPackage {
		top, _, _ = strings.Cut(top, ".")
	} else if !strings.HasPrefix(rest, "__init__.") {
		return
	}
	if isPackage || importable(installed) {
		if top == "sitecustomize" || top == "usercustomize" {
			p.keep(finding.Finding{Rule: RuleSiteCustomize, Class: finding.Honesty, Severity: finding.High, Path: e.Path, Facts: contentOf(e),
				Text: safe(e.Path) + " is imported whenever Python starts"})
		}
	}
}

func importable(name string) bool {
	for _, ending := range []string{".py", ".pyc", ".so", ".pyd"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

var cmdclass = lazy.Regexp(`\bcmdclass\b`)

// checkHooks notes what an sdist runs when it is built: that is ordinary, and
// the first place to look.
func (p *pass) checkHooks() {
	c := p.contents
	if cmdclass().Match(c.SetupPy) {
		p.add(RuleInstallHook, finding.Honesty, finding.Low, c.SetupPyPath, "setup.py replaces commands of the build (cmdclass)")
	}
	if c.Build != nil && len(c.Build.BackendPath) > 0 {
		p.add(RuleInstallHook, finding.Honesty, finding.Low, strings.TrimSuffix(c.MetadataPath, "PKG-INFO")+"pyproject.toml",
			"the build backend %s comes from the archive itself (backend-path)", safe(c.Build.Backend))
	}
}

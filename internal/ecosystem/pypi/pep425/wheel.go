// Package pep425 reads the file names of wheels and sdists
// (https://packaging.python.org/en/latest/specifications/binary-distribution-format/,
// PEP 427; PEP 625 for sdists) and says which wheels an environment takes, best
// first (platform compatibility tags, PEP 425, 600 and 656).
//
// It promises never to open a file and never to run Python: supported tags are
// computed from a declared target, and Host only reads what the system's own
// files say. All values are immutable and safe for concurrent use.
package pep425

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// Limits of one file name.
const (
	MaxFileName = 512 // bytes
	MaxTags     = 512 // tags that one wheel's compressed sets may stand for
)

// Tag is one combination that a wheel supports or an environment takes, in
// lower case: "cp311", "abi3", "manylinux_2_28_x86_64".
type Tag struct {
	Python, ABI, Platform string
}

// String gives "cp311-abi3-win_amd64".
func (t Tag) String() string { return t.Python + "-" + t.ABI + "-" + t.Platform }

// Wheel is what a wheel's file name says.
type Wheel struct {
	Distribution string // normalised, as artifact.Package.Name
	Number       string // normal form of the version, as artifact.Version.Number
	Build        string // as written, starts with a digit; "" for none
	Tags         []Tag
}

// ParseWheelName reads a wheel's file name strictly: five or six parts, a valid
// name and version, a build tag that starts with a digit, tags without empty
// pieces, and no character that cannot be in one of them.
func ParseWheelName(file string) (Wheel, error) {
	w, err := parseWheel(file)
	if err != nil {
		return Wheel{}, fmt.Errorf("reading wheel name %.120q: %w", file, err)
	}
	return w, nil
}

func parseWheel(file string) (Wheel, error) {
	if err := checkFileName(file); err != nil {
		return Wheel{}, err
	}
	stem, ok := strings.CutSuffix(file, ".whl")
	if !ok {
		return Wheel{}, errors.New("it does not end in .whl")
	}
	parts := strings.Split(stem, "-")
	if len(parts) != 5 && len(parts) != 6 {
		return Wheel{}, errors.New("it needs five or six parts joined by '-'")
	}
	var w Wheel
	var err error
	if w.Distribution, err = pep503.Parse(parts[0]); err != nil {
		return Wheel{}, err
	}
	if strings.Contains(parts[0], "__") {
		return Wheel{}, errors.New("a run of separators in the project name is one '_'")
	}
	v, err := pep440.Parse(parts[1])
	if err != nil {
		return Wheel{}, err
	}
	w.Number = v.String()
	if len(parts) == 6 {
		w.Build = parts[2]
		if err := checkBuild(w.Build); err != nil {
			return Wheel{}, err
		}
	}
	w.Tags, err = expandTags(parts[len(parts)-3:])
	return w, err
}

// checkFileName allows what names, versions and tags are made of.
func checkFileName(file string) error {
	if len(file) > MaxFileName {
		return fmt.Errorf("longer than %d bytes", MaxFileName)
	}
	for i := 0; i < len(file); i++ {
		if !isTagByte(file[i]) && strings.IndexByte("-.+!", file[i]) < 0 {
			return fmt.Errorf("no distribution's name has the character at byte %d", i+1)
		}
	}
	return nil
}

func checkBuild(s string) error {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return errors.New("a build tag starts with a digit")
	}
	if strings.ContainsAny(s, "+!") {
		return errors.New("a build tag has only letters, digits, '_' and '.'")
	}
	return nil
}

// expandTags multiplies the compressed sets out: py2.py3-none-any is two tags.
func expandTags(sets []string) ([]Tag, error) {
	pythons, abis, platforms := strings.Split(sets[0], "."), strings.Split(sets[1], "."), strings.Split(sets[2], ".")
	n := len(pythons) * len(abis) * len(platforms)
	if n > MaxTags {
		return nil, fmt.Errorf("it stands for %d tags, more than %d", n, MaxTags)
	}
	for _, set := range [][]string{pythons, abis, platforms} {
		for i, piece := range set {
			if piece == "" || strings.ContainsAny(piece, "+!") {
				return nil, errors.New("a tag has letters, digits and '_' and is not empty")
			}
			set[i] = strings.ToLower(piece)
		}
	}
	tags := make([]Tag, 0, n)
	for _, python := range pythons {
		if '0' <= python[0] && python[0] <= '9' {
			return nil, errors.New("a Python tag does not start with a digit")
		}
		for _, abi := range abis {
			for _, platform := range platforms {
				tags = append(tags, Tag{python, abi, platform})
			}
		}
	}
	return tags, nil
}

func isTagByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// sdistEndings are today's form and zip first, then the forms that old releases
// have; whether a form can be opened is for the archive reader to say.
var sdistEndings = []string{".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar.Z", ".tar"}

// ParseSdistName gives the version, in normal form, of an sdist of the project
// pkg. As names before PEP 625 could have '-' in them, the name's end is where
// the text before a '-' is pkg, and all after it must be a version.
func ParseSdistName(file, pkg string) (number string, err error) {
	v, err := parseSdist(file, pep503.Normalize(pkg))
	if err != nil {
		return "", fmt.Errorf("reading sdist name %.120q: %w", file, err)
	}
	return v.String(), nil
}

func parseSdist(file, pkg string) (pep440.Version, error) {
	if err := checkFileName(file); err != nil {
		return pep440.Version{}, err
	}
	stem, ok := cutEnding(file)
	if !ok {
		return pep440.Version{}, fmt.Errorf("it ends in none of %s", strings.Join(sdistEndings, " "))
	}
	for i := 0; i < len(stem); i++ {
		if stem[i] != '-' {
			continue
		}
		if name, err := pep503.Parse(stem[:i]); err == nil && name == pkg {
			return pep440.Parse(stem[i+1:])
		}
	}
	return pep440.Version{}, fmt.Errorf("it does not start with %s and '-'", pkg)
}

func cutEnding(file string) (string, bool) {
	for _, ending := range sdistEndings {
		if stem, ok := strings.CutSuffix(file, ending); ok {
			return stem, true
		}
	}
	return "", false
}

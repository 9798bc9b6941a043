package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/npm/semver"
	"github.com/gatehouse-project/gatehouse/internal/lazy"
)

var errMoved = errors.New("the requirement does not stand there any more; read the file again")

// ReplaceRequirement changes the range of one requirement in the content of the
// package.json it stands in (req.At.File) to newSpec, and leaves all else as it is,
// byte for byte: indentation, order, line endings, and the other name of an alias.
// req must come from parsing this very content. The note says which command
// brings the lock up to it. For a lock the error is *ecosystem.Relock, with the
// command that changes it.
func ReplaceRequirement(content []byte, req ecosystem.Requirement, newSpec string) (edited []byte, note string, err error) {
	if _, err := semver.ParseRange(newSpec); err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	if format := path.Base(req.At.File); format != PackageJSON {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, &ecosystem.Relock{Command: relockCommand(format, content, req, newSpec)})
	}
	edited, err = replaceInPackageJSON(content, req, newSpec)
	if err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	return edited, "bring the lock up to it with the project's own client, for example `npm install --package-lock-only`", nil
}

func replaceInPackageJSON(content []byte, req ecosystem.Requirement, spec string) ([]byte, error) {
	d, err := parseJSON(req.At.File, content, false, againJSON)
	if err != nil {
		return nil, errMoved
	}
	f, ok := d.memberAt(d.root, req)
	if !ok {
		return nil, errMoved
	}
	key := f.key
	if req.Constraint {
		key = overridden(key)
	}
	old := readWish(key, f.val.text)
	if old.name != req.Package.Name || old.spec != req.Spec || old.member || old.isCatalog() {
		return nil, fmt.Errorf("the version of %s does not stand here; change it by hand to %s", req.Package.Name, manifestfile.Quote(spec))
	}
	text := spec
	if i := strings.Index(strings.ToLower(f.val.text), "npm:"); i >= 0 {
		text = "npm:" + spec
		if target, _ := splitFirst(strings.TrimSpace(f.val.text[i+len("npm:"):])); old.alias || target == old.name {
			text = "npm:" + old.name + "@" + spec
		}
	}
	if now := readWish(key, text); now.name != old.name || now.spec != spec || now.rule != "" {
		return nil, fmt.Errorf("%s has a form that the gate cannot change safely; change it by hand to %s", req.Package.Name, manifestfile.Quote(spec))
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // ">=1" stays as people write it
	if err := e.Encode(text); err != nil {
		return nil, err
	}
	return slices.Concat(content[:f.val.at], []byte(strings.TrimSuffix(b.String(), "\n")), content[f.val.end:]), nil
}

// memberAt gives the member that stands where a requirement does.
func (d *document) memberAt(v *value, req ecosystem.Requirement) (field, bool) {
	for _, f := range v.fields {
		if f.val.kind == isText && d.placeOf(f) == req.At {
			return f, true
		}
		if f.val.kind == isTable {
			if found, ok := d.memberAt(f.val, req); ok {
				return found, true
			}
		}
	}
	return field{}, false
}

// relockCommand is what brings a locked package to spec, in the words of the
// lock's own client. No command runs a script or installs anything: the new lock
// goes through the gate first. What only others need most clients do not move to a
// version by a command; the line then says in a shell comment what to write before.
func relockCommand(format string, content []byte, req ecosystem.Requirement, spec string) string {
	word, ok := shellWord(req.Package.Name + "@" + spec)
	if !ok {
		return lockCommand(format, content)
	}
	dev, opt := isOnly(req, groupDev), isOnly(req, groupOptional)
	switch {
	case format == PNPMLock && req.Direct:
		return "pnpm update --lockfile-only " + word
	case format == PNPMLock:
		return byHand(lockCommand(format, content), "overrides", "pnpm-workspace.yaml", req, spec)
	case format == YarnLock && isBerry(content) && req.Direct:
		return "yarn up --mode=update-lockfile " + word
	case format == YarnLock:
		return byHand(lockCommand(format, content), "resolutions", PackageJSON, req, spec)
	case format == BunLock && req.Direct:
		return "bun add --lockfile-only" + when(dev, " --dev") + when(opt, " --optional") + " " + word
	case format == BunLock:
		return byHand(lockCommand(format, content), "overrides", PackageJSON, req, spec)
	case req.Direct:
		return "npm install --package-lock-only --ignore-scripts" + when(dev, " --save-dev") + when(opt, " --save-optional") + " " + word
	}
	return byHand(lockCommand(format, content), "overrides", PackageJSON, req, spec)
}

// lockCommand writes a lock again.
func lockCommand(format string, content []byte) string {
	switch {
	case format == PNPMLock:
		return "pnpm install --lockfile-only"
	case format == YarnLock && isBerry(content):
		return "yarn install --mode=update-lockfile"
	case format == YarnLock:
		return "yarn install --ignore-scripts"
	case format == BunLock:
		return "bun install --lockfile-only"
	}
	return "npm install --package-lock-only --ignore-scripts"
}

func byHand(command, section, file string, req ecosystem.Requirement, spec string) string {
	return fmt.Sprintf("%s  # after writing %s to %s for %s in %s", command, section, spec, req.Package.Name, file)
}

func when(set bool, text string) string {
	if set {
		return text
	}
	return ""
}

func isOnly(req ecosystem.Requirement, group string) bool {
	return len(req.Groups) == 1 && req.Groups[0] == group
}

var plainWord = lazy.Regexp(`^[A-Za-z0-9@/=._+^~-]+$`)

// shellWord quotes a name with a range where a shell would read more into it; not
// ok for what a quote would not hold.
func shellWord(s string) (string, bool) {
	if plainWord().MatchString(s) && !strings.Contains(s, "~") {
		return s, true
	}
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '\'' {
			return "", false
		}
	}
	return "'" + s + "'", true
}

package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// What is read beside a manifest though it is none: the clients' configuration, and
// programs that pnpm runs.
var (
	configNames = []string{".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", "pnpm-workspace.yaml"}
	hookNames   = []string{".pnpmfile.cjs", ".pnpmfile.mjs", "pnpmfile.js"}
)

// ReadBy lists the formats that may be read with the file at p, by its name.
func ReadBy(p string) []string {
	if base := path.Base(p); !slices.Contains(configNames, base) && !slices.Contains(hookNames, base) || strings.Contains("/"+p, "/node_modules/") {
		return nil
	}
	return slices.Sorted(maps.Keys(parsers))
}

// readConfiguration reads the files beside a manifest that tell its clients where
// to fetch from. Like an option in a requirements file, a registry named there
// leads around the gate, unless it is the gate.
func (r *reader) readConfiguration() error {
	for i, read := range []func(file string, b []byte) error{r.readNPMRC, r.readYarnRC, r.readYarnYAML, r.readBunfig, r.readPNPMSettings} {
		name := configNames[i]
		b, file, err := r.beside(name, maxConfigBytes)
		if err != nil {
			return err
		}
		if b == nil {
			if err := r.unseen(name); err != nil {
				return err
			}
			continue
		}
		if err := read(file, bytes.TrimPrefix(b, utf8Mark)); err != nil {
			return err
		}
	}
	return r.findHooks()
}

// unseen reports a configuration file that is there and that the gate does not
// open.
func (r *reader) unseen(name string) error {
	p := path.Join(r.dir, name)
	if _, err := fs.Lstat(r.FS, p); err != nil {
		return nil // none, or a file system of one file
	}
	return r.Report(ecosystem.Problem{Rule: RuleIndex, Class: finding.Origin, Effect: manifestfile.Hold, At: finding.Location{File: p},
		Text: "it may name a registry, and the gate does not open it, because it is no regular file or lies behind a symbolic link; make it a file"})
}

// registry reports a registry that a file names.
func (r *reader) registry(at finding.Location, address string) error {
	address = strings.TrimSpace(address)
	p := ecosystem.Problem{Rule: RuleIndex, Class: finding.Origin, Effect: manifestfile.Reject, At: at, Index: ecosystem.AddressOf(address),
		Text: fmt.Sprintf("this names %s as a registry, and clients fetch from there around the gate; name the gate's registry (gatehouse client setup)", manifestfile.Origin(address))}
	if strings.Contains(address, "${") {
		p.Index = ecosystem.IndexAddress{}
		p.Text = "this takes the address of a registry from the environment, so the gate cannot tell where clients fetch from; name the gate's registry (gatehouse client setup)"
	}
	return r.Report(p)
}

func (r *reader) transport(at finding.Location, what string) error {
	return r.Report(ecosystem.Problem{Rule: RuleTransport, Class: finding.Origin, Effect: manifestfile.Reject, At: at,
		Text: fmt.Sprintf("%s, so others on the way can answer for the registry; remove the line", what)})
}

// readNPMRC reads .npmrc, which npm, pnpm, yarn 1 and bun take settings from.
func (r *reader) readNPMRC(file string, b []byte) error {
	number := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, val, _ := strings.Cut(line, "=")
		key, val = unquoteSetting(key), unquoteSetting(val)
		if err := r.npmSetting(finding.Location{File: file, Line: number, Column: 1}, key, val); err != nil {
			return err
		}
	}
	return nil
}

func unquoteSetting(s string) string { return strings.Trim(strings.TrimSpace(s), `"'`) }

func (r *reader) npmSetting(at finding.Location, key, val string) error {
	switch plain := strings.ReplaceAll(key, "_", "-"); {
	case plain == "registry", strings.HasPrefix(key, "@") && strings.HasSuffix(key, ":registry"), plain == "metrics-registry":
		return r.registry(at, val)
	case plain == "strict-ssl" && val == "false":
		return r.transport(at, "this turns the check of certificates off")
	case plain == "proxy", plain == "https-proxy", plain == "http-proxy", plain == "ca", plain == "cafile":
		return r.transport(at, "this changes the way to the registry ("+plain+")")
	case plain == "replace-registry-host" && val != "always":
		return r.Report(ecosystem.Problem{Rule: RuleTransport, Class: finding.Origin, Effect: manifestfile.Hold, At: at,
			Text: "this makes npm fetch from the addresses of a lock, whatever registry is set; remove the line"})
	}
	return nil
}

// readYarnRC reads yarn 1's own settings: a name and a value with a space between.
func (r *reader) readYarnRC(file string, b []byte) error {
	number := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		number++
		words, err := classicWords(strings.TrimSpace(strings.TrimSuffix(line, "\r")))
		if err != nil || len(words) < 2 {
			continue
		}
		if err := r.npmSetting(finding.Location{File: file, Line: number, Column: 1}, strings.TrimPrefix(words[0], "--install."), words[1]); err != nil {
			return err
		}
	}
	return nil
}

// configYAML reads a configuration file. One that cannot be read may name a
// registry.
func (r *reader) configYAML(file string, b []byte) (*document, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, nil
	}
	docs, err := parseYAML(file, b, againJSON)
	if bad, ok := errors.AsType[*manifestfile.Unusable](err); ok {
		return nil, r.Report(ecosystem.Problem{Rule: RuleIndex, Class: finding.Origin, Effect: manifestfile.Hold, At: bad.At,
			Text: "it may name a registry, and the gate cannot read it; " + againJSON})
	}
	if err != nil {
		return nil, err
	}
	return docs[0], nil
}

// readYarnYAML reads the settings of yarn 2 and later.
func (r *reader) readYarnYAML(file string, b []byte) error {
	d, err := r.configYAML(file, b)
	if d == nil {
		return err
	}
	for _, f := range d.root.fields {
		at := d.placeOf(f)
		var err error
		switch f.key {
		case "npmRegistryServer":
			err = r.registry(at, f.val.text)
		case "npmScopes":
			err = r.yarnScopes(d, f.val)
		case "enableStrictSsl":
			if f.val.text == "false" {
				err = r.transport(at, "this turns the check of certificates off")
			}
		case "httpProxy", "httpsProxy", "httpsCaFilePath", "caFilePath", "unsafeHttpWhitelist", "networkSettings":
			err = r.transport(at, "this changes the way to the registry ("+f.key+")")
		case "plugins":
			err = r.Report(ecosystem.Problem{Rule: RuleDynamic, Class: finding.Manifest, Effect: manifestfile.Note, At: at,
				Text: "the project brings plugins that yarn runs and that can change what is installed; review them as its own code"})
		case "packageExtensions":
			if !r.Manifest.Locked {
				err = r.Report(ecosystem.Problem{Rule: RuleConstraint, Class: finding.Manifest, Effect: manifestfile.Hold, At: at,
					Text: "packageExtensions give packages other dependencies, which the closure does not have; give the gate the project's lock"})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) yarnScopes(d *document, v *value) error {
	if v.kind != isTable {
		return nil
	}
	for _, f := range v.fields {
		if s := f.val.get("npmRegistryServer"); s != nil {
			if err := r.registry(d.place(s), s.text); err != nil {
				return err
			}
		}
	}
	return nil
}

// readPNPMSettings reads the settings that pnpm-workspace.yaml has beside its
// workspaces.
func (r *reader) readPNPMSettings(file string, b []byte) error {
	d, err := r.configYAML(file, b)
	if d == nil {
		return err
	}
	for _, f := range d.root.fields {
		at := d.placeOf(f)
		var err error
		switch f.key {
		case "registry":
			err = r.registry(at, f.val.text)
		case "registries", "namedRegistries":
			for _, s := range f.val.fields {
				if err == nil {
					err = r.registry(d.placeOf(s), s.val.text)
				}
			}
		case "strictSsl":
			if f.val.text == "false" {
				err = r.transport(at, "this turns the check of certificates off")
			}
		case "httpProxy", "httpsProxy", "proxy", "ca", "cafile":
			err = r.transport(at, "this changes the way to the registry ("+f.key+")")
		case "packageExtensions":
			if !r.Manifest.Locked {
				err = r.Report(ecosystem.Problem{Rule: RuleConstraint, Class: finding.Manifest, Effect: manifestfile.Hold, At: at,
					Text: "packageExtensions give packages other dependencies, which the closure does not have; give the gate the project's lock"})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readBunfig reads bun's settings.
func (r *reader) readBunfig(file string, b []byte) error {
	var c struct {
		Install struct {
			Registry any            `toml:"registry"`
			Scopes   map[string]any `toml:"scopes"`
			CA       any            `toml:"ca"`
			CAFile   any            `toml:"cafile"`
		} `toml:"install"`
	}
	if err := toml.Unmarshal(b, &c); err != nil {
		return r.Report(ecosystem.Problem{Rule: RuleIndex, Class: finding.Origin, Effect: manifestfile.Hold, At: finding.Location{File: file},
			Text: fmt.Sprintf("it may name a registry, and the gate cannot read it (%s); %s", artifact.Untrusted(err.Error()), againJSON)})
	}
	at := func(word string) finding.Location {
		before, _, _ := bytes.Cut(b, []byte(word))
		return finding.Location{File: file, Line: 1 + bytes.Count(before, []byte("\n")), Column: 1}
	}
	if address, ok := bunRegistry(c.Install.Registry); ok {
		if err := r.registry(at("registry"), address); err != nil {
			return err
		}
	}
	for _, s := range c.Install.Scopes {
		if address, ok := bunRegistry(s); ok {
			if err := r.registry(at("scopes"), address); err != nil {
				return err
			}
		}
	}
	if c.Install.CA != nil || c.Install.CAFile != nil {
		return r.transport(at("ca"), "this changes the way to the registry (ca)")
	}
	return nil
}

// bunRegistry reads an address, or a table with one.
func bunRegistry(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case map[string]any:
		address, ok := v["url"].(string)
		return address, ok
	}
	return "", false
}

// findHooks looks for the programs by which pnpm lets a project change what its
// dependencies ask for. With a lock their work is done.
func (r *reader) findHooks() error {
	for _, name := range hookNames {
		p := path.Join(r.dir, name)
		if _, err := fs.Lstat(r.FS, p); err != nil {
			continue
		}
		effect := manifestfile.Hold
		if r.Manifest.Locked {
			effect = manifestfile.Note
		}
		return r.Report(ecosystem.Problem{Rule: RuleDynamic, Class: finding.Manifest, Effect: effect, At: finding.Location{File: p},
			Text: "pnpm runs this program, and it can change what is installed; review it as the project's own code, and give the gate pnpm-lock.yaml"})
	}
	return nil
}

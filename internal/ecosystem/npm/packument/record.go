package packument

import (
	"fmt"
	"unicode/utf8"
)

// Record reads a version's manifest, as a registry lists it or a publisher sends
// it, and gives what it keeps of it. Its name is for the caller to check.
func Record(manifest []byte) (name string, v Version, err error) {
	if len(manifest) > MaxRecord {
		return "", v, fmt.Errorf("%w: a manifest of more than %d bytes", ErrBad, MaxRecord)
	}
	var kept []byte
	c := NewCursor(manifest)
	v, said, err := readVersion(c, &kept)
	if err == nil {
		err = c.End()
	}
	if err != nil {
		return "", Version{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	v.Number, v.Record = said.version, kept
	return said.name, v, nil
}

// readVersion reads a version's manifest and appends its record to kept.
func readVersion(c *Cursor, kept *[]byte) (Version, named, error) {
	var v Version
	var said named
	w := Writer{b: *kept}
	w.Open()
	err := c.Object(func(key string) (err error) {
		switch key {
		case "name":
			said.name, _, err = c.Text()
		case "version":
			said.version, _, err = c.Text()
		case "deprecated":
			v.Deprecated, v.Why, err = deprecation(c)
		case "dist":
			err = readDist(c, &w, &v)
		case "scripts":
			err = w.some(c, key, installScripts)
		case "_npmUser":
			err = w.some(c, key, userMembers)
		case "description":
			err = w.short(c, key)
		default:
			if keptMembers[key] {
				err = w.Keep(c, key)
			}
		}
		return err
	})
	w.Text("name", said.name)
	w.Text("version", said.version)
	w.Close()
	*kept = w.b
	return v, said, err
}

// named is who a manifest says that it is about.
type named struct{ name, version string }

// deprecation reads what npm deprecate wrote. An empty text takes it back.
func deprecation(c *Cursor) (bool, string, error) {
	switch c.Is() {
	case 't':
		return true, "", nil
	case '"':
		s, _, err := c.Text()
		return s != "", cut(s), err
	}
	return false, "", nil
}

// keptMembers are kept as they are. What only the package's own developers use, as
// devDependencies and the settings of their tools, is left out, and so is what is
// long and stands on the package's page anyway. _hasShrinkwrap is left out because npm
// would follow the lock in the tarball, wherever that leads.
var keptMembers = map[string]bool{
	"dependencies": true, "optionalDependencies": true, "peerDependencies": true, "peerDependenciesMeta": true,
	"bundleDependencies": true, "bundledDependencies": true, "acceptDependencies": true,
	"bin": true, "directories": true, "engines": true, "os": true, "cpu": true, "libc": true, "gypfile": true,
	"license": true, "licenses": true, "homepage": true, "repository": true, "bugs": true,
	"funding": true, "gitHead": true, "main": true, "type": true,
}

// installScripts are what clients run of a package from a registry
// (https://github.com/npm/cli/blob/latest/docs/lib/content/using-npm/scripts.md).
var installScripts = map[string]bool{"preinstall": true, "install": true, "postinstall": true}

// userMembers say who published, without a mail address.
var userMembers = map[string]bool{"name": true, "trustedPublisher": true}

// distMembers are kept of dist; the address of the bytes is not among them.
var distMembers = map[string]bool{
	"integrity": true, "shasum": true, "fileCount": true, "unpackedSize": true, "signatures": true, "attestations": true,
}

// readDist keeps what a version's dist says.
func readDist(c *Cursor, w *Writer, v *Version) error {
	if c.Is() != '{' {
		return nil
	}
	v.Tarball, v.Integrity, v.Shasum, v.Attestations = "", "", "", ""
	w.Key("dist")
	w.Open()
	err := c.Object(func(key string) error {
		if !distMembers[key] && key != "tarball" {
			return nil
		}
		raw, err := c.Value()
		if err != nil {
			return err
		}
		switch key {
		case "tarball":
			v.Tarball = stringOf(raw)
			return nil
		case "integrity":
			v.Integrity = stringOf(raw)
		case "shasum":
			v.Shasum = stringOf(raw)
		case "attestations":
			v.Attestations = attestationsOf(raw)
		}
		if len(raw) <= maxDistMember {
			w.Raw(key, raw)
		}
		return nil
	})
	w.Close()
	return err
}

func stringOf(raw []byte) string {
	if raw[0] != '"' || len(raw) > maxURL {
		return ""
	}
	s, err := unquote(raw)
	if err != nil {
		return ""
	}
	return s
}

func attestationsOf(raw []byte) (url string) {
	c := NewCursor(raw)
	if c.Is() != '{' {
		return ""
	}
	_ = c.Object(func(key string) error { // it was checked
		if key == "url" {
			url, _, _ = c.Text()
		}
		return nil
	})
	if len(url) > maxURL {
		return ""
	}
	return url
}

// cut makes a text as short as people read.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText]
	for !utf8.ValidString(s) && len(s) > maxText-utf8.UTFMax {
		s = s[:len(s)-1]
	}
	return s
}

// Keep writes the next value as it stands.
func (w *Writer) Keep(c *Cursor, key string) error {
	v, err := c.Value()
	if err == nil {
		w.Raw(key, v)
	}
	return err
}

// short writes the next value when it is a text, and no more of it than people
// read.
func (w *Writer) short(c *Cursor, key string) error {
	v, ok, err := c.Text()
	if ok {
		w.Text(key, cut(v))
	}
	return err
}

// some writes the members that are wanted of the next value.
func (w *Writer) some(c *Cursor, key string, wanted map[string]bool) error {
	if c.Is() != '{' {
		return nil
	}
	before, later := len(w.b), w.later
	w.Key(key)
	w.Open()
	err := c.Object(func(key string) error {
		if !wanted[key] {
			return nil
		}
		return w.Keep(c, key)
	})
	if !w.later { // nothing of it was wanted
		w.b, w.later = w.b[:before], later
		return err
	}
	w.Close()
	return err
}

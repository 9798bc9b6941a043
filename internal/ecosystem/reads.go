package ecosystem

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// ReadManifest is e.ParseManifest, with the manifest's Reads filled in.
func ReadManifest(e Ecosystem, tree fs.FS, p string) (*Manifest, error) {
	t := &traced{FS: tree, read: map[string]bool{}}
	m, err := e.ParseManifest(t, p)
	if err != nil {
		return nil, err
	}
	t.project(e, p)
	m.Reads = t.paths()
	return m, nil
}

// Reads lists the files of a tree that reading a manifest opens, itself too, sorted;
// those up to where it stops when the manifest cannot be read. What is handed to the
// gate beside a manifest is that, and nothing else has to know what belongs to what.
func Reads(e Ecosystem, tree fs.FS, p string) []string {
	t := &traced{FS: tree, read: map[string]bool{}}
	_, _ = e.ParseManifest(t, p) // whoever reads it for good says what is wrong with it
	t.project(e, p)
	return t.paths()
}

// project reads the manifests beside a lock that may have members further down: a lock
// need not say where those stand, and speaks for them all the same.
func (t *traced) project(e Ecosystem, lock string) {
	l, ok := e.(Locker)
	if !ok {
		return
	}
	entries, err := fs.ReadDir(t.FS, path.Dir(lock))
	if err != nil {
		return
	}
	for _, entry := range entries {
		p := path.Join(path.Dir(lock), entry.Name())
		format := e.ManifestFormat(p)
		if format != "" && p != lock && l.Covers(e.ManifestFormat(lock), format) && l.Covers(format, format) {
			_, _ = e.ParseManifest(t, p)
		}
	}
}

// Covered says of each manifest whether another one speaks for it (Locker), so that
// its requirements are not looked at a second time: the two stand in one folder, or
// the other reads it and stands further up. They come from ReadManifest and are all of
// one tree; es are their ecosystems.
func Covered(es []Ecosystem, ms []*Manifest) []bool {
	out := make([]bool, len(ms))
	for i, other := range ms {
		for j, m := range ms {
			l, ok := es[j].(Locker)
			out[i] = out[i] || i != j && ok && es[i].ID() == es[j].ID() && l.Covers(m.Format, other.Format) && m.above(other)
		}
	}
	return out
}

// above says whether m stands in the folder of another manifest, or further up and
// reads it. Of two manifests of one format in one folder neither is above.
func (m *Manifest) above(other *Manifest) bool {
	from, at := path.Dir(m.Path), path.Dir(other.Path)
	if from == at {
		return m.Format != other.Format
	}
	return (from == "." || strings.HasPrefix(at, from+"/")) && slices.Contains(m.Reads, other.Path)
}

// traced notes what is read of a file system.
type traced struct {
	fs.FS
	read map[string]bool
}

var _ fs.ReadLinkFS = (*traced)(nil)

func (t *traced) paths() []string { return slices.Sorted(maps.Keys(t.read)) }

func (t *traced) note(name string, info fs.FileInfo, err error) {
	if err == nil && info.Mode().IsRegular() {
		t.read[name] = true
	}
}

// Open implements fs.FS.
func (t *traced) Open(name string) (fs.File, error) {
	f, err := t.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	t.note(name, info, err)
	return f, nil
}

// Stat implements fs.StatFS: that a file is there may be all that counts.
func (t *traced) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(t.FS, name)
	t.note(name, info, err)
	return info, err
}

// Lstat implements fs.ReadLinkFS.
func (t *traced) Lstat(name string) (fs.FileInfo, error) {
	info, err := fs.Lstat(t.FS, name)
	t.note(name, info, err)
	return info, err
}

// ReadLink implements fs.ReadLinkFS.
func (t *traced) ReadLink(name string) (string, error) { return fs.ReadLink(t.FS, name) }

// ReadDir implements fs.ReadDirFS.
func (t *traced) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(t.FS, name) }

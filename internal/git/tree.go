package git

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"
)

// errTooLarge is what opening a file above the cap of one manifest gives.
var errTooLarge = errors.New("it is larger than the gate reads")

var (
	_ fs.StatFS    = (*tree)(nil)
	_ fs.ReadDirFS = (*tree)(nil)
)

// Open implements fs.FS. A blob is read when its file is opened.
func (t *tree) Open(name string) (fs.File, error) {
	info, err := t.stat("open", name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return &openFile{info: info}, nil
	}
	b, ok, err := t.content(name)
	if err != nil {
		if t.err == nil {
			t.err = err
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errTooLarge}
	}
	return &openFile{Reader: bytes.NewReader(b), info: entry{name: info.Name(), size: int64(len(b))}}, nil
}

// Stat implements fs.StatFS. Of a file that was not opened the size is not known and
// given as 0.
func (t *tree) Stat(name string) (fs.FileInfo, error) {
	info, err := t.stat("stat", name)
	if err != nil {
		return nil, err
	}
	return info, nil
}

func (t *tree) stat(op, name string) (entry, error) {
	switch {
	case !fs.ValidPath(name):
		return entry{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	case t.files[name] != "":
		return entry{name: path.Base(name)}, nil
	case t.inside()[name] != nil || name == ".":
		return entry{name: path.Base(name), folder: true}, nil
	}
	return entry{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// ReadDir implements fs.ReadDirFS.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	info, err := t.stat("readdir", name)
	if err != nil {
		return nil, err
	}
	if !info.folder {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a folder")}
	}
	var out []fs.DirEntry
	for _, base := range t.inside()[name] {
		out = append(out, entry{name: base, folder: t.files[path.Join(name, base)] == ""})
	}
	return out, nil
}

// inside gives the names in each folder.
func (t *tree) inside() map[string][]string {
	if t.folders != nil {
		return t.folders
	}
	t.folders = map[string][]string{}
	known := map[string]bool{}
	for p := range t.files {
		for ; p != "." && !known[p] && fs.ValidPath(p); p = path.Dir(p) {
			known[p] = true
			t.folders[path.Dir(p)] = append(t.folders[path.Dir(p)], path.Base(p))
		}
	}
	for _, names := range t.folders {
		slices.Sort(names)
	}
	return t.folders
}

// entry is a file or folder of a tree. It implements fs.FileInfo and fs.DirEntry.
type entry struct {
	name   string
	size   int64
	folder bool
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) IsDir() bool                { return e.folder }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }

func (e entry) Mode() fs.FileMode {
	if e.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// openFile is an open file or folder.
type openFile struct {
	io.Reader
	info entry
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

// Read implements fs.File.
func (f *openFile) Read(b []byte) (int, error) {
	if f.Reader == nil {
		return 0, &fs.PathError{Op: "read", Path: f.info.name, Err: errors.New("is a folder")}
	}
	return f.Reader.Read(b)
}

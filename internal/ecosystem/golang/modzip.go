package golang

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/git"
)

// WriteZip writes a version's zip from the files of a repository, as the go command
// would make it (https://go.dev/ref/mod#zip-files): those below the module's folder
// ("" for the repository's own) without vendored packages and without the modules
// further down; a LICENSE of the repository's root where the folder has none. The
// go.mod has to be that module's.
func WriteZip(w io.Writer, v module.Version, folder string, files []git.File) error {
	p := artifact.Package{Ecosystem: artifact.Golang, Name: v.Path}
	if checkPackage(p) != nil || !isVersion(p, v.Version) {
		return fmt.Errorf("%s is no version of a module; write MODULE@vX.Y.Z, with /vX at the module's end from v2 on", v)
	}
	prefix := ""
	if folder != "" && folder != "." {
		prefix = path.Clean(folder) + "/"
	}
	var in []modzip.File
	var mod []byte
	var licence *git.File
	own := false
	for i, f := range files {
		if f.Path == "LICENSE" {
			licence = &files[i]
		}
		name, ok := strings.CutPrefix(f.Path, prefix)
		if !ok {
			continue
		}
		if name == "go.mod" {
			mod = f.Content
		}
		own = own || name == "LICENSE"
		in = append(in, zipEntry{name, f})
	}
	if licence != nil && !own {
		in = append(in, zipEntry{"LICENSE", *licence})
	}
	if mod == nil {
		return fmt.Errorf("there is no %sgo.mod; name the module's folder", prefix)
	}
	if got := modfile.ModulePath(mod); got != v.Path {
		return fmt.Errorf("%sgo.mod is that of %s, not of %s", prefix, artifact.Untrusted(got), v.Path)
	}
	if err := modzip.Create(w, v, in); err != nil {
		return fmt.Errorf("writing the zip of %s: %w", v, err)
	}
	return nil
}

// zipEntry is a file on its way into a zip.
type zipEntry struct {
	name string
	git.File
}

func (e zipEntry) Path() string                { return e.name }
func (e zipEntry) Lstat() (fs.FileInfo, error) { return entryInfo{e}, nil }
func (e zipEntry) Open() (io.ReadCloser, error) {
	if e.Content == nil {
		return nil, errors.New("it was not read")
	}
	return io.NopCloser(bytes.NewReader(e.Content)), nil
}

// entryInfo says that a file is regular, which is all that is asked.
type entryInfo struct{ e zipEntry }

func (i entryInfo) Name() string       { return path.Base(i.e.name) }
func (i entryInfo) Size() int64        { return int64(len(i.e.Content)) }
func (i entryInfo) Mode() fs.FileMode  { return 0o644 }
func (i entryInfo) ModTime() time.Time { return time.Time{} }
func (i entryInfo) IsDir() bool        { return false }
func (i entryInfo) Sys() any           { return nil }

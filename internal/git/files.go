package git

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Limits on a tree that is read whole.
const (
	maxTreeFiles = 50_000
	maxTreeBytes = 512 << 20
)

// File is a regular file of a commit.
type File struct {
	Path       string // in the repository, slash-separated
	Content    []byte
	Executable bool
}

// Files reads the regular files below a folder ("" for all) of a commit, in order of
// path, with git's plumbing alone: no filter, attribute or hook of the repository
// takes part. Symbolic links and submodules are left out. It gives the commit's id
// too. A file or a tree beyond the limits is an error.
func Files(ctx context.Context, dir, revision, folder string) (files []File, commit string, err error) {
	r := repository{dir: dir}
	if commit, err = r.commit(ctx, revision); err != nil {
		return nil, "", err
	}
	var ids []string
	err = r.records(ctx, func(s string) error {
		meta, p, ok := strings.Cut(s, "\t")
		f := strings.Fields(meta)
		switch {
		case !ok || len(f) != 3:
			return fmt.Errorf("unexpected line %q", artifact.Untrusted(s))
		case !isFile(f[0]), folder != "" && !strings.HasPrefix(p, path.Clean(folder)+"/"):
			return nil
		}
		if files = append(files, File{Path: p, Executable: f[0] == "100755"}); len(files) > maxTreeFiles {
			return fmt.Errorf("the tree has more than %d files", maxTreeFiles)
		}
		ids = append(ids, f[2])
		return nil
	}, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, "", fmt.Errorf("reading the files of %s: %w", commit, err)
	}
	o, err := r.objects(ctx)
	if err != nil {
		return nil, "", err
	}
	defer o.close()
	o.left = maxTreeBytes
	for i := range files {
		b, ok, err := o.blob(ids[i])
		if err != nil {
			return nil, "", fmt.Errorf("reading %q of %s: %w", artifact.Untrusted(files[i].Path), commit, err)
		}
		if !ok {
			return nil, "", fmt.Errorf("%q is larger than %d MiB; leave it out of the module", artifact.Untrusted(files[i].Path), maxFileBytes>>20)
		}
		files[i].Content = b
	}
	return files, commit, nil
}

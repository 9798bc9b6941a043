package advisory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Getter fetches over HTTP. The body gives an error when the answer is longer
// than maxBytes; the caller closes it. Redirects, retries, time-outs and which
// addresses may be reached are the Getter's work. A status of any kind is an
// answer, not an error.
type Getter interface {
	Get(ctx context.Context, url string, header http.Header, maxBytes int64) (status int, answer http.Header, body io.ReadCloser, err error)
}

// errUnchanged says that a source still has what an ETag names.
var errUnchanged = errors.New("unchanged")

// A source is a place laid out like OSV's export. open gives a file by its
// slash-separated path: fs.ErrNotExist when the source answers that it has none,
// errUnchanged when etag is not empty and still names it.
type source interface {
	open(ctx context.Context, path, etag string, most int64) (body io.ReadCloser, newETag string, err error)
}

// parseSource reads what a person writes: an https URL, a file URL or a folder.
// It gives one name to the spellings of one source.
func parseSource(s string, get Getter) (src source, name string, err error) {
	u, err := url.Parse(s)
	if err != nil || !strings.Contains(s, "://") {
		return newFolder(s)
	}
	switch {
	case u.User != nil:
		return nil, "", errors.New("advisory source: write no user or password into the URL")
	case u.Scheme == "file" && (u.Host == "" || u.Host == "localhost"):
		return newFolder(filepath.FromSlash(u.Path))
	case u.RawQuery != "" || u.Fragment != "":
		return nil, "", fmt.Errorf("advisory source %s: an address with a query cannot be extended by file names", s)
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		if get == nil {
			return nil, "", fmt.Errorf("advisory source %s: no HTTP client configured", s)
		}
		base := strings.TrimRight(s, "/")
		return remote{base: base, get: get}, base, nil
	}
	return nil, "", fmt.Errorf("advisory source %s: want an https URL, a file URL or a folder", s)
}

func newFolder(path string) (source, string, error) {
	if path == "" {
		return nil, "", errors.New("advisory source: an empty name")
	}
	path, err := filepath.Abs(path)
	return folder(path), path, err
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// remote reads over HTTP.
type remote struct {
	base string
	get  Getter
}

func (r remote) open(ctx context.Context, path, etag string, most int64) (io.ReadCloser, string, error) {
	header := http.Header{}
	if etag != "" {
		header.Set("If-None-Match", etag)
	}
	where := r.base + "/" + (&url.URL{Path: path}).EscapedPath()
	status, answer, body, err := r.get.Get(ctx, where, header, most)
	if err != nil {
		return nil, "", err
	}
	if status == http.StatusOK {
		return body, answer.Get("ETag"), nil
	}
	if body != nil {
		body.Close()
	}
	switch status {
	case http.StatusNotModified:
		if etag != "" {
			return nil, etag, errUnchanged
		}
	case http.StatusNotFound, http.StatusGone:
		return nil, "", fmt.Errorf("%s: %w", where, fs.ErrNotExist)
	}
	return nil, "", fmt.Errorf("%s answered %d", where, status)
}

// folder reads from this machine. It has no ETags: comparing digests is cheap.
type folder string

func (f folder) open(ctx context.Context, path, _ string, most int64) (io.ReadCloser, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	where := filepath.Join(string(f), filepath.FromSlash(path))
	info, err := os.Stat(where)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", fs.ErrNotExist
	case err != nil:
		return nil, "", err
	case !info.Mode().IsRegular(): // a pipe would wait for ever
		return nil, "", fmt.Errorf("%s is not a regular file", where)
	case info.Size() > most:
		return nil, "", fmt.Errorf("%s has %d bytes, at most %d are read", where, info.Size(), most)
	}
	body, err := os.Open(where)
	return body, "", err
}

// plainRecords lists the .json files of an ecosystem's folder, sorted by name.
// It is how a few hand-written records are kept, without zip and list.
func (f folder) plainRecords(name string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(string(f), name))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".json") {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

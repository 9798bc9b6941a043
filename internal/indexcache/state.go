package indexcache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// What is kept on disk, below CacheDir:
//
//	index/<folder>/state.json      the state of a package's index, replaced atomically
//	index/<folder>/<digest>.page   the bytes it speaks of
//	metadata/<xx>/<key>            a document, or what was made of files (document.go)
const (
	indexFolder    = "index"
	documentFolder = "metadata"
	maxStoredState = 64 << 10 // bytes
)

// lastAnswer is an index with what is needed to ask again.
type lastAnswer struct {
	state state
	index *ecosystem.Index
}

// current gives the index, marked Stale when it is not fresh.
func (a *lastAnswer) current(fresh bool) *ecosystem.Index {
	if fresh {
		return a.index
	}
	out := *a.index
	out.Stale = true
	return &out
}

// state is what is kept beside an answer's bytes.
type state struct {
	Page         string          `json:"page"`  // the URL asked
	Answered     string          `json:"final"` // the URL that answered, for relative links
	ContentType  string          `json:"content_type"`
	ETag         string          `json:"etag,omitempty"`
	LastModified string          `json:"last_modified,omitempty"`
	ConfirmedMS  int64           `json:"confirmed_ms"` // when the upstream last said that this is so
	Digest       artifact.Digest `json:"digest"`
}

func newState(page string, resp *fetch.Response, body []byte, now time.Time) state {
	s := state{
		Page: page, Answered: resp.URL.String(), ContentType: resp.Header.Get("Content-Type"),
		ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"),
		ConfirmedMS: now.UnixMilli(), Digest: artifact.DigestOf(body),
	}
	if len(s.ETag)+len(s.LastModified) > maxValidator {
		s.ETag, s.LastModified = "", ""
	}
	return s
}

func (s state) at() time.Time { return time.UnixMilli(s.ConfirmedMS).UTC() }

// confirmed is the state after the upstream said "not modified".
func (s state) confirmed(now time.Time, h http.Header) state {
	s.ConfirmedMS = now.UnixMilli()
	if etag := h.Get("ETag"); etag != "" && len(etag) <= maxValidator {
		s.ETag = etag
	}
	return s
}

// conditions makes a request conditional.
func (s state) conditions(h http.Header) {
	if s.ETag != "" {
		h.Set("If-None-Match", s.ETag)
	}
	if s.LastModified != "" {
		h.Set("If-Modified-Since", s.LastModified)
	}
}

// known gives the last answer, from memory or disk, or nil. What is damaged, or
// came from another URL than the configured one, is not known.
func (c *Cache) known(p artifact.Package) *lastAnswer {
	key := c.cfg.Folder(p)
	if k := c.memory.get(key); k != nil {
		return k
	}
	s, body, err := c.stored(key)
	if err != nil || s.Page != c.cfg.Page(c.Base(), p) {
		return nil
	}
	base, err := url.Parse(s.Answered)
	if err != nil {
		return nil
	}
	x, err := c.parse(p, base, s.ContentType, body)
	if err != nil {
		return nil
	}
	k := &lastAnswer{state: s, index: c.label(x, s)}
	c.memory.put(key, k)
	return k
}

func (c *Cache) indexDir(key string) string { return filepath.Join(c.cfg.CacheDir, indexFolder, key) }

// stored reads an answer back; its bytes have the recorded digest.
func (c *Cache) stored(key string) (state, []byte, error) {
	dir := c.indexDir(key)
	text, err := readCapped(filepath.Join(dir, "state.json"), maxStoredState)
	if err != nil {
		return state{}, nil, err
	}
	s, err := parseState(text)
	if err != nil {
		return state{}, nil, fmt.Errorf("reading cached index %s: %w", key, err)
	}
	body, err := readCapped(filepath.Join(dir, string(s.Digest)+".page"), c.cfg.MaxBytes)
	if err != nil {
		return state{}, nil, err
	}
	if artifact.DigestOf(body) != s.Digest {
		return state{}, nil, fmt.Errorf("reading cached index %s: its bytes are damaged", key)
	}
	return s, body, nil
}

func parseState(text []byte) (state, error) {
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return state{}, err
	}
	_, err := artifact.ParseDigest(string(s.Digest)) // it is part of a path
	return s, err
}

// store writes the bytes, if there are new ones, before the state that names
// them; then older bytes go. A crash in between leaves a usable older answer.
func (c *Cache) store(key string, s state, body []byte) error {
	dir := c.indexDir(key)
	page := string(s.Digest) + ".page"
	if body != nil {
		if err := ReplaceFile(filepath.Join(dir, page), body); err != nil {
			return fmt.Errorf("caching index %s: %w", key, err)
		}
	}
	text, err := json.Marshal(s)
	if err == nil {
		err = ReplaceFile(filepath.Join(dir, "state.json"), text)
	}
	if err != nil {
		return fmt.Errorf("caching index %s: %w", key, err)
	}
	if body == nil {
		return nil
	}
	old, err := os.ReadDir(dir)
	for _, f := range old {
		if name := f.Name(); strings.HasSuffix(name, ".page") && name != page {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
		}
	}
	if err != nil {
		return fmt.Errorf("caching index %s: %w", key, err)
	}
	return nil
}

func (c *Cache) removeStored(key string) error {
	if err := os.RemoveAll(c.indexDir(key)); err != nil {
		return fmt.Errorf("removing cached index %s: %w", key, err)
	}
	return nil
}

// Clean removes what is kept on disk about packages that the upstream has not
// confirmed since the given time, and documents written before it; it says how
// many things that were. It may run beside everything else.
func (c *Cache) Clean(before time.Time) (int, error) {
	n := 0
	dirs, err := os.ReadDir(filepath.Join(c.cfg.CacheDir, indexFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("cleaning index cache: %w", err)
	}
	for _, d := range dirs {
		key := d.Name()
		if s, _, err := c.stored(key); err == nil && !s.at().Before(before) {
			continue
		}
		if err := c.removeStored(key); err != nil {
			return n, err
		}
		c.memory.remove(key)
		n++
	}
	cleaned, err := cleanOld(filepath.Join(c.cfg.CacheDir, documentFolder), before)
	return n + cleaned, err
}

func cleanOld(dir string, before time.Time) (int, error) {
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || !info.ModTime().Before(before) {
			return nil
		}
		n++
		return os.Remove(path)
	})
	if err != nil {
		return n, fmt.Errorf("cleaning document cache: %w", err)
	}
	return n, nil
}

// ReplaceFile writes a file, and its folder where that is missing, so that a reader sees
// the old one or the new one. It is not synced: it is for what can be fetched again.
func ReplaceFile(path string, parts ...[]byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing to remove
	for _, part := range parts {
		if _, werr := f.Write(part); werr != nil {
			err = errors.Join(err, werr)
			break
		}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func readCapped(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", filepath.Base(path), limit)
	}
	return b, err
}

// maxFolder is how long a folder's name may be, in bytes, before its digest stands
// for it: file systems take 255.
const maxFolder = 200

// FolderOf spells a name as one path element that no two names share on any file
// system: lower-case letters, digits, "-", "_" and inner "." stay; an upper-case
// letter is "!" and the lower-case one, as in Go's module cache; every other byte
// "%" and two digits; a long name is "long!!" and its digest.
func FolderOf(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0 && i < len(name)-1:
			b.WriteByte(c)
		case 'A' <= c && c <= 'Z':
			b.WriteString("!" + string(c+'a'-'A'))
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if b.Len() > maxFolder || b.Len() == 0 {
		return "long!!" + string(artifact.DigestOf([]byte(name)))
	}
	return b.String()
}

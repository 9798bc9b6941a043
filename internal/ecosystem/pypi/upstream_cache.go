package pypi

import (
	"container/list"
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
	"sync"
	"time"
	"weak"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
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

// state is what is kept beside an index's bytes:
//
//	CacheDir/index/<name>/state.json      this, replaced atomically
//	CacheDir/index/<name>/<digest>.page   the bytes it speaks of
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

// conditions makes a request for an index conditional.
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
func (u *Upstream) known(p artifact.Package) *lastAnswer {
	if k := u.memory.get(p.Name); k != nil {
		return k
	}
	s, body, err := u.stored(p)
	if err != nil || s.Page != u.base.JoinPath(p.Name).String()+"/" {
		return nil
	}
	base, err := url.Parse(s.Answered)
	if err != nil {
		return nil
	}
	x, err := parseIndex(p, base, s.ContentType, body)
	if err != nil {
		return nil
	}
	k := &lastAnswer{state: s, index: u.label(x, s)}
	u.memory.put(p.Name, k)
	return k
}

// Known says whether the upstream has listed the package before, as far as is kept
// here. It asks nobody.
func (u *Upstream) Known(p artifact.Package) bool {
	return checkPackage(p) == nil && u.known(p) != nil
}

func (u *Upstream) indexDir(p artifact.Package) string {
	return filepath.Join(u.cfg.CacheDir, "index", p.Name)
}

// stored reads an answer back; its bytes have the recorded digest.
func (u *Upstream) stored(p artifact.Package) (state, []byte, error) {
	dir := u.indexDir(p)
	text, err := readCapped(filepath.Join(dir, "state.json"), maxStoredIndexState)
	if err != nil {
		return state{}, nil, err
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return state{}, nil, fmt.Errorf("reading cached index of %s: %w", p.Name, err)
	}
	if _, err := artifact.ParseDigest(string(s.Digest)); err != nil {
		return state{}, nil, fmt.Errorf("reading cached index of %s: %w", p.Name, err)
	}
	body, err := readCapped(filepath.Join(dir, string(s.Digest)+".page"), MaxIndexBytes)
	if err != nil {
		return state{}, nil, err
	}
	if artifact.DigestOf(body) != s.Digest {
		return state{}, nil, fmt.Errorf("reading cached index of %s: its bytes are damaged", p.Name)
	}
	return s, body, nil
}

// store writes the bytes, if there are new ones, before the state that names
// them; then older bytes go. A crash in between leaves a usable older answer.
func (u *Upstream) store(p artifact.Package, s state, body []byte) error {
	dir := u.indexDir(p)
	page := string(s.Digest) + ".page"
	if body != nil {
		if err := replaceFile(filepath.Join(dir, page), body); err != nil {
			return fmt.Errorf("caching index of %s: %w", p.Name, err)
		}
	}
	text, err := json.Marshal(s)
	if err == nil {
		err = replaceFile(filepath.Join(dir, "state.json"), text)
	}
	if err != nil {
		return fmt.Errorf("caching index of %s: %w", p.Name, err)
	}
	if body == nil {
		return nil
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.page"))
	for _, f := range old {
		if filepath.Base(f) != page {
			err = errors.Join(err, os.Remove(f))
		}
	}
	if err != nil {
		return fmt.Errorf("caching index of %s: %w", p.Name, err)
	}
	return nil
}

func (u *Upstream) removeStored(p artifact.Package) error {
	if err := os.RemoveAll(u.indexDir(p)); err != nil {
		return fmt.Errorf("removing cached index of %s: %w", p.Name, err)
	}
	return nil
}

// Clean removes what is kept on disk about packages that the upstream has not
// confirmed since the given time, and metadata written before it; it says how
// many things that were. It may run beside everything else.
func (u *Upstream) Clean(before time.Time) (int, error) {
	n := 0
	dirs, err := os.ReadDir(filepath.Join(u.cfg.CacheDir, "index"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("cleaning index cache: %w", err)
	}
	for _, d := range dirs {
		p := artifact.Package{Ecosystem: artifact.PyPI, Name: d.Name()}
		if s, _, err := u.stored(p); err == nil && !s.at().Before(before) {
			continue
		}
		if err := u.removeStored(p); err != nil {
			return n, err
		}
		u.memory.remove(p.Name)
		n++
	}
	cleaned, err := cleanOld(filepath.Join(u.cfg.CacheDir, "metadata"), before)
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
		return n, fmt.Errorf("cleaning metadata cache: %w", err)
	}
	return n, nil
}

// replaceFile writes a file so that a reader sees the old one or the new one.
// It is not synced: what it caches carries its digest and can be fetched again.
func replaceFile(path string, content []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing to remove
	_, err = f.Write(content)
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

// recent keeps parsed indexes in memory, the least recently used going first
// once their estimated size is over the limit. The newest always stays, however
// large. Safe for concurrent use.
type recent struct {
	mu     sync.Mutex
	limit  int
	bytes  int
	order  *list.List // of *kept, newest first
	byName map[string]*list.Element
	// dropped are those that had to go. An index that somebody else still holds, as
	// the gate does for what it decided about, is found again instead of parsed.
	dropped map[string]weakAnswer
}

type weakAnswer struct {
	state state
	index weak.Pointer[ecosystem.Index]
}

// maxDropped bounds the memory of what is gone.
const maxDropped = 4096

type kept struct {
	name   string
	answer *lastAnswer
	bytes  int
}

func newRecent(limit int) *recent {
	return &recent{limit: limit, order: list.New(), byName: map[string]*list.Element{}, dropped: map[string]weakAnswer{}}
}

func (r *recent) get(name string) *lastAnswer {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byName[name]
	if e == nil {
		return r.regain(name)
	}
	r.order.MoveToFront(e)
	return e.Value.(*kept).answer
}

// regain takes back an answer that was dropped while its index is still in use.
func (r *recent) regain(name string) *lastAnswer {
	w, ok := r.dropped[name]
	if !ok {
		return nil
	}
	x := w.index.Value()
	if x == nil {
		delete(r.dropped, name)
		return nil
	}
	a := &lastAnswer{state: w.state, index: x}
	r.keep(name, a)
	return a
}

func (r *recent) put(name string, a *lastAnswer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(name, a)
}

func (r *recent) keep(name string, a *lastAnswer) {
	r.drop(name)
	delete(r.dropped, name)
	k := &kept{name: name, answer: a, bytes: weigh(a.index)}
	r.byName[name] = r.order.PushFront(k)
	r.bytes += k.bytes
	for r.bytes > r.limit && r.order.Len() > 1 {
		oldest := r.order.Back().Value.(*kept)
		r.drop(oldest.name)
		if len(r.dropped) >= maxDropped {
			clear(r.dropped)
		}
		r.dropped[oldest.name] = weakAnswer{oldest.answer.state, weak.Make(oldest.answer.index)}
	}
}

func (r *recent) remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(name)
	delete(r.dropped, name)
}

func (r *recent) drop(name string) {
	e := r.byName[name]
	if e == nil {
		return
	}
	r.bytes -= e.Value.(*kept).bytes
	r.order.Remove(e)
	delete(r.byName, name)
}

// weigh estimates an index's memory: the fixed part of each file and its texts.
func weigh(x *ecosystem.Index) int {
	n := 512
	for _, f := range x.Files {
		n += 256 + len(f.Name) + len(f.URL) + len(f.SHA256) + len(f.MetadataSHA256) +
			len(f.RequiresPython) + len(f.YankedReason) + len(f.Provenance)
	}
	return n
}

// metadataPath is where a file's metadata, and what else is kept of an sdist, is
// kept: by the file's digest, or by its URL when the index gives none.
func (u *Upstream) metadataPath(f ecosystem.IndexFile) string {
	key := string(f.SHA256)
	if key == "" {
		key = "url-" + string(artifact.DigestOf([]byte(f.URL)))
	}
	if f.Kind == artifact.Sdist {
		key = "sdist-" + key
	}
	return filepath.Join(u.cfg.CacheDir, "metadata", key[len(key)-2:], key)
}

// storedMetadata gives kept metadata, or nil. Its first line is its own digest.
func (u *Upstream) storedMetadata(f ecosystem.IndexFile) []byte {
	b, err := readCapped(u.metadataPath(f), maxMetadata+128)
	if err != nil {
		return nil
	}
	digest, raw, _ := strings.Cut(string(b), "\n")
	if string(artifact.DigestOf([]byte(raw))) != digest {
		return nil
	}
	return []byte(raw)
}

func (u *Upstream) storeMetadata(f ecosystem.IndexFile, raw []byte) error {
	content := append([]byte(string(artifact.DigestOf(raw))+"\n"), raw...)
	if err := replaceFile(u.metadataPath(f), content); err != nil {
		return fmt.Errorf("caching metadata of %s: %w", artifact.Untrusted(f.Name), err)
	}
	return nil
}

package indexcache

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/fetch"
)

// Document is a further document of an upstream: a .mod, a pom, a signature.
type Document struct {
	URL      string // absolute
	Accept   string // header; "": none
	MaxBytes int64  // as decoded; 0: as much as an index
	// Immutable says that its bytes never change: once read it is never asked for
	// again.
	Immutable bool
	// Guessed says that whoever asks made the URL up, as by naming a version that no
	// index lists: one that is not there is paid for as an unknown name is.
	Guessed bool
}

// Answer is a document as the upstream gave it.
type Answer struct {
	Body         []byte // shared; do not write to it
	ContentType  string
	LastModified time.Time // zero when the upstream does not say
	Fetched      time.Time // when the upstream last confirmed it
	Stale        bool      // it could not be asked just now; this is the last known answer
}

// Document reads a document as Index reads an index: kept on disk, one call in
// flight, the last known answer preferred to none. Errors: ecosystem.ErrNoPackage
// where the upstream has no such document, remembered as absent packages are;
// ErrBadIndex where it is too large; ecosystem.ErrUnreachable; *budget.Exhausted.
func (c *Cache) Document(ctx context.Context, d Document) (Answer, error) {
	if d.MaxBytes <= 0 {
		d.MaxBytes = c.cfg.MaxBytes
	}
	got, err := paid(ctx, &c.documents, d.key(), func(ctx context.Context) (Answer, error) {
		s, body, found := c.record(d.key(), d.MaxBytes)
		if found && (d.Immutable || c.fresh(s) || c.isSilent()) {
			return s.answer(body, !d.Immutable && !c.fresh(s)), nil
		}
		if c.missing.has(d.key(), c.cfg.Now()) {
			return Answer{}, c.noDocument(d)
		}
		if !found {
			return c.askDocument(ctx, d, nil, nil)
		}
		return c.askDocument(ctx, d, &s, body)
	})
	if err != nil {
		return Answer{}, fmt.Errorf("reading %s from %s: %w", shown(d.URL), c.cfg.Name, err)
	}
	return got, nil
}

func (d Document) key() string { return d.Accept + "\n" + d.URL }

func (c *Cache) noDocument(d Document) error {
	return fmt.Errorf("it is not there: %w", ecosystem.ErrNoPackage)
}

// askDocument speaks to the upstream. known and body are the last answer, nil for
// none.
func (c *Cache) askDocument(ctx context.Context, d Document, known *state, body []byte) (Answer, error) {
	isThere, err := c.payForDocument(ctx, d, known)
	if err != nil {
		return Answer{}, err
	}
	header := http.Header{}
	if d.Accept != "" {
		header.Set("Accept", d.Accept)
	}
	if known != nil {
		known.conditions(header)
	}
	resp, fresh, err := c.cfg.Client.ReadAll(ctx, fetch.Request{URL: d.URL, Header: header, MaxBytes: d.MaxBytes, Compressed: true})
	if ctx.Err() == nil && !isAbsent(err) {
		isThere()
	}
	lastKnown := func(err error) (Answer, error) {
		if known != nil {
			return known.answer(body, true), nil
		}
		return Answer{}, err
	}
	switch {
	case ctx.Err() != nil:
		return Answer{}, context.Cause(ctx)
	case isAbsent(err):
		c.missing.add(d.key(), c.cfg.Now())
		c.warn(d.URL, c.forgetRecord(d.key()))
		return Answer{}, c.noDocument(d)
	case errors.Is(err, fetch.ErrTooLarge):
		return lastKnown(fmt.Errorf("%w: it is larger than %d bytes", ErrBadIndex, d.MaxBytes))
	case err != nil:
		c.setSilent(err)
		return lastKnown(fmt.Errorf("%w: %w", ecosystem.ErrUnreachable, err))
	case resp.Status == http.StatusNotModified && known != nil:
		return c.keepDocument(d, known.confirmed(c.cfg.Now(), resp.Header), body), nil
	case resp.Status != http.StatusOK:
		return lastKnown(fmt.Errorf("%w: it answered %d", ErrBadIndex, resp.Status))
	}
	return c.keepDocument(d, newState(d.URL, resp, fresh, c.cfg.Now()), fresh), nil
}

func (c *Cache) payForDocument(ctx context.Context, d Document, known *state) (itIsThere func(), err error) {
	if known == nil && d.Guessed {
		return payForGuess(ctx)
	}
	return func() {}, mayFetch(ctx)
}

func (c *Cache) keepDocument(d Document, s state, body []byte) Answer {
	c.warn(d.URL, c.putRecord(d.key(), s, body))
	c.missing.remove(d.key())
	c.setSpeaking()
	return s.answer(body, false)
}

func (s state) answer(body []byte, stale bool) Answer {
	a := Answer{Body: body, ContentType: s.ContentType, Fetched: s.at(), Stale: stale}
	if at, err := http.ParseTime(s.LastModified); err == nil {
		a.LastModified = at.UTC()
	}
	return a
}

// Derive gives what make gave for a key before, from disk, else what it gives now:
// one call for a key at a time, paid for by whoever asks first. check is asked about
// the bytes in either case; what it refuses is not kept, and made again when it was.
// It is for what is worked out of an upstream's files at some cost, as metadata
// read from inside an archive. The bytes are shared; do not write to them.
func (c *Cache) Derive(ctx context.Context, key string, maxBytes int64, check func([]byte) error, make func(context.Context) ([]byte, error)) ([]byte, error) {
	key = "derived\n" + key
	return paid(ctx, &c.derived, key, func(ctx context.Context) ([]byte, error) {
		if _, body, found := c.record(key, maxBytes); found && check(body) == nil {
			return body, nil
		}
		if err := mayFetch(ctx); err != nil {
			return nil, err
		}
		body, err := make(ctx)
		if err != nil {
			return nil, err
		}
		if err := check(body); err != nil {
			return nil, err
		}
		c.warn(key, c.putRecord(key, state{ConfirmedMS: c.cfg.Now().UnixMilli(), Digest: artifact.DigestOf(body)}, body))
		return body, nil
	})
}

// A record is a line of JSON, its state, and the bytes of that digest. Its file is
// named after its key: what is damaged is not found.

func (c *Cache) recordPath(key string) string {
	name := string(artifact.DigestOf([]byte(key)))
	return filepath.Join(c.cfg.CacheDir, documentFolder, name[:2], name)
}

func (c *Cache) record(key string, maxBytes int64) (state, []byte, bool) {
	b, err := readCapped(c.recordPath(key), maxBytes+maxStoredState)
	if err != nil {
		return state{}, nil, false
	}
	line, body, _ := bytes.Cut(b, []byte("\n"))
	s, err := parseState(line)
	if err != nil || int64(len(body)) > maxBytes || artifact.DigestOf(body) != s.Digest {
		return state{}, nil, false
	}
	return s, body, true
}

func (c *Cache) putRecord(key string, s state, body []byte) error {
	line, err := json.Marshal(s)
	if err == nil {
		err = ReplaceFile(c.recordPath(key), append(line, '\n'), body)
	}
	if err != nil {
		return fmt.Errorf("caching document: %w", err)
	}
	return nil
}

// shown is a URL in an error: without user, password and query.
func shown(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "a URL that cannot be read"
	}
	return fetch.Show(u)
}

func (c *Cache) forgetRecord(key string) error {
	if err := os.Remove(c.recordPath(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing cached document: %w", err)
	}
	return nil
}

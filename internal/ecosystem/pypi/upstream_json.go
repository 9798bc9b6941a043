package pypi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep503"
)

// projectPage is a project's page in JSON (PEP 691 and its extensions 700, 792).
type projectPage struct {
	Meta struct {
		APIVersion string `json:"api-version"`
	} `json:"meta"`
	Name   string `json:"name"`
	Status struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"project-status"`
	Files json.RawMessage `json:"files"`
}

// fileEntry is one of its files (PEP 691, 592, 700, 714, 740).
type fileEntry struct {
	Filename       string            `json:"filename"`
	URL            string            `json:"url"`
	Hashes         map[string]string `json:"hashes"`
	RequiresPython string            `json:"requires-python"`
	CoreMetadata   *metadataMark     `json:"core-metadata"`
	DistInfo       *metadataMark     `json:"dist-info-metadata"` // the name before PEP 714
	Yanked         yankMark          `json:"yanked"`
	Size           int64             `json:"size"`
	UploadTime     string            `json:"upload-time"`
	Provenance     string            `json:"provenance"`
}

// metadataMark is false, true, or the hashes of the metadata file.
type metadataMark struct {
	there  bool
	sha256 string
}

func (m *metadataMark) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &m.there); err == nil {
		return nil
	}
	var hashes map[string]string
	if err := json.Unmarshal(b, &hashes); err != nil {
		return errors.New("core-metadata is neither a boolean nor hashes")
	}
	m.there, m.sha256 = true, sha256Of(hashes)
	return nil
}

// yankMark is false, true, or the reason for true. An empty reason is one.
type yankMark struct {
	yanked bool
	reason string
}

func (y *yankMark) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &y.yanked); err == nil {
		return nil
	}
	y.yanked = true
	return json.Unmarshal(b, &y.reason)
}

// sha256Of takes a digest out of hashes; one that is announced and empty is not
// the same as none.
func sha256Of(hashes map[string]string) string {
	if s, ok := hashes["sha256"]; ok {
		return hexOrBad(s)
	}
	return ""
}

// parseIndexJSON reads a page in JSON. The page as a whole must be well-formed;
// a file entry with a field of a wrong type is dropped.
func parseIndexJSON(l *listing, body []byte) error {
	var page projectPage
	if err := json.Unmarshal(body, &page); err != nil {
		return fmt.Errorf("reading JSON page: %w", err)
	}
	if err := apiVersion(page.Meta.APIVersion); err != nil {
		return err
	}
	if page.Files == nil {
		return errors.New("JSON page lists no files")
	}
	if name, err := pep503.Parse(page.Name); err != nil || name != l.pkg.Name {
		return fmt.Errorf("JSON page is about %.60q, not %s", page.Name, l.pkg.Name)
	}
	l.setStatus(page.Status.Status, page.Status.Reason)
	return eachFile(page.Files, l)
}

// eachFile decodes one entry at a time: a page of a few megabytes could else
// stand for gigabytes of empty entries.
func eachFile(files json.RawMessage, l *listing) error {
	dec := json.NewDecoder(bytes.NewReader(files))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return errors.New("files of the JSON page is not a list")
	}
	for dec.More() {
		if err := l.count(); err != nil {
			return err
		}
		// The page as a whole was well-formed: what fails here is an entry's type,
		// and the decoder goes on behind it.
		var f fileEntry
		if err := dec.Decode(&f); err != nil {
			l.drop()
			continue
		}
		l.add(f.entry())
	}
	return nil
}

func (f fileEntry) entry() entry {
	e := entry{
		name: f.Filename, href: f.URL, sha256: sha256Of(f.Hashes), size: f.Size, uploaded: f.UploadTime,
		requiresPython: f.RequiresPython, yanked: f.Yanked.yanked, yankedReason: f.Yanked.reason, provenance: f.Provenance,
	}
	mark := f.CoreMetadata
	if mark == nil {
		mark = f.DistInfo
	}
	if mark != nil {
		e.hasMetadata, e.metadataSHA256 = mark.there, mark.sha256
	}
	return e
}

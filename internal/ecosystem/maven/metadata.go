package maven

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
)

// metadataFile is the name of the document that lists a package's versions, or a
// group's plugins (https://maven.apache.org/repositories/metadata.html).
const metadataFile = "maven-metadata.xml"

// stampLayout is how metadata writes a moment, in UTC.
const stampLayout = "20060102150405"

// Tags of an index: what metadata calls the newest version, and the newest that is no
// snapshot.
const (
	tagLatest  = "latest"
	tagRelease = "release"
)

// Limits of one metadata document.
const (
	maxMetadataBytes = 16 << 20
	maxListed        = 20_000 // versions of one package
	maxPlugins       = 10_000 // plugins of one group
)

// document is a maven-metadata.xml.
type document struct {
	XMLName    xml.Name        `xml:"metadata"`
	Model      string          `xml:"modelVersion,attr,omitempty"`
	Group      string          `xml:"groupId,omitempty"`
	Artifact   string          `xml:"artifactId,omitempty"`
	Version    string          `xml:"version,omitempty"` // of a snapshot's own document
	Versioning *versioning     `xml:"versioning"`
	Plugins    *[]pluginPrefix `xml:"plugins>plugin"`
}

type versioning struct {
	Latest   string         `xml:"latest,omitempty"`
	Release  string         `xml:"release,omitempty"`
	Versions []string       `xml:"versions>version"`
	Newest   *newestBuild   `xml:"snapshot"` // of a snapshot's own document
	Updated  string         `xml:"lastUpdated,omitempty"`
	Builds   []snapshotFile `xml:"snapshotVersions>snapshotVersion"`
}

// newestBuild is which build of a snapshot was made last.
type newestBuild struct {
	Stamp string `xml:"timestamp"`
	Count int    `xml:"buildNumber"`
}

// snapshotFile is which build a file of a snapshot is taken from.
type snapshotFile struct {
	Classifier string `xml:"classifier,omitempty"`
	Extension  string `xml:"extension"`
	Value      string `xml:"value"` // the build's number
	Updated    string `xml:"updated"`
}

// pluginPrefix is by which word mvn calls a plugin of a group.
type pluginPrefix struct {
	Name     string `xml:"name,omitempty"`
	Prefix   string `xml:"prefix"`
	Artifact string `xml:"artifactId"`
}

func parseDocument(body []byte) (document, error) {
	var d document
	dec := xml.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&d); err != nil {
		return document{}, fmt.Errorf("reading %s: %s", metadataFile, artifact.Untrusted(err.Error()))
	}
	return d, nil
}

// bytes writes the document as its clients read it.
func (d document) bytes() ([]byte, error) {
	b, err := xml.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", metadataFile, err)
	}
	return append(append([]byte(xml.Header), b...), '\n'), nil
}

// parseIndex reads a package's metadata: each version has its pom, and which files are
// beside it nobody lists. Until a file's own date is known it has that of the whole
// list, which no version of it is younger than by the upstream's word. Snapshots and
// what is no version are dropped. A group's document without versions is an index
// without files.
func parseIndex(p artifact.Package, _ *url.URL, _ string, body []byte) (*ecosystem.Index, error) {
	n, err := coordinate.Of(p)
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(body)
	if err != nil {
		return nil, err
	}
	x := &ecosystem.Index{Package: p}
	if d.Versioning == nil || len(d.Versioning.Versions) == 0 {
		return x, nil
	}
	if trimmed(d.Group) != n.Group && trimmed(d.Group) != "" || trimmed(d.Artifact) != n.Artifact && trimmed(d.Artifact) != "" {
		return nil, errors.New("it is about another package")
	}
	if len(d.Versioning.Versions) > maxListed {
		return nil, fmt.Errorf("it lists more than %d versions", maxListed)
	}
	updated := parseStamp(d.Versioning.Updated)
	seen := map[string]bool{}
	for _, v := range d.Versioning.Versions {
		v = trimmed(v)
		if !isVersion(v) || seen[v] {
			x.Dropped++
			continue
		}
		seen[v] = true
		x.Files = append(x.Files, ecosystem.IndexFile{Name: n.File(v, "", pomExt), Number: v, Kind: artifact.Asset, Uploaded: updated})
	}
	x.Tags = map[string]string{}
	for tag, v := range map[string]string{tagLatest: trimmed(d.Versioning.Latest), tagRelease: trimmed(d.Versioning.Release)} {
		if seen[v] {
			x.Tags[tag] = v
		}
	}
	return x, nil
}

func trimmed(s string) string { return strings.TrimSpace(s) }

// isVersion says whether a number is one that is asked for here: one that stands in a
// path as it is, and is no snapshot.
func isVersion(s string) bool {
	return coordinate.CheckVersion(s) == nil && !strings.HasSuffix(s, snapshot)
}

// parseStamp reads a moment; the zero time where there is none that can be read.
func parseStamp(s string) time.Time {
	at, err := time.ParseInLocation(stampLayout, trimmed(s), time.UTC)
	if err != nil {
		return time.Time{}
	}
	return at
}

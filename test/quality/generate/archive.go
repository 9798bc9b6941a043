package generate

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// entry is one file of a package.
type entry struct {
	name string
	body string
	exec bool
}

// modified is the time that all entries carry.
var modified = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// contents collects a package's files in order; a name that is set twice keeps
// the last body.
type contents struct{ entries []entry }

func (c *contents) add(name, body string) { c.put(entry{name, body, false}) }

func (c *contents) put(e entry) {
	if i := slices.IndexFunc(c.entries, func(o entry) bool { return o.name == e.name }); i >= 0 {
		c.entries[i] = e
		return
	}
	c.entries = append(c.entries, e)
}

func (c *contents) has(name string) bool {
	return slices.ContainsFunc(c.entries, func(e entry) bool { return e.name == name })
}

// wheel writes a wheel (https://packaging.python.org/en/latest/specifications/binary-distribution-format/)
// with a true RECORD.
func wheel(c contents, name, version string) []byte {
	record := name + "-" + version + ".dist-info/RECORD"
	var lines strings.Builder
	for _, e := range c.entries {
		sum := sha256.Sum256([]byte(e.body))
		fmt.Fprintf(&lines, "%s,sha256=%s,%d\n", e.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(e.body))
	}
	if !c.has(record) {
		c.add(record, lines.String()+record+",,\n")
	}
	return zipped(c, "")
}

func zipped(c contents, root string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range c.entries {
		h := &zip.FileHeader{Name: root + e.name, Method: zip.Deflate, Modified: modified}
		h.SetMode(mode(e))
		w, err := z.CreateHeader(h)
		must(err)
		_, err = w.Write([]byte(e.body))
		must(err)
	}
	must(z.Close())
	return b.Bytes()
}

// tarball writes a gzipped tar with every entry below root.
func tarball(c contents, root string) []byte {
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	writeTar(g, c, root)
	must(g.Close())
	return b.Bytes()
}

func plainTar(c contents) []byte {
	var b bytes.Buffer
	writeTar(&b, c, "")
	return b.Bytes()
}

func writeTar(w io.Writer, c contents, root string) {
	t := tar.NewWriter(w)
	for _, e := range c.entries {
		must(t.WriteHeader(&tar.Header{Name: root + e.name, Mode: int64(mode(e)), Size: int64(len(e.body)), ModTime: modified, Format: tar.FormatUSTAR}))
		_, err := t.Write([]byte(e.body))
		must(err)
	}
	must(t.Close())
}

func gzipped(s string) string {
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	_, err := g.Write([]byte(s))
	must(err)
	must(g.Close())
	return b.String()
}

// gem writes a Ruby package: a tar of three gzipped parts.
func gem(c contents, metadata string) []byte {
	data := string(tarball(c, ""))
	sums := fmt.Sprintf("---\nSHA256:\n  metadata.gz: %s\n  data.tar.gz: %s\n", sum(gzipped(metadata)), sum(data))
	return plainTar(contents{[]entry{{"metadata.gz", gzipped(metadata), false}, {"data.tar.gz", data, false}, {"checksums.yaml.gz", gzipped(sums), false}}})
}

func sum(s string) string {
	d := sha256.Sum256([]byte(s))
	return hex.EncodeToString(d[:])
}

func mode(e entry) fs.FileMode {
	if e.exec {
		return 0o755
	}
	return 0o644
}

// must is for writers in memory, which do not fail.
func must(err error) {
	if err != nil {
		panic("generate: " + err.Error())
	}
}

// Package record is what the gate keeps of a version of a Go module beside its
// zip: what the proxy's .info says (https://go.dev/ref/mod#goproxy-protocol) and
// what the checksum database says (https://go.dev/ref/mod#checksum-database). The
// upstream writes it into ecosystem.IndexFile.Record, and the honesty check holds
// the zip against it. It is plain values and their JSON, and promises nothing more.
package record

import (
	"encoding/json"
	"fmt"
	"time"
)

// State says what is known of the database's word about a version.
type State string

// The states. The zero one holds what is new: nobody has vouched for the bytes.
const (
	Unknown  State = ""         // the database was not asked yet, or did not answer
	Verified State = "verified" // its record was proved to be in the log
	Absent   State = "absent"   // it answered that it has no record of the version
	Keyless  State = "keyless"  // no key of the database is known here
	Off      State = "off"      // the configuration says that nobody is asked
	Own      State = "own"      // the module is published here
	Assumed  State = "assumed"  // nobody is asked, though no configuration says so
)

// Sum is the checksum database's word about a version.
type Sum struct {
	State  State  `json:"state,omitempty"`
	Zip    string `json:"zip,omitempty"`    // "h1:…", of the zip's files
	Mod    string `json:"mod,omitempty"`    // "h1:…", of the go.mod
	Record int64  `json:"record,omitempty"` // its number in the log
	// NotBefore is when the gate last saw a signed checkpoint of the log that did not
	// hold the record yet; zero when it never did.
	NotBefore time.Time `json:"not_before,omitzero"`
}

// Version is one version of a module.
type Version struct {
	Version string          `json:"version"`
	Time    time.Time       `json:"time,omitzero"`    // by the .info: the publisher chooses it
	Origin  json.RawMessage `json:"origin,omitempty"` // by the .info: where the proxy found it
	Sum     Sum             `json:"sum,omitzero"`
}

// Uploaded is when the version was published, as far as is known: never before the
// gate saw the log without it. Zero when nothing is known.
func (v Version) Uploaded() time.Time {
	if v.Time.IsZero() || v.Sum.NotBefore.Before(v.Time) {
		return v.Time
	}
	return v.Sum.NotBefore
}

// Info is the .info document that clients read.
func (v Version) Info() ([]byte, error) {
	return json.Marshal(struct {
		Version string
		Time    time.Time       `json:",omitzero"`
		Origin  json.RawMessage `json:",omitempty"`
	}{v.Version, v.Time, v.Origin})
}

// Bytes is the record as IndexFile.Record holds it.
func (v Version) Bytes() []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // Origin was parsed before it came here
	}
	return b
}

// Parse reads what Bytes wrote.
func Parse(b []byte) (Version, error) {
	var v Version
	if err := json.Unmarshal(b, &v); err != nil {
		return Version{}, fmt.Errorf("reading what is known of a version: %w", err)
	}
	return v, nil
}

// Metadata is a version's go.mod with its .info, as ecosystem.Upstream.Metadata
// gives them raw: one read of a registry's metadata answers both.
type Metadata struct {
	Info json.RawMessage `json:"info,omitempty"` // nil where nobody asked the upstream for it
	Mod  string          `json:"mod"`
}

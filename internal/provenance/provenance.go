// Package provenance holds what publishers and registries attest of a file, as an
// upstream gives it and as it was verified: who built it, from which repository and
// commit, with which workflow, and which key of the registry stands for it. It reads
// the two forms that upstreams have, those of PyPI (PEP 740,
// https://peps.python.org/pep-0740/) and of npm
// (https://github.com/npm/attestation), into Sigstore bundles;
// package verify below checks them.
//
// Nothing here asks the network, and nothing that was read here is believed: only
// what is in an Answer was verified.
package provenance

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Limits on what an upstream may say about one file.
const (
	// MaxDocument is how many bytes of attestations are read: real ones have 5 to 60 kB.
	MaxDocument = 2 << 20
	// MaxBundles is how many attestations there may be of one file; PyPI has two at
	// most and npm two.
	MaxBundles = 16
	// MaxSignatures is how many keys of a registry may have signed one version.
	MaxSignatures = 8
)

// ErrDocument says that an upstream's attestations are in no form that is known
// here.
var ErrDocument = errors.New("the attestations cannot be read")

// Claims are what an upstream offers about one file. Nobody has verified them.
type Claims struct {
	Bundles    []Bundle
	Signatures []Signature
	// Published is when the upstream says that the file was uploaded: keys expire.
	Published time.Time
}

// Offered says whether there is anything to verify.
func (c Claims) Offered() bool { return len(c.Bundles)+len(c.Signatures) > 0 }

// Digest names the claims: it changes whenever they do.
func (c Claims) Digest() artifact.Digest {
	b, err := json.Marshal(c)
	if err != nil {
		b = []byte("\x00" + err.Error()) // a raw message that is none, which fails alike each time
	}
	return artifact.DigestOf(b)
}

// Bundle is one attestation.
type Bundle struct {
	// JSON is a Sigstore bundle
	// (https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto).
	JSON json.RawMessage
	// Publisher is who the index says has attested; nil where it does not say.
	Publisher *Publisher
}

// Publisher is a Trusted Publisher, as an index names one.
type Publisher struct {
	Kind       string `json:"kind"`       // "GitHub", "GitLab", ...
	Repository string `json:"repository"` // "acme/demo"
	Workflow   string `json:"workflow"`   // "release.yml"
}

// Signature is a registry's own signature of a version.
type Signature struct {
	KeyID string // "SHA256:…"
	Value []byte // ECDSA, ASN.1
	Text  string // what is signed
	// Digest is what the text says of the bytes, as "algorithm:hex".
	Digest string
}

// Subject is the file that attestations have to be about.
type Subject struct {
	Version artifact.Version
	File    string
	Digests []string // what its bytes have: "sha256:hex", "sha512:hex"
}

// Has says whether the bytes have a digest that no forger can meet.
func (s Subject) Has(digest string) bool {
	strong := strings.HasPrefix(digest, "sha256:") || strings.HasPrefix(digest, "sha512:")
	return strong && slices.Contains(s.Digests, digest)
}

// Kind is what an attestation says that it does.
type Kind string

// The kinds.
const (
	Build   Kind = "build"   // SLSA provenance: built there, from that
	Publish Kind = "publish" // uploaded by them
)

// Attestation is one that was verified: its certificate by a pinned authority at the
// time of its log entry, its entry in a pinned transparency log, its signature, and
// that its subject is the file to the byte. All texts are from outside.
type Attestation struct {
	Kind      Kind   `json:"kind"`
	Predicate string `json:"predicate"` // the type of its statement

	Issuer       string `json:"issuer,omitempty"`        // who vouches for the identity: the OpenID Connect issuer
	Identity     string `json:"identity,omitempty"`      // the certificate's subject: a workflow's address, a mail address
	Repository   string `json:"repository,omitempty"`    // "https://forge.example/acme/demo"
	RepositoryID string `json:"repository_id,omitempty"` // the forge's own number for it, which a new owner of the name does not have
	Workflow     string `json:"workflow,omitempty"`      // the file in the repository: ".forge/workflows/release.yml"
	Ref          string `json:"ref,omitempty"`           // "refs/tags/v1.0"
	Commit       string `json:"commit,omitempty"`
	Builder      string `json:"builder,omitempty"` // the instructions that it was built by, without their version
	Runner       string `json:"runner,omitempty"`  // "github-hosted", "self-hosted"
	Trigger      string `json:"trigger,omitempty"` // "push", "release"
	Run          string `json:"run,omitempty"`     // the address of the run's log

	Key string `json:"key,omitempty"` // the registry's key, where it is the registry that attests

	Log   string    `json:"log,omitempty"` // the transparency log
	Index int64     `json:"index"`         // of the entry in it
	At    time.Time `json:"at,omitzero"`   // when it was entered
}

// Certified says that somebody is named in it, by a certificate.
func (a Attestation) Certified() bool {
	return a.Issuer != "" && (a.Repository != "" || a.Identity != "")
}

// Source is the attestation's repository with its workflow as people read it, or
// whoever it names.
func (a Attestation) Source() string {
	if a.Repository == "" {
		return cmp.Or(a.Identity, a.Key)
	}
	if a.Workflow == "" {
		return a.Repository
	}
	return a.Repository + " (" + a.Workflow + ")"
}

// Details are what else is known of it, as people read it: the commit, the run and
// where all of it can be looked up.
func (a Attestation) Details() string {
	var parts []string
	add := func(before, text string) {
		if text != "" {
			parts = append(parts, before+text)
		}
	}
	add("commit ", a.Commit)
	add("", a.Ref)
	add("on ", a.Runner)
	add("run ", a.Run)
	if a.Log != "" {
		parts = append(parts, fmt.Sprintf("entry %d of %s, %s", a.Index, a.Log, a.At.UTC().Format(time.RFC3339)))
	}
	add("vouched for by ", a.Issuer)
	return strings.Join(parts, "; ")
}

// RegistrySignature is a signature of a pinned key of the registry that was verified.
type RegistrySignature struct {
	Key string `json:"key"`
}

// Rules of what may be wrong with what an upstream offers.
const (
	// RuleInvalid: an attestation that does not verify.
	RuleInvalid = "attestation-invalid"
	// RuleOtherFile: an attestation about other bytes.
	RuleOtherFile = "attestation-other-file"
	// RuleSignature: a signature of a pinned key of the registry that does not verify.
	RuleSignature = "registry-signature-invalid"
	// RuleUnknownKey: signed by an authority, a log or a key that is not pinned.
	RuleUnknownKey = "provenance-unknown-key"
	// RulePublisher: the index names another publisher than the certificate.
	RulePublisher = "provenance-other-publisher"
)

// Rules of what may have changed since the version before. A version for which one of
// them was waived does not speak for those after it: they are compared with what it
// was compared with.
const (
	// RuleLost: attested then, and not now.
	RuleLost = "provenance-lost"
	// RuleChanged: attested by another repository, workflow or publisher.
	RuleChanged = "provenance-changed"
)

// Problem is one thing that was found wrong.
type Problem struct {
	Rule string `json:"rule"`
	Text string `json:"text"` // safe to print
}

// Answer is what became of the claims about one file.
type Answer struct {
	Attestations []Attestation       `json:"attestations,omitempty"`
	Signatures   []RegistrySignature `json:"signatures,omitempty"`
	Problems     []Problem           `json:"problems,omitempty"`
	// Roots names the pinned roots that were asked.
	Roots string `json:"roots"`
}

// Verified says that somebody who is named attested exactly this file, and that
// nothing was wrong with anything that was attested of it.
func (a Answer) Verified() bool {
	_, ok := a.Main()
	return ok && len(a.Problems) == 0
}

// Main is the attestation that says most: a certified one, a build before an upload.
func (a Answer) Main() (Attestation, bool) {
	var best Attestation
	found := false
	for _, x := range a.Attestations {
		if x.Certified() && (!found || best.Kind != Build && x.Kind == Build) {
			best, found = x, true
		}
	}
	return best, found
}

// Digest names the answer.
func (a Answer) Digest() artifact.Digest {
	b, err := json.Marshal(a)
	if err != nil {
		panic(err) // plain values only
	}
	return artifact.DigestOf(b)
}

// forges are where repositories are known by the first two elements of a path.
var forges = []string{"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "git.sr.ht", "gitee.com"}

// Repository reads the address of a source repository on a well-known forge, in any
// of the ways that packages write it ("git+https://…/a/b.git#main", "git@…:a/b"),
// into "host/owner/name" in lower case; "" for any other text.
func Repository(s string) string {
	s = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "git+")
	if rest, ok := strings.CutPrefix(s, "git@"); ok {
		s = "ssh://" + strings.Replace(rest, ":", "/", 1)
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	host := strings.TrimPrefix(u.Hostname(), "www.")
	owner, rest, ok := strings.Cut(strings.Trim(u.Path, "/"), "/")
	name, _, _ := strings.Cut(rest, "/")
	name = strings.TrimSuffix(name, ".git")
	if !ok || owner == "" || name == "" || !slices.Contains(forges, host) || owner == "sponsors" || owner == "orgs" {
		return ""
	}
	return host + "/" + owner + "/" + name
}

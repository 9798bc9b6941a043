// Package verify checks what is attested of a file against pinned roots: Sigstore
// bundles with sigstore-go (https://github.com/sigstore/sigstore-go) against a trusted
// root, and the signatures of an npm registry against its keys. Both are embedded and
// can be replaced by files.
//
// It asks no network. An attestation counts only with an entry in a pinned
// transparency log, a certificate that a pinned authority issued and that was valid
// when the entry was made, a pinned certificate log's word for the certificate, and
// a subject that is the file to the byte. It is the only package that imports
// sigstore-go.
package verify

import (
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/provenance"
)

//go:embed trusted_root.json
var embeddedRoot []byte

//go:embed npm_keys.json
var embeddedKeys []byte

// Limits on roots and statements.
const (
	// MaxRoots is how many bytes a file of roots may have.
	MaxRoots    = 4 << 20
	maxSubjects = 1024    // of one statement
	maxName     = 2 << 10 // bytes of any one thing that an attestation names
)

// Verifier checks claims. It is safe for concurrent use.
type Verifier struct {
	roots string
	open  func() (*roots, error)
}

// New makes a Verifier from a trusted root of Sigstore and the keys of an npm
// registry, as their files hold them; an empty one stands for that which is embedded.
// What is given and cannot be read is an error. The embedded ones are read when
// something is verified for the first time.
func New(trustedRoot, npmKeys []byte) (*Verifier, error) {
	given := len(trustedRoot)+len(npmKeys) > 0
	if len(trustedRoot) == 0 {
		trustedRoot = embeddedRoot
	}
	if len(npmKeys) == 0 {
		npmKeys = embeddedKeys
	}
	v := &Verifier{
		roots: artifact.DigestOf(trustedRoot).Short() + " " + artifact.DigestOf(npmKeys).Short(),
		open:  sync.OnceValues(func() (*roots, error) { return openRoots(trustedRoot, npmKeys) }),
	}
	if !given {
		return v, nil
	}
	_, err := v.open()
	return v, err
}

// Roots names the pinned roots: other roots may give other answers.
func (v *Verifier) Roots() string { return v.roots }

// roots are the pinned roots, ready to be asked.
type roots struct {
	trusted *root.TrustedRoot
	keys    keys
	// certified verifies what a certificate's holder signed, logged the same without
	// asking for the certificate log, and keyed what a registry's key signed.
	certified, logged, keyed *sigstore.Verifier
}

func openRoots(trustedRoot, npmKeys []byte) (*roots, error) {
	if len(trustedRoot) > MaxRoots || len(npmKeys) > MaxRoots {
		return nil, fmt.Errorf("reading roots: a file of more than %d bytes", MaxRoots)
	}
	r := &roots{}
	var err error
	if r.trusted, err = root.NewTrustedRootFromJSON(trustedRoot); err != nil {
		return nil, fmt.Errorf("reading the trusted root: %w", err)
	}
	if len(r.trusted.FulcioCertificateAuthorities()) == 0 || len(r.trusted.RekorLogs()) == 0 || len(r.trusted.CTLogs()) == 0 {
		return nil, errors.New("reading the trusted root: it has no certificate authority, no transparency log or no certificate log")
	}
	if r.keys, err = readKeys(npmKeys); err != nil {
		return nil, fmt.Errorf("reading the npm keys: %w", err)
	}
	withKeys := root.TrustedMaterialCollection{r.trusted, root.NewTrustedPublicKeyMaterial(r.keys.verifier)}
	entry := []sigstore.VerifierOption{sigstore.WithTransparencyLog(1), sigstore.WithObserverTimestamps(1), sigstore.WithoutStatementPredicate()}
	if r.certified, err = sigstore.NewVerifier(r.trusted, append(slices.Clone(entry), sigstore.WithSignedCertificateTimestamps(1))...); err != nil {
		return nil, err
	}
	if r.logged, err = sigstore.NewVerifier(r.trusted, entry...); err != nil {
		return nil, err
	}
	r.keyed, err = sigstore.NewVerifier(withKeys, entry...)
	return r, err
}

// Verify checks all that is claimed of a file. The error says that the roots cannot
// be read; what is wrong with the claims stands in the answer.
func (v *Verifier) Verify(s provenance.Subject, c provenance.Claims) (provenance.Answer, error) {
	r, err := v.open()
	if err != nil {
		return provenance.Answer{}, err
	}
	a := provenance.Answer{Roots: v.roots}
	for i, b := range c.Bundles {
		if i == provenance.MaxBundles {
			add(&a, provenance.RuleInvalid, "there are more than %d attestations of %s", provenance.MaxBundles, safe(s.File))
			break
		}
		r.bundle(&a, s, b)
	}
	r.signatures(&a, s, c)
	return a, nil
}

func add(a *provenance.Answer, rule, format string, args ...any) {
	p := provenance.Problem{Rule: rule, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(a.Problems, p) {
		a.Problems = append(a.Problems, p)
	}
}

// maxReason is how much of a library's words is shown.
const maxReason = 300

func safe(s string) string {
	return artifact.Untrusted(strings.ToValidUTF8(s[:min(len(s), maxReason)], "�")).String()
}

// bundle checks one attestation.
func (r *roots) bundle(a *provenance.Answer, s provenance.Subject, claim provenance.Bundle) {
	var b bundle.Bundle
	if err := b.UnmarshalJSON(claim.JSON); err != nil {
		add(a, provenance.RuleInvalid, "an attestation of %s cannot be read: %s", safe(s.File), safe(err.Error()))
		return
	}
	content, err := b.VerificationContent()
	if err != nil {
		add(a, provenance.RuleInvalid, "an attestation of %s has no certificate and no key: %s", safe(s.File), safe(err.Error()))
		return
	}
	if b.GetDsseEnvelope() == nil {
		add(a, provenance.RuleInvalid, "an attestation of %s is no signed statement", safe(s.File))
		return
	}
	verifier := r.certified
	if content.PublicKey() != nil {
		verifier = r.keyed
	}
	anything := sigstore.NewPolicy(sigstore.WithoutArtifactUnsafe(), sigstore.WithoutIdentitiesUnsafe()) // both are looked at below
	result, err := verifier.Verify(&b, anything)
	if err != nil {
		if why := r.unknown(&b, content, anything); why != "" {
			add(a, provenance.RuleUnknownKey, "an attestation of %s is %s; the gate's roots may be old: see docs/provenance.md", safe(s.File), why)
		} else {
			add(a, provenance.RuleInvalid, "an attestation of %s does not verify: %s", safe(s.File), safe(err.Error()))
		}
		return
	}
	if why := about(result.Statement, s); why != "" {
		add(a, provenance.RuleOtherFile, "an attestation of %s is about something else: %s", safe(s.File), why)
		return
	}
	x, ok := r.attestation(&b, content, result)
	if !ok {
		return // a statement of a type that nobody here reads
	}
	for _, text := range []string{x.Predicate, x.Issuer, x.Identity, x.Repository, x.RepositoryID, x.Workflow, x.Ref, x.Commit, x.Builder, x.Runner, x.Trigger, x.Run, x.Key} {
		if len(text) > maxName {
			add(a, provenance.RuleInvalid, "an attestation of %s names something in %d bytes", safe(s.File), len(text))
			return
		}
	}
	if why := otherPublisher(claim.Publisher, x); why != "" {
		add(a, provenance.RulePublisher, "the index says that %s was published by %s", safe(s.File), why)
	}
	a.Attestations = append(a.Attestations, x)
}

// unknown says why nothing that is pinned can speak about a bundle, "" where
// something can and says no.
func (r *roots) unknown(b *bundle.Bundle, content sigstore.VerificationContent, p sigstore.PolicyBuilder) string {
	leaf := content.Certificate()
	if key := content.PublicKey(); key != nil && r.keys.of(key.Hint(), usageAttestations) == nil {
		return "signed with a key that is not pinned here (" + safe(key.Hint()) + ")"
	}
	if leaf != nil && !r.issued(string(leaf.AuthorityKeyId)) {
		return "signed by somebody whose certificate is of no authority that is pinned here"
	}
	if entries, err := b.TlogEntries(); err == nil && len(entries) > 0 && r.entered(entries) == nil {
		return "in a transparency log that is not pinned here"
	}
	if leaf == nil {
		return ""
	}
	if _, err := r.logged.Verify(b, p); err == nil {
		return "signed with a certificate that no pinned certificate log knows"
	}
	return ""
}

// entered gives the first entry that is in a pinned log; nil for none.
func (r *roots) entered(entries []*tlog.Entry) *tlog.Entry {
	for _, e := range entries {
		if r.logOf(e) != nil {
			return e
		}
	}
	return nil
}

func (r *roots) logOf(e *tlog.Entry) *root.TransparencyLog {
	return r.trusted.RekorLogs()[hex.EncodeToString([]byte(e.LogKeyID()))]
}

// issued says whether a pinned authority has a key of this id.
func (r *roots) issued(key string) bool {
	for _, ca := range r.trusted.FulcioCertificateAuthorities() {
		f, ok := ca.(*root.FulcioCertificateAuthority)
		if !ok {
			continue
		}
		for _, c := range append(slices.Clone(f.Intermediates), f.Root) {
			if c != nil && key != "" && string(c.SubjectKeyId) == key {
				return true
			}
		}
	}
	return false
}

// about says in which way a statement is not about the file, "" where it is.
func about(st *intoto.Statement, s provenance.Subject) string {
	if st == nil || len(st.GetSubject()) == 0 || len(st.GetSubject()) > maxSubjects {
		return fmt.Sprintf("its statement has %d subjects", len(st.GetSubject()))
	}
	why := ""
	for _, sub := range st.GetSubject() {
		if why = subject(sub, s); why == "" {
			return ""
		}
	}
	return why
}

func subject(sub *intoto.ResourceDescriptor, s provenance.Subject) string {
	named := fold(sub.GetName()) == fold(s.File)
	if strings.HasPrefix(sub.GetName(), "pkg:") {
		named = unescape(sub.GetName()) == unescape(s.Version.Purl())
	}
	if !named {
		return "its subject is " + safe(sub.GetName())
	}
	known := false
	for _, algorithm := range []string{"sha256", "sha512"} {
		value, said := sub.GetDigest()[algorithm]
		if !said {
			continue
		}
		if digest := algorithm + ":" + strings.ToLower(value); !s.Has(digest) {
			return "its subject has " + algorithm + " " + safe(value[:min(len(value), 16)])
		}
		known = true
	}
	if !known {
		return "its subject has no SHA-256 or SHA-512"
	}
	return ""
}

// fold is a file name as builders and indexes may spell it differently.
func fold(name string) string {
	return strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToLower(name))
}

func unescape(purl string) string {
	s, err := url.PathUnescape(purl)
	if err != nil {
		return purl
	}
	return s
}

// kindOf knows the types of statements that are read, those of uploads by their ends:
// what comes before is the address of the index's own pages.
func kindOf(predicate string) (provenance.Kind, bool) {
	switch {
	case predicate == "https://slsa.dev/provenance/v1", predicate == "https://slsa.dev/provenance/v0.2":
		return provenance.Build, true
	case strings.HasSuffix(predicate, "/attestations/publish/v1"), strings.HasSuffix(predicate, "/specs/publish/v0.1"):
		return provenance.Publish, true
	}
	return "", false
}

// attestation reads what was verified.
func (r *roots) attestation(b *bundle.Bundle, content sigstore.VerificationContent, v *sigstore.VerificationResult) (provenance.Attestation, bool) {
	kind, ok := kindOf(v.Statement.GetPredicateType())
	if !ok {
		return provenance.Attestation{}, false
	}
	x := provenance.Attestation{Kind: kind, Predicate: v.Statement.GetPredicateType()}
	if key := content.PublicKey(); key != nil {
		x.Key = key.Hint()
	} else if v.Signature != nil && v.Signature.Certificate != nil {
		certified(&x, *v.Signature.Certificate)
	}
	entries, _ := b.TlogEntries() // they were verified
	if e := r.entered(entries); e != nil {
		x.Log, x.Index = r.logOf(e).BaseURL, e.LogIndex()
	}
	for _, t := range v.VerifiedTimestamps {
		if at := t.Timestamp.UTC(); x.At.IsZero() || at.Before(x.At) {
			x.At = at
		}
	}
	return x, true
}

// certified reads the identity that the authority wrote into the certificate
// (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
func certified(x *provenance.Attestation, c certificate.Summary) {
	x.Issuer, x.Identity = c.Issuer, c.SubjectAlternativeName
	x.Repository, x.RepositoryID = c.SourceRepositoryURI, c.SourceRepositoryIdentifier
	if x.Repository != "" && !strings.Contains(x.Repository, "://") {
		x.Repository = "https://" + x.Repository // as CircleCI says it
	}
	x.Ref, x.Commit = c.SourceRepositoryRef, c.SourceRepositoryDigest
	x.Runner, x.Trigger, x.Run = strings.Trim(c.RunnerEnvironment, `"`), c.BuildTrigger, c.RunInvocationURI
	// Elsewhere than in the repository it is the address of one run, not of what is run
	// each time.
	if workflow, ok := strings.CutPrefix(c.BuildConfigURI, x.Repository+"/"); ok && x.Repository != "" {
		x.Workflow, _, _ = strings.Cut(workflow, "@")
	}
	x.Builder, _, _ = strings.Cut(c.BuildSignerURI, "@")
}

// otherPublisher compares what an index says of a publisher with the certificate.
func otherPublisher(p *provenance.Publisher, x provenance.Attestation) string {
	if p == nil || p.Repository == "" {
		return ""
	}
	u, err := url.Parse(x.Repository)
	if err != nil || x.Repository == "" || !strings.EqualFold(strings.Trim(u.Path, "/"), p.Repository) {
		return fmt.Sprintf("%s, and the certificate says %s", safe(p.Repository), safe(x.Source()))
	}
	return ""
}

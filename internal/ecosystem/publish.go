package ecosystem

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Publisher is who uploads, as access has let them in.
type Publisher struct {
	Name  string
	Admin bool     // may use a name that somebody outside has, or that looks like one
	Names []string // patterns ("acme-*") of the names they may publish; none: every name
}

// May says whether the publisher's own patterns cover a name.
func (p Publisher) May(name string) bool {
	return len(p.Names) == 0 || slices.ContainsFunc(p.Names, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	})
}

// Upload is one file as its publisher sent it: what the form and the file's name
// say, which agree, and the bytes, which are in the blob store.
type Upload struct {
	Version artifact.Version
	Name    string // of the file, one path element
	Kind    artifact.Kind
	SHA256  artifact.Digest
	Size    int64 // bytes
	// Slot names what a version can have once: two files with one slot are one file
	// under two spellings.
	Slot           string
	RequiresPython string            // by the form; "" where it says nothing
	Attestations   []json.RawMessage // about this file by name and digest; not verified
	// Digests and Record are what our own index says of the file from now on, as
	// IndexFile's: the receiver worked the digests out of the bytes.
	Digests []string
	Record  []byte
	// Tags are names that stand for the version from now on.
	Tags []string
	// Metadata is what the form says of the version where archives of the kind say
	// nothing of it inside, as a jar; nil: the archive has to say it.
	Metadata *Metadata
}

// UploadChecker is an Ecosystem whose publishers promise more about an archive than
// its name and version.
type UploadChecker interface {
	// CheckUpload holds what an archive says of itself against what its publisher said
	// of it: an *UploadError where they differ.
	CheckUpload(u Upload, inside Metadata) error
}

// Attester is an Ecosystem in whose indexes each file names where the attestations
// are that came with it.
type Attester interface {
	// AttestationsPath is that place below a registry's address, without a slash at
	// its beginning.
	AttestationsPath(v artifact.Version, file string) string
}

// UploadFault says what kind of answer an upload gets that is not taken.
type UploadFault int

// The kinds. The zero one is the client's mistake.
const (
	UploadBad       UploadFault = iota // the form, the file or both are not what they must be
	UploadExists                       // a file of that name, or of that place in its version, is there with other bytes
	UploadForbidden                    // the name is not the publisher's to use
	UploadTooLarge                     // more bytes or fields than are taken
)

// UploadError says why an upload is not taken. Text is for the publisher: one
// sentence that ends with what to do.
type UploadError struct {
	Fault UploadFault
	Text  string
}

// Error implements error.
func (e *UploadError) Error() string { return e.Text }

// RefuseUpload makes an UploadError.
func RefuseUpload(fault UploadFault, format string, args ...any) error {
	return &UploadError{fault, fmt.Sprintf(format, args...)}
}

// Receipt is the answer to an upload that was taken and is served.
type Receipt struct {
	Version  artifact.Version
	File     string
	Decision string
	Again    bool     // the same bytes were here before
	Notes    []string // what the decision notes, for people
}

// Desk takes uploads for one registry.
type Desk interface {
	// MayPublish says early whether a name may be published, before any byte is
	// kept: an *UploadError when not.
	MayPublish(ctx context.Context, p artifact.Package, by Publisher) error
	// Keep reads r to its end into the blob store, at most the limit of a file.
	// The bytes are durable when it returns, and nothing names them yet.
	Keep(ctx context.Context, r io.Reader) (artifact.Digest, int64, error)
	// Publish decides about an upload and makes it public. A *verdict.Refusal says
	// that the policy rejects it (nothing is kept) or holds it (kept, not served);
	// an *UploadError that it was not looked at; anything else is a fault.
	Publish(ctx context.Context, u Upload, by Publisher) (Receipt, error)
	// Yank marks a version of ours as withdrawn, with the reason that clients show, or
	// takes that back; npm says deprecated. verdict.ErrNotFound where nothing of the
	// version is published here, an *UploadError when the publisher may not.
	Yank(ctx context.Context, v artifact.Version, reason string, undo bool, by Publisher) error
	// Delete takes a version of ours away for ever, or with no number the whole name;
	// only an admin may. Errors as of Yank.
	Delete(ctx context.Context, v artifact.Version, reason string, by Publisher) error
	// Published lists the numbers that were published of a package in this registry, each
	// once, in the order they came; with those whose files were all deleted where that is
	// asked for.
	Published(ctx context.Context, p artifact.Package, deleted bool) ([]string, error)
	// Retire takes a version of ours away that newer ones replace, as an ecosystem's rules
	// have it (Maven's snapshots). Its files' names stay taken. Errors as of Yank.
	Retire(ctx context.Context, v artifact.Version, why string, by Publisher) error
	// Tag makes a name stand for a version of ours, or for none when number is "".
	// Errors as of Yank.
	Tag(ctx context.Context, p artifact.Package, tag, number string, by Publisher) error
	// Attestations gives what came with a file that is served: as given, not
	// verified. verdict.ErrNotFound or ErrNoPackage where there is none.
	Attestations(ctx context.Context, p artifact.Package, file string) ([]json.RawMessage, error)
}

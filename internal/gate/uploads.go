package gate

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/finding"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// ErrBurnt says that a file, a version or a name was deleted here and is not
// given out again.
var ErrBurnt = errors.New("it was deleted here, and what was deleted is not used again")

// ErrTaken says that a file of that name, or in that place of its version, is
// there already.
var ErrTaken = errors.New("it is taken")

// MostTags is how many tags one package has at most.
const MostTags = 200

// ErrManyTags says that a package has MostTags tags.
var ErrManyTags = errors.New("the package has as many tags as it may; take one away first")

// Upload is a file of one of our own packages in one registry.
type Upload struct {
	Registry   string
	File       artifact.File // Origin is artifact.Internal; SHA256 is empty once it was deleted
	VersionKey string        // hex of the ecosystem's key of the version
	Slot       string        // see ecosystem.Upload
	Listed     Listed
	Attested   bool // there are attestations
	Publisher  string
	Tags       []string  // names that stand for its version from now on; not kept with the row, see TagsOf
	Yanked     time.Time // zero: it is not
	YankReason artifact.Untrusted
	Deleted    time.Time // zero: it is there
}

// Listed is what an index says of an upload beside name and digest, as it was on
// the day.
type Listed struct {
	Kind           artifact.Kind      `json:"kind"`
	SHA256         artifact.Digest    `json:"sha256"`
	Size           int64              `json:"size"`
	RequiresPython string             `json:"requires_python,omitempty"`
	Digests        []string           `json:"digests,omitempty"` // see ecosystem.IndexFile
	Record         []byte             `json:"record,omitempty"`  // see ecosystem.IndexFile
	MetadataSHA256 artifact.Digest    `json:"metadata_sha256,omitempty"`
	Metadata       ecosystem.Metadata `json:"metadata"`
	Findings       []finding.Finding  `json:"findings,omitempty"` // about the upload itself, such as a dependency that is not offered
}

// Uploads keeps the rows of our own packages. Every method is one transaction,
// durable when it returns.
type Uploads interface {
	// PutUpload records an upload with its file and origin, the decision that
	// stands about it, and a line of the audit log. The bytes are in the blob store.
	// ErrBurnt, ErrTaken, and verdict.ErrConflict (another origin, other bytes in
	// another registry) leave nothing behind.
	PutUpload(ctx context.Context, u Upload, metadata []byte, attestations []json.RawMessage, d verdict.Decision, e AuditEntry) error
	// UploadsOf lists the uploads of a package in a registry, deleted ones too, in
	// the order they came.
	UploadsOf(ctx context.Context, registry string, p artifact.Package) ([]Upload, error)
	// UploadedNames lists the packages that a registry has undeleted uploads of.
	UploadedNames(ctx context.Context, registry string, e artifact.Ecosystem) ([]string, error)
	// UploadMetadata gives the METADATA of an upload that is not deleted.
	UploadMetadata(ctx context.Context, registry string, p artifact.Package, file string) ([]byte, error)
	// UploadAttestations gives those of an upload that is not deleted.
	UploadAttestations(ctx context.Context, registry string, p artifact.Package, file string) ([]json.RawMessage, error)
	// Burnt says whether a version, or the whole name, was deleted.
	Burnt(ctx context.Context, p artifact.Package, versionKey string) (bool, error)
	// YankUploads marks the files of a version as yanked, or no longer so when at
	// is zero, and says how many changed.
	YankUploads(ctx context.Context, registry string, p artifact.Package, versionKey, reason string, at time.Time, e AuditEntry) (int, error)
	// DeleteUploads deletes a file, all files of a version (file "") or of a name
	// (versionKey "" too), and says how many. A version or name is burnt even so.
	DeleteUploads(ctx context.Context, registry string, p artifact.Package, versionKey, file string, at time.Time, e AuditEntry) (int, error)
	// TagsOf gives the tags of a package with the numbers that they stand for.
	TagsOf(ctx context.Context, registry string, p artifact.Package) (map[string]string, error)
	// PutTag makes a tag stand for a version that the registry has a file of, or takes
	// it away when number is "". verdict.ErrNotFound where there is no such version or
	// tag, ErrManyTags for one more than MostTags.
	PutTag(ctx context.Context, registry string, p artifact.Package, tag, number string, at time.Time, e AuditEntry) error
	// Origins lists every name with its recorded origin.
	Origins(ctx context.Context, e artifact.Ecosystem) (map[string]string, error)
}

package gate

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// HostedPackage is one of our own packages, for the people who look after it.
type HostedPackage struct {
	Purl     string       `json:"purl"`
	Registry string       `json:"registry"`
	Files    []HostedFile `json:"files"` // in the order they came
}

// HostedFile is one file of it.
type HostedFile struct {
	Purl       string          `json:"purl"`
	Name       string          `json:"name"`
	SHA256     artifact.Digest `json:"sha256"`
	Size       int64           `json:"size"`
	Uploaded   time.Time       `json:"uploaded"`
	Publisher  string          `json:"publisher"`
	Attested   bool            `json:"attested"` // attestations came with it; nobody verified them
	Yanked     bool            `json:"yanked"`
	YankReason string          `json:"yank_reason,omitempty"`
	Deleted    time.Time       `json:"deleted,omitzero"`  // the name stays taken
	Verdict    string          `json:"verdict,omitempty"` // today's; empty once it was deleted
	Decision   string          `json:"decision,omitempty"`
}

// errNoUploads says that a gate has no packages of its own.
var errNoUploads = errors.New("this gate takes no uploads")

// Packages lists our own packages in a registry with today's verdict on each of
// their files, deleted ones too. p.Name "" stands for all that have a file left, of
// p.Ecosystem or where that is "" too of every one.
func (g *Gate) Packages(ctx context.Context, registry string, p artifact.Package) ([]HostedPackage, error) {
	if _, err := g.registry(registry); err != nil {
		return nil, err
	}
	if g.Hosted == nil {
		return nil, errNoUploads
	}
	wanted := []artifact.Package{p}
	if p.Name == "" {
		var err error
		if wanted, err = g.uploaded(ctx, registry, p.Ecosystem); err != nil {
			return nil, err
		}
	}
	out := []HostedPackage{}
	for _, p := range wanted {
		h, err := g.hostedPackage(ctx, registry, p)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// uploaded lists the packages that a registry has uploads of.
func (g *Gate) uploaded(ctx context.Context, registry string, only artifact.Ecosystem) ([]artifact.Package, error) {
	var out []artifact.Package
	for _, eco := range slices.Sorted(maps.Keys(g.Peers)) {
		if only != "" && eco != only {
			continue
		}
		names, err := g.Hosted.rows.UploadedNames(ctx, registry, eco)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			out = append(out, artifact.Package{Ecosystem: eco, Name: n})
		}
	}
	return out, nil
}

func (g *Gate) hostedPackage(ctx context.Context, registry string, p artifact.Package) (HostedPackage, error) {
	out := HostedPackage{Purl: p.Purl(), Registry: registry, Files: []HostedFile{}}
	us, err := g.Hosted.rows.UploadsOf(ctx, registry, p)
	if err != nil {
		return out, err
	}
	if len(us) == 0 {
		return out, fmt.Errorf("nothing of %s was published in registry %s: %w", artifact.Untrusted(p.Name), registry, verdict.ErrNotFound)
	}
	decisions := map[string]verdict.Decision{}
	v, err := g.View(ctx, registry, p)
	if err == nil {
		for _, d := range v.Decisions {
			decisions[d.File] = d
		}
	} else if !errors.Is(err, ecosystem.ErrNoPackage) { // all of it was deleted
		return out, err
	}
	for _, u := range us {
		f := HostedFile{
			Purl: u.File.Version.Purl(), Name: u.File.Name, SHA256: u.Listed.SHA256, Size: u.File.Size, Uploaded: u.File.Uploaded,
			Publisher: u.Publisher, Attested: u.Attested, Yanked: !u.Yanked.IsZero(), YankReason: u.YankReason.String(), Deleted: u.Deleted,
		}
		if d, ok := decisions[u.File.Name]; ok && u.Deleted.IsZero() {
			f.Verdict, f.Decision = d.Verdict.String(), d.ID
		}
		out.Files = append(out.Files, f)
	}
	return out, nil
}

// Act is what somebody wants done to files of our own.
type Act struct {
	Registry string
	Version  artifact.Version // Number "" for the whole name, where an act allows that
	File     string           // one file only, where an act allows that
	Reason   string
	By       string   // who acts
	Names    []string // patterns of the names they may act on; none: every name
}

// ActError says what is missing in an Act, or too much.
type ActError struct{ text string }

// Error implements error.
func (e *ActError) Error() string { return e.text }

const maxActReason = 500 // bytes; a yank's reason stands in every index

// Yank marks a version's files as withdrawn, with the reason that installers
// show: they pass over them unless they are pinned (PEP 592). It says how many
// files that were.
func (g *Gate) Yank(ctx context.Context, a Act) (int, error) {
	return g.yank(ctx, a, "yank", g.Now())
}

// Unyank takes a yank back.
func (g *Gate) Unyank(ctx context.Context, a Act) (int, error) {
	a.Reason = ""
	return g.yank(ctx, a, "unyank", time.Time{})
}

func (g *Gate) yank(ctx context.Context, a Act, act string, at time.Time) (int, error) {
	key, err := g.checkAct(a)
	switch {
	case err != nil:
		return 0, err
	case key == "":
		return 0, &ActError{"name a version"}
	case a.File != "":
		return 0, &ActError{"a version is yanked with all its files; leave the file out"}
	}
	n, err := g.Hosted.rows.YankUploads(ctx, a.Registry, a.Version.Package, key, a.Reason, at, g.auditEntry(a, act))
	if err == nil && n == 0 {
		err = fmt.Errorf("nothing of %s was published in registry %s: %w", a.Version, a.Registry, verdict.ErrNotFound)
	}
	return n, err
}

// maxTag is how long the name of a tag may be, in bytes.
const maxTag = 128

// Tag makes a name stand for a version of ours in one registry, or for none when
// the act names no version.
func (g *Gate) Tag(ctx context.Context, a Act, tag string) error {
	if _, err := g.checkAct(a); err != nil {
		return err
	}
	if tag == "" || len(tag) > maxTag {
		return &ActError{fmt.Sprintf("a tag has 1 to %d bytes", maxTag)}
	}
	e := g.auditEntry(a, "tag")
	e.Detail += " " + tag
	if a.Version.Number == "" {
		e.Act = "untag"
	}
	err := g.Hosted.rows.PutTag(ctx, a.Registry, a.Version.Package, tag, a.Version.Number, g.Now(), e)
	switch {
	case errors.Is(err, ErrManyTags):
		return &ActError{ErrManyTags.Error()}
	case errors.Is(err, verdict.ErrNotFound):
		return fmt.Errorf("nothing of %s to tag so is published in registry %s: %w", a.Version, a.Registry, verdict.ErrNotFound)
	}
	return err
}

// Delete removes a file, all files of a version, or with no version the whole
// name. What was deleted is burnt: no upload may use that file name, version or
// name again. The bytes are garbage from then on. It says how many files that
// were.
func (g *Gate) Delete(ctx context.Context, a Act) (int, error) {
	return g.remove(ctx, a, "delete")
}

// remove does it, and calls it by the act's name in the audit log.
func (g *Gate) remove(ctx context.Context, a Act, act string) (int, error) {
	key, err := g.checkAct(a)
	if err != nil {
		return 0, err
	}
	if strings.TrimSpace(a.Reason) == "" {
		return 0, &ActError{"say why: a deletion cannot be taken back, and the audit log keeps the reason"}
	}
	us, err := g.Hosted.rows.UploadsOf(ctx, a.Registry, a.Version.Package)
	if err != nil {
		return 0, err
	}
	if !slices.ContainsFunc(us, func(u Upload) bool {
		return u.Deleted.IsZero() && (key == "" || u.VersionKey == key) && (a.File == "" || u.File.Name == a.File)
	}) {
		return 0, fmt.Errorf("nothing such is published in registry %s: %w", a.Registry, verdict.ErrNotFound)
	}
	return g.Hosted.rows.DeleteUploads(ctx, a.Registry, a.Version.Package, key, a.File, g.Now(), g.auditEntry(a, act))
}

// checkAct gives the key of the version that an act is about, "" for none.
func (g *Gate) checkAct(a Act) (string, error) {
	if _, err := g.registry(a.Registry); err != nil {
		return "", err
	}
	peer, err := g.peer(a.Version.Package.Ecosystem)
	switch {
	case err != nil:
		return "", err
	case g.Hosted == nil:
		return "", errNoUploads
	case a.By == "":
		return "", errNobody
	case len(a.Reason) > maxActReason:
		return "", &ActError{fmt.Sprintf("a reason has at most %d bytes", maxActReason)}
	case !(ecosystem.Publisher{Names: a.Names}).May(a.Version.Package.Name):
		return "", fmt.Errorf("%w: this token is for the names %s only", verdict.ErrForbidden, strings.Join(a.Names, ", "))
	case a.Version.Number == "":
		return "", nil
	}
	key, err := peer.VersionKey(a.Version.Number)
	return hex.EncodeToString(key), err
}

func (g *Gate) auditEntry(a Act, act string) AuditEntry {
	object := a.Version.Purl()
	if a.File != "" {
		object += " " + a.File
	}
	return AuditEntry{At: g.Now(), By: a.By, Act: act, Object: object, Detail: strings.TrimSpace("in " + a.Registry + ": " + a.Reason)}
}

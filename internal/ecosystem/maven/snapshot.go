package maven

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/version"
)

// Snapshots (https://maven.apache.org/repositories/metadata.html). What is deployed as
// 1.0-SNAPSHOT comes as one build after the other, each under a number of its own,
// 1.0-20260102.030405-6, which is a version here like any: its files are looked at, keep
// their bytes, and are decided about. That they lie in the folder of the snapshot, and
// which build is the newest, is all that differs.
//
// They are taken from our own publishers alone. What an upstream calls a snapshot
// changes under its name when nobody looks.

// snapshot is how the number of a version ends whose files change under their names.
const snapshot = "-SNAPSHOT"

// buildOf is the number of the build of a snapshot that a file is named after, "" where
// it is named after none.
func buildOf(n coordinate.Name, of, file string) string {
	base, ok := strings.CutSuffix(of, snapshot)
	rest, named := strings.CutPrefix(file, n.Artifact+"-"+base+"-")
	if !ok || !named {
		return ""
	}
	for end := range len(rest) {
		if end == 0 || rest[end] != '.' && rest[end] != '-' {
			continue
		}
		number := base + "-" + rest[:end]
		if b, ok := version.ParseBuild(number); ok && b.Snapshot == of && b.String() == number && isFileOf(n, number, file) {
			return number
		}
	}
	return ""
}

// serveSnapshot answers for a snapshot of our own. Of any other there is nothing: mvn
// asks for the metadata of every module that is being built, so that is just not there.
func (h *Handler) serveSnapshot(w http.ResponseWriter, r *http.Request, q request) {
	if !h.ours(r.Context(), q.name.Package()) {
		if q.file == metadataFile {
			notFound(w, "snapshots are had of our own packages alone, and "+q.name.String()+" is none")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		h.door.Written(r, answer.SayJSON(w, r, http.StatusForbidden, "blocked by gatehouse: snapshots from outside change under their names, so nobody can have looked at them; take a release of "+q.name.String()))
		return
	}
	if q.build != "" {
		h.serveFound(w, r, q, q.file, q.build)
		return
	}
	l, err := h.shelf.Listing(r.Context(), q.name.Package())
	if err != nil {
		h.refuse(w, r, "serve snapshot", q.name.String(), err)
		return
	}
	if q.file == metadataFile {
		h.serveBuilds(w, r, q, l)
		return
	}
	name, number := newestFile(q.name, l, q.version, q.file)
	if name == "" {
		notFound(w, "no build of "+q.name.String()+" "+q.version+" has such a file")
		return
	}
	h.serveFound(w, r, q, name, number)
}

// serveBuilds answers with a snapshot's own metadata.
func (h *Handler) serveBuilds(w http.ResponseWriter, r *http.Request, q request, l *ecosystem.Listing) {
	builds := offeredBuilds(q.name, l, q.version)
	if len(builds) == 0 {
		notFound(w, "no build of "+q.name.String()+" "+q.version+" is offered")
		return
	}
	page, err := h.pages.Get(q.name.Package().Name+" "+q.version, q.sum, l.Tag, func() (*answer.Page, error) {
		b, err := renderBuilds(q.name, l, q.version, builds)
		if err != nil {
			return nil, err
		}
		return pageOf(b, q.sum)
	})
	if err != nil {
		h.door.Fault(w, r, "serve metadata", err)
		return
	}
	w.Header().Set("Last-Modified", builds[len(builds)-1].At.Format(http.TimeFormat))
	h.door.Page(w, r, page)
}

// offeredBuilds are the builds of a snapshot that a listing offers, the newest last.
func offeredBuilds(n coordinate.Name, l *ecosystem.Listing, of string) []version.Build {
	var out []version.Build
	for _, r := range offered(n, l) {
		if b, ok := version.ParseBuild(r.number); ok && b.Snapshot == of {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, version.Build.Compare)
	return out
}

// renderBuilds writes a snapshot's own metadata: the newest build, and for each of its
// files the newest build that has it.
func renderBuilds(n coordinate.Name, l *ecosystem.Listing, of string, builds []version.Build) ([]byte, error) {
	type place struct{ classifier, extension string }
	from := map[place]version.Build{}
	for _, b := range builds {
		for _, f := range buildFiles(n, l, b) {
			classifier, extension := wordsOf(n, b, f)
			from[place{classifier, extension}] = b
		}
	}
	last := builds[len(builds)-1]
	v := &versioning{Newest: &newestBuild{last.Stamp, last.Count}, Updated: last.At.Format(stampLayout)}
	for p, b := range from {
		v.Builds = append(v.Builds, snapshotFile{p.classifier, p.extension, b.String(), b.At.Format(stampLayout)})
	}
	slices.SortFunc(v.Builds, func(a, b snapshotFile) int {
		return cmp.Or(cmp.Compare(a.Classifier, b.Classifier), cmp.Compare(a.Extension, b.Extension))
	})
	return document{Model: "1.1.0", Group: n.Group, Artifact: n.Artifact, Version: of, Versioning: v}.bytes()
}

// buildFiles are the names of a build's files that nothing stands against.
func buildFiles(n coordinate.Name, l *ecosystem.Listing, b version.Build) []string {
	var out []string
	for i, f := range l.Index.Files {
		if f.Number == b.String() && !l.Marks[i].Refused && isFileOf(n, f.Number, f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// wrapping are the endings that go with the one before them: "tar.gz", "jar.asc".
var wrapping = []string{"gz", "bz2", "xz", "zst", "asc", "sig", "sigstore"}

// wordsOf are the classifier, "" for none, and the extension in the name of a build's
// file.
func wordsOf(n coordinate.Name, b version.Build, file string) (classifier, extension string) {
	rest := strings.TrimPrefix(file, n.Artifact+"-"+b.String())
	if extension, ok := strings.CutPrefix(rest, "."); ok {
		return "", extension
	}
	words := strings.Split(strings.TrimPrefix(rest, "-"), ".")
	at := len(words) - 1
	if at > 1 && words[at] == "json" && words[at-1] == "sigstore" {
		at--
	}
	for at > 1 && slices.Contains(wrapping, words[at]) {
		at--
	}
	return strings.Join(words[:at], "."), strings.Join(words[at:], ".")
}

// newestFile finds what a file is called that is asked for under the snapshot's own
// number, as Maven 2 and some tools do: that of the newest build that has it, and the
// build's number. "" where none has.
func newestFile(n coordinate.Name, l *ecosystem.Listing, of, file string) (name, number string) {
	rest := strings.TrimPrefix(file, n.Artifact+"-"+of)
	for _, b := range slices.Backward(offeredBuilds(n, l, of)) {
		name := n.Artifact + "-" + b.String() + rest
		if slices.Contains(buildFiles(n, l, b), name) {
			return name, b.String()
		}
	}
	return "", ""
}

// bySnapshot puts in the place of builds the snapshot that they are of, once.
func bySnapshot(rs []release) []release {
	at := map[string]int{}
	var out []release
	for _, r := range rs {
		b, ok := version.ParseBuild(r.number)
		if !ok {
			out = append(out, r)
			continue
		}
		i, seen := at[b.Snapshot]
		if !seen {
			key, err := Ecosystem{}.VersionKey(b.Snapshot)
			if err != nil {
				continue
			}
			at[b.Snapshot] = len(out)
			out = append(out, release{number: b.Snapshot, key: key, pre: true, at: r.at})
			continue
		}
		if r.at.After(out[i].at) {
			out[i].at = r.at
		}
	}
	return out
}

// latest is the highest of some versions, a snapshot too; "" for none.
func latest(rs []release) string {
	if len(rs) == 0 {
		return ""
	}
	return slices.MaxFunc(rs, func(a, b release) int { return bytes.Compare(a.key, b.key) }).number
}

// withoutSnapshots are the others.
func withoutSnapshots(rs []release) []release {
	return slices.DeleteFunc(slices.Clone(rs), func(r release) bool { return strings.HasSuffix(r.number, snapshot) })
}

// snapshotAhead is how far the clock of who builds may be ahead of ours. A build of
// tomorrow would be the newest one until then.
const snapshotAhead = time.Hour

// mayBuild says whether a build of a snapshot is taken: nil, or what the publisher is
// told. have are the numbers that were published of the package, deleted ones too.
func (u *Uploads) mayBuild(q request, have []string) error {
	if u.snapshots == 0 {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s %s is a snapshot, and this gate takes none (snapshots.keep is 0); deploy a release", q.name, q.version)
	}
	b, ok := version.ParseBuild(q.build)
	if !ok {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s is named after no build, and its bytes would change under one name; deploy with Maven 3 or later, or Gradle's maven-publish, which number each build", q.file)
	}
	if b.At.After(u.now().Add(snapshotAhead)) {
		return ecosystem.RefuseUpload(ecosystem.UploadBad, "%s was made in the future (%s UTC) by its number; set the clock of the machine that builds", q.file, b.At.Format(time.DateTime))
	}
	newer := 0
	for _, other := range buildsAmong(have, b.Snapshot) {
		switch order := other.Compare(b); {
		case order == 0:
			return nil // another file of a build that is here
		case order > 0:
			newer++
		}
	}
	if newer >= u.snapshots {
		return ecosystem.RefuseUpload(ecosystem.UploadExists, "%s has been followed by %d newer builds, and %d are kept; deploy again", b, newer, u.snapshots)
	}
	return nil
}

// buildsAmong are the builds of a snapshot among some numbers, each once, the oldest
// first.
func buildsAmong(numbers []string, of string) []version.Build {
	var out []version.Build
	for _, number := range numbers {
		if b, ok := version.ParseBuild(number); ok && b.Snapshot == of {
			out = append(out, b)
		}
	}
	slices.SortFunc(out, version.Build.Compare)
	return slices.CompactFunc(out, func(a, b version.Build) bool { return a == b })
}

// replaced picks the builds that go when a deploy has ended, by their numbers: all that
// are older than the newest offered ones that are kept, and of those that are not
// offered - half of a deploy, or held - all but as many.
func replaced(have []string, of string, offered []version.Build, keep int) []string {
	var out []string
	isOffered, others := 0, 0
	for _, b := range slices.Backward(buildsAmong(have, of)) {
		if isOffered >= keep {
			out = append(out, b.String())
			continue
		}
		if slices.Contains(offered, b) {
			isOffered++
			continue
		}
		if others++; others > keep {
			out = append(out, b.String())
		}
	}
	return out
}

// retire takes away what the builds that came last replace.
func (u *Uploads) retire(r *http.Request, q request, by ecosystem.Publisher) error {
	p := q.name.Package()
	if err := u.desk.MayPublish(r.Context(), p, by); err != nil {
		return err
	}
	have, err := u.desk.Published(r.Context(), p, false)
	if err != nil || len(buildsAmong(have, q.version)) <= u.snapshots {
		return err
	}
	l, err := u.shelf.Listing(r.Context(), p)
	if err != nil {
		return err
	}
	old := replaced(have, q.version, offeredBuilds(q.name, l, q.version), u.snapshots)
	for _, number := range old {
		v := artifact.Version{Package: p, Number: number}
		if err := u.desk.Retire(r.Context(), v, fmt.Sprintf("%d newer builds of %s are kept", u.snapshots, q.version), by); err != nil {
			return err
		}
	}
	return nil
}

package sqlite

import (
	"context"
	"fmt"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

func BenchmarkPointRead(b *testing.B) {
	ctx, db := context.Background(), openTemp(b)
	d := newDecision("d1")
	ok(b, db.Publish(ctx, []verdict.Decision{d}))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := db.Decision(ctx, d.ID); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkState reads a package of 300 files, half of them admitted.
func BenchmarkState(b *testing.B) {
	ctx, db := context.Background(), openTemp(b)
	p := newDecision("").Version.Package
	var ds []verdict.Decision
	for i := range 300 {
		d := newDecision(fmt.Sprint(i))
		if i%2 == 0 {
			ds = append(ds, d)
		}
		ok(b, db.PutFile(ctx, artifact.File{Version: d.Version, Name: d.File, SHA256: artifact.DigestOf(nil), Origin: "up"}, day))
	}
	ok(b, db.Publish(ctx, ds))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := db.State(ctx, "main", p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDurableCommit(b *testing.B) {
	ctx, db := context.Background(), openTemp(b)
	e := gate.AuditEntry{At: day, By: "ada", Act: "waive", Object: "w1"}
	for b.Loop() {
		ok(b, db.Audit(ctx, e))
	}
}

func BenchmarkPublish500(b *testing.B) {
	ctx, db := context.Background(), openTemp(b)
	n := 0
	for b.Loop() {
		ds := make([]verdict.Decision, 500)
		for i := range ds {
			n++
			ds[i] = newDecision(fmt.Sprint(n))
		}
		ok(b, db.Publish(ctx, ds))
	}
}

// BenchmarkPublish500Again is the same answers asked for once more.
func BenchmarkPublish500Again(b *testing.B) {
	ctx, db := context.Background(), openTemp(b)
	ds := make([]verdict.Decision, 500)
	for i := range ds {
		ds[i] = newDecision(fmt.Sprint(i))
	}
	ok(b, db.Publish(ctx, ds))
	for b.Loop() {
		ok(b, db.Publish(ctx, ds))
	}
}

func BenchmarkPutPull(b *testing.B) {
	ctx, db := context.Background(), openTemp(b)
	sha := artifact.DigestOf(nil)
	b.ReportAllocs()
	for b.Loop() {
		ok(b, db.PutPull(ctx, "main", sha, "ci", day))
	}
}

// largeCode is what is seen in an archive of a thousand source files.
func largeCode(version int) []code.File {
	files := make([]code.File, 1000)
	for i := range files {
		f := &files[i]
		f.Path, f.SHA256, f.Size, f.Language = fmt.Sprintf("demo/part%d/module%d.py", i%20, i), artifact.DigestOf([]byte{byte(i), byte(i >> 8)}), 9000, code.Python
		for n := range 40 {
			f.Facts.Facts = append(f.Facts.Facts, code.Fact{Kind: code.Import, Name: fmt.Sprintf("demo.part%d.module%d", n%7, (i*n)%1000), Line: n * 11, Scope: fmt.Sprintf("Class%d.method%d", n%5, n), Text: fmt.Sprintf("from .part%d import module%d as m", n%7, (i*n)%1000)})
		}
	}
	files[0].Facts.Facts[0].Line = version // what changes from one version to the next
	return files
}

// BenchmarkPutEvidence keeps the facts of a large archive; each is a version of the
// same package, so nearly all of them are there.
func BenchmarkPutEvidence(b *testing.B) {
	db := openTemp(b)
	reports := []scan.Report{{Code: largeCode(1)}, {Code: largeCode(2)}}
	if err := db.PutEvidence(b.Context(), "first", "sha", reports[0], day); err != nil {
		b.Fatal(err)
	}
	var before, after int64
	before, _ = fileSize(b.Context(), db.reader)
	b.ResetTimer()
	for n := range b.N {
		if err := db.PutEvidence(b.Context(), fmt.Sprint(n), "sha", reports[1], day); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	after, _ = fileSize(b.Context(), db.reader)
	b.ReportMetric(float64(before), "bytes/first")
	b.ReportMetric(float64(after-before)/float64(b.N), "bytes/next")
}

// BenchmarkCode reads the facts of a large archive, to ask new rules about them.
func BenchmarkCode(b *testing.B) {
	db := openTemp(b)
	if err := db.PutEvidence(b.Context(), "first", "sha", scan.Report{Code: largeCode(1)}, day); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		if files, err := db.Code(b.Context(), "first"); err != nil || len(files) != 1000 {
			b.Fatal(len(files), err)
		}
	}
}

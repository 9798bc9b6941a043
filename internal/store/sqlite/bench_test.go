package sqlite

import (
	"context"
	"fmt"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/gate"
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

package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/blob"
	"github.com/gatehouse-project/gatehouse/internal/gate"
)

func TestReportsAreWrittenOnce(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	at := time.Date(2026, 5, 3, 14, 0, 0, 0, time.UTC)
	html := gate.KeptReport{Format: "html", SHA256: artifact.DigestOf([]byte("a page")), Size: 6, At: at}
	text := gate.KeptReport{Format: "text", SHA256: artifact.DigestOf([]byte("a text")), Size: 6, At: at}
	ok(t, db.PutReports(ctx, "r1", []gate.KeptReport{text, html}))
	other := html
	other.SHA256, other.At = artifact.DigestOf([]byte("another page")), at.Add(time.Hour)
	ok(t, db.PutReports(ctx, "r1", []gate.KeptReport{other}))
	got, err := db.Reports(ctx, "r1")
	ok(t, err)
	if len(got) != 2 || got[0] != html || got[1] != text {
		t.Errorf("got %+v, want the first ones, by format", got)
	}
	if none, err := db.Reports(ctx, "r2"); err != nil || len(none) != 0 {
		t.Errorf("of a request without any: %+v, %v", none, err)
	}
	if _, err := db.writer.ExecContext(ctx, `UPDATE report SET size = 7`); err == nil {
		t.Error("a report was changed")
	}
	for why, bad := range map[string]gate.KeptReport{"no digest": {Format: "html", SHA256: "x"}, "no text": {Format: "\xff", SHA256: html.SHA256}, "a negative size": {Format: "sarif", SHA256: html.SHA256, Size: -1}} {
		if err := db.PutReports(ctx, "r1", []gate.KeptReport{bad}); err == nil {
			t.Errorf("%s was taken", why)
		}
	}
}

// A row never names bytes that the collector took meanwhile.
func TestReportsKeepTheirBytes(t *testing.T) {
	ctx, db := context.Background(), openTemp(t)
	r := gate.KeptReport{Format: "html", SHA256: artifact.DigestOf([]byte("a page")), Size: 6, At: time.Now()}
	there := false
	db.UseBlobs(func(context.Context, artifact.Digest) (int64, error) {
		if there {
			return 6, nil
		}
		return 0, fs.ErrNotExist
	})
	buried, err := db.Bury(ctx, []artifact.Digest{r.SHA256}, time.Now())
	if err != nil || len(buried) != 1 {
		t.Fatal(buried, err)
	}
	if err := db.PutReports(ctx, "r1", []gate.KeptReport{r}); !errors.Is(err, blob.ErrCollected) {
		t.Errorf("bytes that were collected: %v", err)
	}
	if got, err := db.Reports(ctx, "r1"); err != nil || len(got) != 0 {
		t.Errorf("a row names them: %+v, %v", got, err)
	}
	there = true
	ok(t, db.PutReports(ctx, "r1", []gate.KeptReport{r}))
	if left, err := db.Unreferenced(ctx, []artifact.Digest{r.SHA256}); err != nil || len(left) != 0 {
		t.Errorf("the report does not keep its bytes: %v, %v", left, err)
	}
}

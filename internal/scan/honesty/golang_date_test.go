package honesty_test

import (
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/record"
	"github.com/gatehouse-project/gatehouse/internal/scan"
	"github.com/gatehouse-project/gatehouse/internal/scan/honesty"
)

func TestGoDates(t *testing.T) {
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		sum  record.Sum
		kind artifact.Kind
		at   time.Time
		want int
		why  string
	}{
		{record.Sum{State: record.Verified}, artifact.ModuleZip, day, 1, "the database vouches for the bytes, nobody for the date"},
		{record.Sum{State: record.Verified, NotBefore: day}, artifact.ModuleZip, day, 0, "the log was seen without it"},
		{record.Sum{State: record.Off}, artifact.ModuleZip, day, 1, "nobody was asked"},
		{record.Sum{State: record.Own}, artifact.ModuleZip, day, 0, "published here"},
		{record.Sum{State: record.Verified}, artifact.ModuleZip, time.Time{}, 0, "without a date it waits anyway"},
		{record.Sum{}, artifact.Crate, day, 0, "of another ecosystem"},
	} {
		f := ecosystem.IndexFile{Name: "v1.0.0.zip", Kind: tc.kind, Uploaded: tc.at, Record: record.Version{Version: "v1.0.0", Time: day, Sum: tc.sum}.Bytes()}
		got, err := honesty.Versions{}.Check(t.Context(), scan.VersionTarget{Files: []ecosystem.IndexFile{f}})
		if err != nil || len(got) != tc.want || tc.want == 1 && (got[0].Rule != "date-by-publisher" || got[0].Path != "v1.0.0.zip") {
			t.Errorf("%s: %+v, %v", tc.why, got, err)
		}
	}
}

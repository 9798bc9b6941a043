package advisory

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// goNames takes versions that begin with v and orders them by their one number.
type goNames struct{}

func (goNames) Normalize(eco artifact.Ecosystem, name string) (string, error) {
	if eco != artifact.Golang {
		return "", errors.ErrUnsupported
	}
	return name, nil
}

func (goNames) Key(_ artifact.Ecosystem, version string) ([]byte, error) {
	number, ok := strings.CutPrefix(version, "v")
	if !ok {
		return nil, errors.New("no version")
	}
	return []byte(number), nil
}

// TestGoVersionsAreSpelledAsGoDoes: OSV leaves their v out, in ranges of type
// SEMVER and in lists.
func TestGoVersionsAreSpelledAsGoDoes(t *testing.T) {
	const text = `{"id": "GO-2026-1", "modified": "2026-01-01T00:00:00Z", "affected": [{
		"package": {"ecosystem": "Go", "name": "a.invalid/m"},
		"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "3"}, {"introduced": "5"}, {"last_affected": "v6"}]}],
		"versions": ["8"]}]}`
	r, err := parseRecord([]byte(text), goNames{})
	if err != nil || len(r.affected) != 1 || r.loose != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	a := r.affected[0]
	for version, want := range map[string]bool{"v1": true, "v3": false, "v4": false, "v5": true, "v6": true, "v7": false, "v8": true} {
		key, err := goNames{}.Key(artifact.Golang, version)
		if err != nil || a.covers.has(key) != want {
			t.Errorf("%s is covered: %t, want %t; %v", version, a.covers.has(key), want, err)
		}
	}
	if len(a.fixed) != 1 || a.fixed[0].text != "v3" || !bytes.Equal(a.fixed[0].key, []byte("3")) {
		t.Errorf("fixed in %+v, want v3", a.fixed)
	}
}

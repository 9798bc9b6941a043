package archive

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestAlone(t *testing.T) {
	pom := "<project><artifactId>demo</artifactId></project>\n"
	for _, tc := range []struct {
		name, content string
		lim           Limits
		want          Reason // "" for none
		why           string
	}{
		{"demo-1.0.pom", pom, Limits{}, "", "a pom"},
		{"empty.txt", "", Limits{}, "", "nothing in it"},
		{"demo-1.0.pom", "PK\x03\x04" + strings.Repeat("x", 100), Limits{}, Unsupported, "a zip under another name"},
		{"demo-1.0.pom", "\x1f\x8b\x08" + strings.Repeat("x", 100), Limits{}, Unsupported, "gzip under another name"},
		{"demo-1.0.pom", "Rar!\x1a\x07" + strings.Repeat("x", 100), Limits{}, Unsupported, "a format that is not read"},
		{"demo-1.0.pom", pom, Limits{Body: 10}, TooLarge, "larger than what is seen whole"},
		{"../demo.pom", pom, Limits{}, BadName, "a name that climbs out"},
	} {
		var seen []Entry
		stats, err := Alone(bytes.NewReader([]byte(tc.content)), int64(len(tc.content)), tc.name, tc.lim, func(e Entry) error {
			e.Body = bytes.Clone(e.Body)
			seen = append(seen, e)
			return nil
		})
		if tc.want != "" {
			if refusal, ok := errors.AsType[*Refusal](err); !ok || refusal.Reason != tc.want || len(seen) != 0 {
				t.Errorf("%s: %v after %d entries, want %s", tc.why, err, len(seen), tc.want)
			}
			continue
		}
		if err != nil || len(seen) != 1 || stats.Entries != 1 {
			t.Errorf("%s: %v, %d entries", tc.why, err, len(seen))
			continue
		}
		if e := seen[0]; e.Path != tc.name || string(e.Body) != tc.content || e.Size != int64(len(tc.content)) || e.SHA256 == "" || !e.Mode.IsRegular() {
			t.Errorf("%s: %+v", tc.why, e)
		}
	}
}

// TestAloneOpensWhatIsHidden: a zip behind text is found where real unpackers find it.
func TestAloneOpensWhatIsHidden(t *testing.T) {
	b := append([]byte("<project/>"), zipOf(rawEntry{name: "evil.sh", body: "true\n"})...)
	var paths []string
	_, err := Alone(bytes.NewReader(b), int64(len(b)), "demo.pom", Limits{Nested: UsualNested}, func(e Entry) error {
		paths = append(paths, e.Path)
		return nil
	})
	if err != nil || strings.Join(paths, " ") != "demo.pom demo.pom!evil.sh" {
		t.Errorf("%q, %v", paths, err)
	}
}

package archive

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]Format{
		"a-1-py3-none-any.whl": Zip, "a-1.zip": Zip, "a-1.tar.gz": TarGz, "a-1.tgz": Tgz, "a-1.tar.bz2": TarBz2, "A-1.TAR.GZ": TarGz,
		"a-1.tar": Tar, "a-1.crate": TarGz, "a-1.jar": Zip, "a.WAR": Zip, "a.ear": Zip, "a.aar": Zip, "a.1.nupkg": Zip, "a-1.egg": Zip, "a-1.gem": Gem,
		"a-1.tar.xz": "", "a-1.exe": "", "a": "",
	} {
		got, err := FormatOf(name)
		if got != want || (want == "") != errors.Is(err, ErrFormat) {
			t.Errorf("FormatOf(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestEntriesCarryDigestHeadAndBody(t *testing.T) {
	small, large := "small", strings.Repeat("0123456789", 1000)
	lim := Limits{Body: 100, Head: 10}
	for _, tc := range []struct {
		format Format
		in     []byte
	}{
		{Zip, zipOf(rawEntry{name: "s", body: small}, rawEntry{name: "l", body: large, method: methodDeflate}, store("e", ""))},
		{TarGz, tgz(rawTar{name: "s", body: small}, rawTar{name: "l", body: large}, rawTar{name: "e"})},
	} {
		want := map[string]string{"s": small, "l": large, "e": ""}
		stats, err := Walk(bytes.NewReader(tc.in), int64(len(tc.in)), tc.format, lim, func(e Entry) error {
			content := want[e.Path]
			if e.SHA256 != artifact.DigestOf([]byte(content)) || e.Size != int64(len(content)) {
				t.Errorf("%s: %s: digest %s, size %d", tc.format, e.Path, e.SHA256, e.Size)
			}
			if string(e.Head) != content[:min(10, len(content))] {
				t.Errorf("%s: %s: head %q", tc.format, e.Path, e.Head)
			}
			if kept := len(content) <= 100; kept != (e.Body != nil) || kept && string(e.Body) != content {
				t.Errorf("%s: %s: body of %d bytes", tc.format, e.Path, len(e.Body))
			}
			return nil
		})
		if err != nil || stats.Entries != 3 || stats.Unpacked != int64(len(small)+len(large)) {
			t.Errorf("%s: %+v, %v", tc.format, stats, err)
		}
	}
}

func TestErrorOfTheCallbackComesBack(t *testing.T) {
	in := zipOf(store("a", "x"))
	_, err := Walk(bytes.NewReader(in), int64(len(in)), Zip, Limits{}, func(Entry) error { return io.ErrClosedPipe })
	if err != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
}

func TestEntryLimit(t *testing.T) {
	many := []rawEntry{store("a", ""), store("b", ""), store("c", "")}
	if _, err := walkAll(zipOf(many...), Zip, Limits{Entries: 3}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := walkAll(zipOf(many...), Zip, Limits{Entries: 2})
	wantRefusal(t, err, TooLarge, "one more than allowed")
}

func TestRefusalNamesTheEntry(t *testing.T) {
	err := error(&Refusal{Entry: "a\x1b", Reason: BadName, Text: "it is bad"})
	if got, want := err.Error(), `archive refused: entry "a\x1b": it is bad`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMemoryStaysTheSame walks an entry far larger than what is kept of it.
func TestMemoryStaysTheSame(t *testing.T) {
	in := zipOf(rawEntry{name: "large", body: strings.Repeat("x", 32<<20), method: methodDeflate})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := walkAll(in, Zip, Limits{Body: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
		t.Errorf("walking a 32 MiB entry allocates %d bytes", allocated)
	}
}

func BenchmarkWalk(b *testing.B) {
	var entries []rawEntry
	body := strings.Repeat("def function(argument):\n    return argument + 1\n# a line of text that differs ", 400)
	for i := range 200 {
		entries = append(entries, rawEntry{name: strings.Repeat("d/", i%5) + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + ".py", body: body[i:], method: methodDeflate})
	}
	in := zipOf(entries...)
	b.SetBytes(int64(len(entries) * len(body)))
	for b.Loop() {
		if _, err := walkAll(in, Zip, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

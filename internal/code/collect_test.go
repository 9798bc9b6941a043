package code

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCollectorMakesIdenticalFactsOne(t *testing.T) {
	c := NewCollector(Python, []byte("a\nb()\nc()\n"))
	c.Add(Fact{Kind: Exec, Name: "os.system", Line: 3, Column: 1, From: []string{"fetch", "env", "env"}})
	c.Add(Fact{Kind: Exec, Name: "os.system", Line: 2, Column: 1, From: []string{"env", "fetch"}})
	c.Add(Fact{Kind: Exec, Name: "os.system", Line: 1, Reach: OnCall, From: []string{"env", "fetch"}})
	got := c.Facts()
	if len(got.Facts) != 2 || got.Dropped != 0 {
		t.Fatalf("got %+v, want two facts: another time is another fact", got)
	}
	second := got.Facts[1]
	if second.Line != 2 || second.Text != "b()" || !slices.Equal(second.From, []string{"env", "fetch"}) {
		t.Errorf("got %+v, want the first place with its text and sorted words", second)
	}
}

func TestCollectorKeepsWhatTells(t *testing.T) {
	c := NewCollector(Python, []byte(strings.Repeat("x\n", 9000)))
	for i := range 3 * MostFacts {
		c.Add(Fact{Kind: Import, Name: fmt.Sprint("m", i), Line: i + 1})
	}
	for i := range 3 * MostOfName {
		c.Add(Fact{Kind: Exec, Name: "os.system", Line: i + 1, Args: []string{fmt.Sprint(i)}})
	}
	c.Add(Fact{Kind: Exec, Name: "os.system", Line: 8999, From: []string{"fetch"}})
	got := c.Facts()
	if len(got.Facts) != MostFacts {
		t.Errorf("got %d facts, want %d", len(got.Facts), MostFacts)
	}
	if want := 3*MostFacts + 3*MostOfName + 1 - MostFacts; got.Dropped != want {
		t.Errorf("dropped %d, want %d", got.Dropped, want)
	}
	execs := 0
	flows := false
	for _, f := range got.Facts {
		if f.Kind == Exec {
			execs++
			flows = flows || len(f.From) > 0
		}
	}
	if execs != MostOfName || !flows {
		t.Errorf("%d processes started, the one with data among them: %v", execs, flows)
	}
	if !slices.IsSortedFunc(got.Facts, compare) {
		t.Error("facts are not in order of place")
	}
}

func TestCollectorKeepsTheSameInAnyOrder(t *testing.T) {
	var all []Fact
	for i := range 5 * MostFacts {
		all = append(all, Fact{Kind: []Kind{Import, Exec, Fetch, Env}[i%4], Name: fmt.Sprint(i % 777), Line: i + 1, Args: []string{fmt.Sprint(i)}})
	}
	collect := func() []Fact {
		c := NewCollector(Python, nil)
		for _, f := range all {
			f.Args = slices.Clone(f.Args)
			c.Add(f)
		}
		return c.Facts().Facts
	}
	first := collect()
	slices.Reverse(all)
	second := collect()
	if !slices.EqualFunc(first, second, func(a, b Fact) bool { return compare(a, b) == 0 }) {
		t.Error("other facts stay when they come in another order")
	}
}

func TestShorten(t *testing.T) {
	for _, row := range []struct {
		in   string
		most int
		want string
		why  string
	}{
		{"abc", 3, "abc", "fits"},
		{"abcdef", 5, "ab…", "the mark counts"},
		{"äöü", 5, "ä…", "never inside a character"},
		{"a\xffb", 9, "a\uFFFDb", "bytes that are no text"},
		{"\xffa\xffb\xff", 6, "\uFFFD…", "what grows beyond the limit is shortened"},
		{"", 5, "", "nothing"},
	} {
		if got := Shorten(row.in, row.most); got != row.want {
			t.Errorf("%s: Shorten(%q, %d) = %q, want %q", row.why, row.in, row.most, got, row.want)
		}
	}
}

func FuzzShorten(f *testing.F) {
	f.Add("äöü\xff", 4)
	f.Fuzz(func(t *testing.T, s string, most int) {
		most = 3 + most&0xff
		if got := Shorten(s, most); len(got) > most || !utf8.ValidString(got) {
			t.Errorf("Shorten(%q, %d) = %q", s, most, got)
		}
	})
}

func TestTextIsTheLineAroundThePlace(t *testing.T) {
	long := strings.Repeat("a", 500) + "HERE" + strings.Repeat("b", 500)
	src := "one\r\ntwo\rthree\n\t  " + long + "\n"
	for _, row := range []struct {
		line, column int
		want         string
	}{{1, 1, "one"}, {2, 1, "two"}, {3, 1, "three"}, {9, 1, ""}} {
		c := NewCollector(Python, []byte(src))
		c.Add(Fact{Kind: Exec, Line: row.line, Column: row.column})
		if got := c.Facts().Facts[0].Text; got != row.want {
			t.Errorf("line %d: got %q, want %q", row.line, got, row.want)
		}
	}
	c := NewCollector(Python, []byte(src))
	c.Add(Fact{Kind: Exec, Line: 4, Column: 504})
	if got := c.Facts().Facts[0].Text; !strings.Contains(got, "HERE") || len(got) > MostText {
		t.Errorf("got %q, want the line around its column", got)
	}
}

func TestEmbeddedTextsAreBounded(t *testing.T) {
	c := NewCollector(Python, nil)
	for i := range mostEmbedded + 5 {
		c.Embed(Embedded{Language: Python, Text: fmt.Append(nil, i)})
		c.Embed(Embedded{Language: Python, Text: fmt.Append(nil, i)})
	}
	c.Embed(Embedded{Language: Python, Text: make([]byte, 2*MostDecoded)})
	if got := c.Facts(); len(got.Embedded) != mostEmbedded || got.Dropped == 0 {
		t.Errorf("got %d texts and %d dropped", len(got.Embedded), got.Dropped)
	}
}

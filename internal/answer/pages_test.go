package answer

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

func plainPage(t *testing.T, text string) func() (*Page, error) {
	return func() (*Page, error) { return NewPage("text/plain", "", []byte(text)) }
}

func TestPages(t *testing.T) {
	var p Pages
	var rendered []string
	get := func(name, variant, tag string, err error) error {
		page, got := p.Get(name, variant, tag, func() (*Page, error) {
			rendered = append(rendered, name+variant+tag)
			page, _ := plainPage(t, name+variant+tag)()
			return page, err
		})
		if got == nil && string(page.plain.body) != name+variant+tag {
			t.Errorf("%s %s %s: %q", name, variant, tag, page.plain.body)
		}
		return got
	}
	for _, tc := range []struct {
		name, variant, tag string
		err                error
		want               bool // rendered
		why                string
	}{
		{"a", "json", "1", nil, true, "the first"},
		{"a", "json", "1", nil, false, "kept"},
		{"a", "html", "1", nil, true, "another variant"},
		{"b", "json", "1", nil, true, "another name"},
		{"a", "json", "2", nil, true, "the listing changed"},
		{"a", "json", "2", nil, false, "kept"},
		{"a", "json", "1", nil, true, "the older is gone"},
		{"c", "json", "1", errors.New("no"), true, "an error"},
		{"c", "json", "1", nil, true, "is not kept"},
		{"d", "json", "1", Uncached, true, "a page that may not be kept"},
		{"d", "json", "1", nil, true, "is not"},
	} {
		before := len(rendered)
		err := get(tc.name, tc.variant, tc.tag, tc.err)
		if (err != nil) != (tc.err != nil && tc.err != Uncached) || (len(rendered) > before) != tc.want {
			t.Errorf("%s: %v, rendered %v", tc.why, err, rendered[before:])
		}
	}
}

func TestPagesAreBounded(t *testing.T) {
	var p Pages
	sized := func(n int) func() (*Page, error) {
		return func() (*Page, error) { return &Page{plain: form{body: make([]byte, n)}}, nil }
	}
	for i := range 20 {
		if _, err := p.Get(fmt.Sprint(i), "", "", sized(maxPages/8)); err != nil {
			t.Fatal(err)
		}
		if p.bytes > maxPages || p.order.Len() != len(p.rows) {
			t.Fatalf("%d bytes in %d pages", p.bytes, p.order.Len())
		}
	}
	if p.order.Len() != 8 {
		t.Errorf("%d of 20 kept, want 8", p.order.Len())
	}
	if _, err := p.Get("huge", "", "", sized(2*maxPages)); err != nil {
		t.Fatal(err)
	}
	if p.order.Len() != 1 {
		t.Errorf("%d kept; want the newest alone, although it is too large", p.order.Len())
	}
	for e := p.order.Front(); e != nil; e = p.order.Front() {
		p.remove(e)
	}
	if p.bytes != 0 || len(p.rows) != 0 {
		t.Errorf("emptied, yet %d bytes in %d rows", p.bytes, len(p.rows))
	}
}

// TestHundredAskersOneRendering.
func TestHundredAskersOneRendering(t *testing.T) {
	var p Pages
	var arrived, rendered atomic.Int32
	open := make(chan struct{})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if arrived.Add(1) == 100 {
				close(open)
			}
			page, err := p.Get("a", "json", "1", func() (*Page, error) {
				rendered.Add(1)
				<-open
				return plainPage(t, "x")()
			})
			if err != nil || string(page.plain.body) != "x" {
				t.Errorf("got %v, %v", page, err)
			}
		})
	}
	wg.Wait()
	if rendered.Load() != 1 {
		t.Errorf("rendered %d times", rendered.Load())
	}
}

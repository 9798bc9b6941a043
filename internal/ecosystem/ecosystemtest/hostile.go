package ecosystemtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
)

// hostileSize is how large an answer about a hostile index may be, in bytes. One
// that never ended would end the test by its own time-out.
const hostileSize = 64 << 20

// testHostile: an index that nobody in their right mind serves gives an answer
// within limits, or one clear error; and a package beside it is not disturbed.
func testHostile(t *testing.T, s Suite) {
	page := func(p Package) Reply {
		reply, ok := s.Upstream(t, []Package{p}, "http://files.invalid", s.UpstreamIndex(p.Name))
		if !ok {
			t.Fatalf("the stub has no index at %s", s.UpstreamIndex(p.Name))
		}
		return reply
	}
	good := s.pkg("demo", "1.0.0")
	honest := page(good)
	random := make([]byte, 100<<10)
	rand.NewChaCha8(seed).Read(random)
	padded := good
	padded.Padding = 40 << 20
	many := s.pkg("demo")
	for i := range 10_000 {
		many.Releases = append(many.Releases, s.release("demo", fmt.Sprintf("%d.%d.0", i/100, i%100)))
	}
	slashes := s.pkg("demo", "1.0.0")
	for _, number := range []string{"../evil", "..%2fevil", "a/evil", "/evil", `..\evil`, "evil\x00", "evil\n1.0.0"} {
		r := s.release("demo", "1.0.0")
		r.Number = number
		slashes.Releases = append(slashes.Releases, r)
	}
	other := s.pkg("left", "6.6.6")
	nested := bytes.Repeat([]byte("["), 1<<20)
	for _, tc := range []struct {
		name  string
		reply Reply
		want  func(Got) string // what is wrong; "" for nothing
	}{
		{"garbage", Reply{ContentType: honest.ContentType, Body: random}, wantError},
		{"empty", Reply{ContentType: honest.ContentType}, nil},
		{"cut", Reply{ContentType: honest.ContentType, Body: honest.Body[:len(honest.Body)/2]}, nil},
		{"deep", Reply{ContentType: honest.ContentType, Body: nested}, wantError},
		{"a login page", Reply{ContentType: "text/html", Body: []byte("<!doctype html><title>Sign in</title><form action=/login></form>")}, wantError},
		{"forty megabytes", page(padded), nil},
		{"ten thousand versions", page(many), nil},
		{"another package's", page(other), without("6.6.6")},
		{"names with slashes", page(slashes), without("evil")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := open(t, s, good, s.pkg("right", "1.0.0"))
			v.shop.change(func() { v.shop.instead[s.UpstreamIndex(good.Name)] = tc.reply })
			got := v.page(http.MethodGet, s.Pages(good.Name)[0])
			if len(got.Body) > hostileSize {
				t.Errorf("%d bytes", len(got.Body))
			}
			switch {
			case got.Code == http.StatusOK, got.Code == http.StatusNotFound:
			case got.Code == http.StatusServiceUnavailable && len(got.Body) < 4<<10:
			default:
				t.Errorf("%s %.300s", got.Status, got.Body)
			}
			if tc.want != nil {
				if wrong := tc.want(got); wrong != "" {
					t.Errorf("%s: %s %.300s", wrong, got.Status, got.Body)
				}
			}
			v.admitted(s.release("right", "1.0.0"))
			if n := v.shop.askedFor("evil"); n != 0 {
				t.Errorf("what no index may list was asked for %d times", n)
			}
		})
	}
}

func wantError(g Got) string {
	if g.Code == http.StatusOK {
		return "it was taken for an index"
	}
	return ""
}

func without(text string) func(Got) string {
	return func(g Got) string {
		if g.Code == http.StatusOK && bytes.Contains(g.Body, []byte(text)) {
			return "it lists " + text
		}
		return ""
	}
}

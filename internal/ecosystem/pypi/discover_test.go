package pypi

import (
	"net/url"
	"testing"
)

func TestDiscoveryReadsUVsNames(t *testing.T) {
	for value, want := range map[string]string{
		"https://a.invalid/simple":          "https://a.invalid/simple",
		" https://a.invalid/simple?x=y \n":  "https://a.invalid/simple?x=y",
		"inner=https://a.invalid/simple":    "https://a.invalid/simple",
		"https://a.invalid/x=y/simple":      "https://a.invalid/x=y/simple",
		"inner=https://a.invalid/?key=v=va": "https://a.invalid/?key=v=va",
		"":                                  "",
	} {
		if got := discovery().Read(value); got != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
	}
}

// TestLibraryKnowsADefault, and is kept from asking it.
func TestLibraryKnowsADefault(t *testing.T) {
	got, err := discovery().Library(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Path == "" || u.Path[len(u.Path)-1] != '/' {
		t.Errorf("the default is %q, %v", got, err)
	}
}

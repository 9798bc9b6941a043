package clientconfig

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOnceTellsEveryClient(t *testing.T) {
	m := machine(t, map[string]string{"PIP_EXTRA_INDEX_URL": "https://i.invalid/", "GOPRIVATE": "x"})
	for _, tc := range []struct {
		command []string
		want    []string // the arguments, with the folder for files as DIR
		why     string
	}{
		{[]string{"pip", "install", "x"}, []string{"pip", "install", "x"}, "its environment is enough"},
		{[]string{"/usr/bin/cargo", "+nightly", "build"}, []string{"/usr/bin/cargo", "+nightly", "--config", "DIR/cargo.toml", "build"}, "a toolchain comes first"},
		{[]string{"cargo", "fetch"}, []string{"cargo", "--config", "DIR/cargo.toml", "fetch"}, "source replacement has no variable"},
		{[]string{"./mvnw", "verify"}, []string{"./mvnw", "-gs", "DIR/settings.xml", "verify"}, "the user's own settings stay"},
		{[]string{"gradlew.bat", "build"}, []string{"gradlew.bat", "--init-script", "DIR/gatehouse.gradle", "build"}, "an init script"},
	} {
		dir := t.TempDir()
		r, err := m.Once(Wish{Gate: gate, Registry: "data"}, tc.command, dir)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range r.Args {
			r.Args[i] = strings.Replace(a, dir, "DIR", 1)
			if strings.HasPrefix(r.Args[i], "DIR/") && !isFile(a) {
				t.Errorf("%v: %s is not there", tc.command, a)
			}
		}
		if !slices.Equal(r.Args, tc.want) {
			t.Errorf("%v became %v; want %v (%s)", tc.command, r.Args, tc.want, tc.why)
		}
		if !slices.Equal(r.Unset, []string{"PIP_EXTRA_INDEX_URL", "GOPRIVATE"}) {
			t.Errorf("unset are %v", r.Unset)
		}
		for _, want := range []string{
			"PIP_INDEX_URL=http://127.0.0.1:8484/registry/data/pypi/simple/", "npm_config_registry=http://127.0.0.1:8484/registry/data/npm/",
			"GOPROXY=http://127.0.0.1:8484/registry/data/go", "CARGO_REGISTRIES_GATEHOUSE_INDEX=sparse+http://127.0.0.1:8484/registry/data/cargo/",
		} {
			if !slices.Contains(r.Set, want) {
				t.Errorf("%v: the environment lacks %s", tc.command, want)
			}
		}
	}
}

func TestOnceTokenIsForThatCommandOnly(t *testing.T) {
	m := machine(t, nil)
	put(t, filepath.Join(m.Home, ".netrc"), "machine other.invalid login me password x\n")
	dir := t.TempDir()
	s := secret(t)
	r, err := m.Once(Wish{Gate: gate, Token: s}, []string{"npm", "ci"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(r.Set, "npm_config_//127.0.0.1:8484/npm/:_authToken="+s.Reveal()) {
		t.Errorf("npm is not told: %d variables", len(r.Set))
	}
	netrc := get(t, filepath.Join(dir, "netrc"))
	if !strings.HasPrefix(netrc, "machine 127.0.0.1 login gatehouse password ") || !strings.HasSuffix(netrc, "machine other.invalid login me password x\n") {
		t.Error("the netrc file has not ours first and the user's after it")
	}
	if st, err := os.Stat(filepath.Join(dir, "netrc")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if strings.Contains(strings.Join(r.Args, " "), s.Reveal()) {
		t.Error("the token stands on the command line, where everybody on the machine sees it")
	}
}

func TestOnceNeedsACommand(t *testing.T) {
	if _, err := machine(t, nil).Once(Wish{Gate: gate}, nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "gatehouse run -- ") {
		t.Errorf("no command: %v", err)
	}
}

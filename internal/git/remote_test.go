package git

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// gitServer serves a folder of repositories over HTTP as git's own program does, to
// whoever knows the password. It notes whether anything was asked under other.
func gitServer(t *testing.T, root, password string) *httptest.Server {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{Path: filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"), Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=x"}, InheritEnv: []string{"PATH"}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := r.BasicAuth(); password != "" && given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// tagged is a repository with two tags, below a folder that is served.
func tagged(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	r := repo{t, filepath.Join(root, "lib")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "--quiet", "--initial-branch=main")
	r.write("go.mod", "module example.invalid/lib\n", "a.txt", "one").commit()
	r.git("tag", "v1.0.0")
	r.write("a.txt", "two").commit()
	r.git("tag", "-a", "-m", "two", "v1.1.0")
	return root
}

func TestRemote(t *testing.T) {
	root := tagged(t)
	const password = "of the git server"
	open, closed := gitServer(t, root, ""), gitServer(t, root, password)
	for _, tc := range []struct {
		name   string
		remote Remote
		tag    string
		want   string // of a.txt; else of the error
	}{
		{"a folder", Remote{Address: filepath.Join(root, "lib")}, "v1.0.0", "one"},
		{"a file URL", Remote{Address: "file://" + filepath.Join(root, "lib")}, "v1.1.0", "two"},
		{"a server", Remote{Address: open.URL + "/lib"}, "v1.0.0", "one"},
		{"a tag with a message", Remote{Address: open.URL + "/lib"}, "v1.1.0", "two"},
		{"with a password", Remote{Address: closed.URL + "/lib", User: "ci", Secret: secretref.New(password)}, "v1.0.0", "one"},
		{"without it", Remote{Address: closed.URL + "/lib"}, "v1.0.0", "terminal prompts disabled"},
		{"no such tag", Remote{Address: open.URL + "/lib"}, "v9.0.0", "couldn't find remote ref"},
		{"no such repository", Remote{Address: open.URL + "/other"}, "v1.0.0", "not found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir, done, err := tc.remote.Open(t.Context(), tc.tag)
			if err != nil {
				if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), password) {
					t.Errorf("%v, want %q", err, tc.want)
				}
				return
			}
			defer done()
			files, _, err := Files(t.Context(), dir, "refs/tags/"+tc.tag, "")
			if err != nil || len(files) != 2 || string(files[0].Content) != tc.want {
				t.Errorf("%+v, %v; want %q", files, err, tc.want)
			}
		})
	}
}

func TestRemoteRefuses(t *testing.T) {
	for _, tc := range []struct{ address, want, why string }{
		{"git@git.invalid:team/lib.git", "give its folder", "SSH wants keys and known hosts, which are not asked for here"},
		{"ssh://git.invalid/lib", "give its folder", ""},
		{"ext::sh -c true", "give its folder", "runs a command"},
		{"ext://sh", "give its folder", ""},
		{"https://user:word@git.invalid/lib", "leave user", "would stand in the process list"},
		{"http://git.invalid/lib", "in the clear", ""},
		{"file://other.invalid/lib", "give its folder", ""},
		{"https:///lib", "give its folder", ""},
	} {
		if dir, _, err := (Remote{Address: tc.address, Secret: secretref.New("x")}).Open(t.Context(), "v1.0.0"); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %q, %v; want %q (%s)", tc.address, dir, err, tc.want, tc.why)
		}
	}
}

// TestRemoteGoesNowhereElse: a redirect would carry the password to another server.
func TestRemoteGoesNowhereElse(t *testing.T) {
	var asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.NotFound(w, r)
	}))
	defer other.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
	}))
	defer first.Close()
	_, _, err := (Remote{Address: first.URL + "/lib", User: "u", Secret: secretref.New("x")}).Open(t.Context(), "v1.0.0")
	if err == nil || asked.Load() != 0 {
		t.Errorf("%v, and the other server was asked %d times", err, asked.Load())
	}
}

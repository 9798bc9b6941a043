package git

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// Remote is a repository to take one tag of: a folder, a file:// URL, or an http or
// https URL. A folder is read where it is.
type Remote struct {
	Address string
	// User and Secret are sent to that server alone and in no argument or file; none
	// where Secret is empty.
	User   string
	Secret secretref.Secret
}

// Open gives a folder to read a tag of the remote from (Files), and what to call when
// that is done. From a server it fetches the tag's commit alone, without history, by
// git's own transport in an empty repository: it asks no credential helper, prompts
// nobody, follows no redirect and no submodule, and speaks no protocol but the address's.
// What it fetches is checked as git fsck does.
func (r Remote) Open(ctx context.Context, tag string) (dir string, done func(), err error) {
	u, err := url.Parse(r.Address)
	switch {
	case !strings.Contains(r.Address, "://"):
		if sshAddress(r.Address) {
			return "", nil, errors.New("an address by SSH is not fetched from here; clone the repository and give its folder")
		}
		return r.Address, func() {}, nil
	case err != nil:
		return "", nil, fmt.Errorf("%q is no address of a repository", artifact.Untrusted(r.Address))
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", nil, errors.New("leave user, query and fragment out of the repository's address; a credential goes in by reference")
	case u.Scheme == "file" && u.Host == "":
		return u.Path, func() {}, nil
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return "", nil, fmt.Errorf("%q is neither a folder nor an https address; clone the repository and give its folder", artifact.Untrusted(r.Address))
	case u.Scheme == "http" && !r.Secret.IsZero() && !loopback(u.Hostname()):
		return "", nil, errors.New("a credential would travel in the clear; use https")
	}
	if dir, err = os.MkdirTemp("", "gatehouse-git-"); err != nil {
		return "", nil, fmt.Errorf("fetching the repository: %w", err)
	}
	done = func() { os.RemoveAll(dir) }
	if err := r.fetch(ctx, dir, u, tag); err != nil {
		done()
		return "", nil, fmt.Errorf("fetching tag %q of %s: %w", artifact.Untrusted(tag), u.Redacted(), err)
	}
	return dir, done, nil
}

// sshAddress says whether an address is one as scp takes it: host:path.
func sshAddress(s string) bool {
	host, _, ok := strings.Cut(s, ":")
	return ok && len(host) > 1 && !strings.ContainsAny(host, `/\`)
}

func loopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

func (r Remote) fetch(ctx context.Context, dir string, u *url.URL, tag string) error {
	repo := repository{dir: dir}
	if _, _, err := repo.output(ctx, "init", "--bare", "--quiet", "--template="); err != nil {
		return err
	}
	ref := "refs/tags/" + tag
	c := repo.command(ctx, "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance", "--no-write-fetch-head", "--end-of-options", u.String(), ref+":"+ref)
	c.Env = r.environment(u)
	if err := c.Run(); err != nil {
		return fault(c, "fetch", err)
	}
	return nil
}

// environment is that of the one command that reaches a server. Settings come by the
// environment, where other users of the machine do not see them.
func (r Remote) environment(u *url.URL) []string {
	env := []string{}
	for _, v := range environment() {
		if !strings.HasPrefix(v, "GIT_ALLOW_PROTOCOL=") {
			env = append(env, v)
		}
	}
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "GIT_SSL_CAINFO", "SSL_CERT_FILE"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	settings := [][2]string{
		{"credential.helper", ""}, {"http.followRedirects", "false"}, {"transfer.fsckObjects", "true"}, {"transfer.bundleURI", "false"},
	}
	if !r.Secret.IsZero() {
		basic := base64.StdEncoding.EncodeToString([]byte(r.User + ":" + r.Secret.Reveal()))
		settings = append(settings, [2]string{"http." + u.Scheme + "://" + u.Host + "/.extraHeader", "Authorization: Basic " + basic})
	}
	env = append(env, "GIT_ALLOW_PROTOCOL="+u.Scheme, fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(settings)))
	for i, s := range settings {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, s[1]))
	}
	return env
}

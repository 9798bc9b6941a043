package clientconfig

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Run is one command of a client that shall come through the gate, whatever the
// configuration here says.
type Run struct {
	Args []string // the command with what its client takes on the command line alone
	Set  []string // NAME=VALUE for its environment
	// Unset are variables that would lead around the gate and are taken out of the
	// environment. Their values are not kept.
	Unset []string
}

// around are the variables that name further indexes, or turn the configuration off.
var around = []string{
	"PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST", "PIP_NO_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS",
	"GOPRIVATE", "GONOPROXY", "NPM_CONFIG_REGISTRY",
}

// Once plans to run a command through the gate once. It knows how every client is
// told by its environment, and sets that for all of them, because a command may
// call others; cargo, mvn and gradle take an argument or a file, which only the
// command itself is given. Files go into scratch, a folder that the caller removes
// afterwards. The client of w is not asked for.
func (m Machine) Once(w Wish, command []string, scratch string) (Run, error) {
	if len(command) == 0 {
		return Run{}, errors.New("no command is given; write it behind --, as in: gatehouse run -- pip install NAME")
	}
	if err := plainToken(w.Token); err != nil {
		return Run{}, err
	}
	at := map[string]string{}
	for _, path := range paths {
		base, err := gateURL(w.Gate, w.Registry, path)
		if err != nil {
			return Run{}, err
		}
		at[path] = base
	}
	npm, err := url.Parse(at["npm"])
	if err != nil {
		return Run{}, err
	}
	r := Run{Args: slices.Clone(command)}
	r.Set = []string{
		"PIP_INDEX_URL=" + at["pypi"] + "simple/", "UV_DEFAULT_INDEX=" + at["pypi"] + "simple/", "UV_INDEX_URL=" + at["pypi"] + "simple/",
		"npm_config_registry=" + at["npm"], "YARN_NPM_REGISTRY_SERVER=" + at["npm"], "YARN_REGISTRY=" + at["npm"], "BUN_CONFIG_REGISTRY=" + at["npm"],
		"GOPROXY=" + strings.TrimSuffix(at["go"], "/"), "CARGO_REGISTRIES_GATEHOUSE_INDEX=sparse+" + at["cargo"],
	}
	if npm.Scheme == "http" {
		r.Set = append(r.Set, "YARN_UNSAFE_HTTP_WHITELIST="+npm.Hostname())
	}
	for _, name := range around {
		if m.Getenv(name) != "" {
			r.Unset = append(r.Unset, name)
		}
	}
	if err := m.onceToken(&r, w, npm, scratch); err != nil {
		return Run{}, err
	}
	return r, m.onceArgs(&r, w, at, scratch)
}

// onceToken hands a token to each client where it looks for one.
func (m Machine) onceToken(r *Run, w Wish, npm *url.URL, scratch string) error {
	if w.Token.IsZero() {
		return nil
	}
	token := w.Token.Reveal()
	own, err := os.ReadFile(m.netrcFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	netrc := filepath.Join(scratch, "netrc")
	if err := os.WriteFile(netrc, append([]byte("machine "+npm.Hostname()+" login gatehouse password "+token+"\n"), own...), 0o600); err != nil {
		return err
	}
	r.Set = append(r.Set, "NETRC="+netrc, "npm_config_//"+npm.Host+npm.Path+":_authToken="+token, "YARN_NPM_AUTH_TOKEN="+token,
		"YARN_NPM_ALWAYS_AUTH=true", "BUN_CONFIG_TOKEN="+token, "CARGO_REGISTRIES_GATEHOUSE_TOKEN="+token,
		"CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS=cargo:token")
	return nil
}

// onceArgs tells the clients that no variable tells.
func (m Machine) onceArgs(r *Run, w Wish, at map[string]string, scratch string) error {
	write := func(name, content string) (string, error) {
		path := filepath.Join(scratch, name)
		return path, os.WriteFile(path, []byte(content), 0o600)
	}
	settings, err := write("settings.xml", MavenSettings(at["maven"], w.Token))
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(r.Args[0])), ".exe")
	var more []string
	switch strings.TrimSuffix(strings.TrimSuffix(name, ".cmd"), ".bat") {
	case "cargo":
		config, err := write("cargo.toml", "[source.crates-io]\nreplace-with = \""+sourceName+"\"\n[registries."+sourceName+"]\nindex = \"sparse+"+at["cargo"]+"\"\n")
		if err != nil {
			return err
		}
		more = []string{"--config", config}
		if len(r.Args) > 1 && strings.HasPrefix(r.Args[1], "+") { // a toolchain comes first
			more = append([]string{r.Args[1]}, more...)
			r.Args = slices.Delete(r.Args, 1, 2)
		}
	case "mvn", "mvnw", "mvnd":
		more = []string{"-gs", settings}
	case "gradle", "gradlew":
		script, err := write("gatehouse.gradle", GradleScript(at["maven"]))
		if err != nil {
			return err
		}
		more = []string{"--init-script", script}
	}
	if len(more) == 0 || more[0] != "-gs" {
		r.Set = append(r.Set, "MAVEN_ARGS=-gs "+settings) // since Maven 3.9
	}
	r.Args = slices.Insert(r.Args, 1, more...)
	return nil
}

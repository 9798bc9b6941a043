package clients

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// NodeFolder is the folder with npm, pnpm, yarn and bun, once FindNode has found it.
var NodeFolder string

// FindNode reads GATEHOUSE_TEST_BINARY and GATEHOUSE_TEST_NODE_CLIENTS, and fails for
// anything that is missing. Call it from TestMain.
func FindNode() error {
	Binary, NodeFolder = os.Getenv("GATEHOUSE_TEST_BINARY"), os.Getenv("GATEHOUSE_TEST_NODE_CLIENTS")
	need := []string{Binary}
	for _, c := range Node {
		need = append(need, filepath.Join(NodeFolder, c.Name))
	}
	for _, path := range need {
		if st, err := os.Stat(path); !filepath.IsAbs(path) || err != nil || !st.Mode().IsRegular() {
			return fmt.Errorf("%q is no program here; run: make conformance", path)
		}
	}
	return nil
}

// NodeClient is how a person installs with one of npm's clients.
type NodeClient struct {
	Name string
	Lock string // its lock's file
	// Add asks for packages ("demo", "demo@^1"); Frozen installs what the lock says.
	Add, Frozen []string
	Publish     []string
}

// Node are the clients of npm's registry.
var Node = []NodeClient{
	{"npm", "package-lock.json", []string{"install", "--no-audit", "--no-fund"}, []string{"ci", "--no-audit", "--no-fund"}, []string{"publish"}},
	{"pnpm", "pnpm-lock.yaml", []string{"add"}, []string{"install", "--frozen-lockfile"}, []string{"publish", "--no-git-checks"}},
	{"yarn", "yarn.lock", []string{"add"}, []string{"install", "--immutable"}, []string{"npm", "publish"}},
	{"bun", "bun.lock", []string{"add"}, []string{"install", "--frozen-lockfile"}, []string{"publish"}},
}

// NodeProject makes a project of a client's with a registry as its only one, if there
// is none yet. token may be "".
func (b *Box) NodeProject(c NodeClient, registry, token string, manifest map[string]any) {
	b.T.Helper()
	if _, err := os.Stat(b.Path("package.json")); err == nil {
		return
	}
	m := map[string]any{"name": "consumer", "version": "1.0.0"}
	for k, v := range manifest {
		m[k] = v
	}
	text, err := json.Marshal(m)
	if err != nil {
		b.T.Fatal(err)
	}
	b.Write("package.json", string(text)+"\n")
	u, err := url.Parse(registry)
	if err != nil {
		b.T.Fatal(err)
	}
	switch c.Name {
	case "yarn":
		text := fmt.Sprintf("npmRegistryServer: %q\nunsafeHttpWhitelist: [%q]\nenableTelemetry: false\nenableGlobalCache: false\nnodeLinker: node-modules\nenableImmutableInstalls: false\n", registry, u.Hostname())
		if token != "" {
			text += fmt.Sprintf("npmAuthToken: %q\n", token)
		}
		b.Write(".yarnrc.yml", text)
		b.Write("yarn.lock", "")
	case "bun":
		b.Write("bunfig.toml", fmt.Sprintf("[install]\nregistry = { url = %q, token = %q }\n", registry, token))
	default:
		text := "registry=" + registry + "\n"
		if token != "" {
			text += "//" + u.Host + u.Path + ":_authToken=" + token + "\n"
		}
		b.Write(".npmrc", text)
	}
}

// Node runs one of npm's clients in the project.
func (b *Box) Node(c NodeClient, args ...string) Result {
	b.T.Helper()
	return b.Run(filepath.Join(NodeFolder, c.Name), args...)
}

// NodeInstalled gives the version of a package that is installed, "" for none.
func (b *Box) NodeInstalled(name string) string {
	b.T.Helper()
	text, err := os.ReadFile(b.Path("node_modules/" + name + "/package.json"))
	if err != nil {
		return ""
	}
	var m struct{ Version string }
	if err := json.Unmarshal(text, &m); err != nil {
		b.T.Fatal(err)
	}
	return strings.TrimSpace(m.Version)
}

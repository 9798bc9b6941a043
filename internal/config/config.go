// Package config is the one documented struct of settings. Every default works
// on a laptop with no file at all; an unknown key, or a value that cannot be
// enforced, is an error at start-up.
//
// A value comes from, weakest first: the default, the file (--config, or
// GATEHOUSE_CONFIG, or the user's own), the project's matrix, the environment
// (GATEHOUSE_DATA), a flag.
package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

// Duration is a time span in YAML: "72h", "30m".
type Duration time.Duration

// UnmarshalYAML reads Go's duration form.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v < 0 {
		return fmt.Errorf("line %d: %q is no time span such as 72h or 30m", n.Line, n.Value)
	}
	*d = Duration(v)
	return nil
}

// MarshalYAML writes Go's duration form.
func (d Duration) MarshalYAML() (any, error) { return time.Duration(d).String(), nil }

// Config is all that can be set.
type Config struct {
	// Data is the folder of the database, blobs, advisories and caches.
	Data string `yaml:"data"`
	// Listen is the address that `serve` listens on. Beyond loopback it needs TLS
	// or trusted proxies, and at least one token.
	Listen string `yaml:"listen"`
	// PublicURL is how clients reach the server; links are made of it. Default:
	// http://LISTEN.
	PublicURL string `yaml:"public_url"`
	// TLSCert and TLSKey are PEM files, read again when they change.
	TLSCert string `yaml:"tls_cert"`
	TLSKey  string `yaml:"tls_key"`
	// TrustedProxies may speak to the server in plain HTTP from beyond loopback.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// AnonymousRead lets clients read without a token. Default: on loopback only.
	AnonymousRead *bool `yaml:"anonymous_read"`
	// FourEyes: nobody approves what they asked for themselves.
	FourEyes bool `yaml:"four_eyes"`

	Advisories Advisories `yaml:"advisories"`
	Upstreams  []Upstream `yaml:"upstreams"`
	// Internal are patterns of names that are ours: never asked for outside. They stand
	// for package groups; see Groups.
	Internal      []string       `yaml:"internal_names"`
	PackageGroups []PackageGroup `yaml:"package_groups"`

	Matrix     Matrix              `yaml:"matrix"`
	Registries map[string]Registry `yaml:"registries"`
	Limits     Limits              `yaml:"limits"`
	Budgets    Budgets             `yaml:"budgets"`
	Upkeep     Upkeep              `yaml:"upkeep"`
	Retention  Retention           `yaml:"retention"`
	Storage    Storage             `yaml:"storage"`
	Snapshots  Snapshots           `yaml:"snapshots"`
	Metrics    Metrics             `yaml:"metrics"`
	Scanners   []Scanner           `yaml:"scanners"`
	Sandbox    Sandbox             `yaml:"sandbox"`
	Rules      Rules               `yaml:"rules"`
	Provenance Provenance          `yaml:"provenance"`

	// File is where the settings were read from; "" when there was no file.
	File string `yaml:"-"`

	from       map[string]string // path -> where it was set, for Settings
	ecosystems []string          // those that the program knows, by purl type, in its order
}

// Advisories says where known vulnerabilities and malware come from.
type Advisories struct {
	Sources []string `yaml:"sources"` // URL, file URL or folder in OSV's export layout; default: OSV's public bucket
	// MaxAge is how old the last confirmation of freshness may be before new
	// admissions hold.
	MaxAge Duration `yaml:"max_age"`
}

// Upstream is one outside index, or another registry of this gate.
type Upstream struct {
	Name      string `yaml:"name"`      // what it is called in reports and as an origin
	Ecosystem string `yaml:"ecosystem"` // by purl type: "pypi", "npm", "golang", "cargo", "maven"
	// URL of the index, or "auto": what the installed client of the ecosystem uses.
	URL string `yaml:"url"`
	// Registry is a registry of this gate in place of a URL: what that one hands out, by
	// its own policy. Ecosystem is then optional: without it, all that the other holds.
	Registry string `yaml:"registry"`
	// Names are patterns of names that belong to this upstream: it is asked for them
	// alone, and nobody else is.
	Names []string `yaml:"names"`
	// Origin is "external", the default, or "internal" for an index that is the company's
	// own: what package groups say of internal is for it, and not what they say of
	// external.
	Origin string `yaml:"origin"`
	// FileHosts are "host:port" places with private addresses that the index may
	// name for its files, when they are not the index's own.
	FileHosts []string `yaml:"file_hosts"`
	// Credential is a reference (env:NAME, file:PATH) to "user:password" or a token.
	Credential string `yaml:"credential"`
	// CA is a PEM file with further authorities to trust for this upstream.
	CA string `yaml:"ca"`
	// TTL is how long an index answer is used without asking again.
	TTL Duration `yaml:"ttl"`
	// Options are the ecosystem's own settings; one that it does not know is an error.
	Options map[string]string `yaml:"options"`
}

// Matrix is what a team deploys to: every combination is resolved for.
type Matrix struct {
	Python    []string `yaml:"python"`    // full versions; default: the newest CPython here
	Platforms []string `yaml:"platforms"` // default: the running platform
	Node      []string `yaml:"node"`      // full versions, for npm alone; default: none is asked for
}

// Registry is a named view with a policy.
type Registry struct {
	// Ecosystems lists those that it holds, by purl type; none: all that have an
	// upstream.
	Ecosystems []string `yaml:"ecosystems"`
	// Upstreams names those that it reads, in the order in which they are asked, and
	// other registries of this gate by their own name; none: all that are outside. It
	// holds nothing of an ecosystem that it reads no upstream of.
	Upstreams []string `yaml:"upstreams"`
	Policy    string   `yaml:"policy"` // a policy file; "" for the default policy
	// Enforce is "on", or "observe": serve, and say what would have been refused.
	// Known malware is refused even so.
	Enforce string `yaml:"enforce"`
	// Pull says what a request for a file never looked at does: "admit" looks at it
	// now, "hold" and "off" refuse. hold lists such files as refused, in the way
	// that Present says; off leaves them out of the index. The default, "auto", is
	// admit, but hold where readers without a token come from beyond this machine:
	// strangers must not fill the registry.
	Pull string `yaml:"pull"`
	// Present says how an index shows a file that is refused: "soft", the default,
	// lists it marked as yanked with the reason, so that a range passes over it;
	// "hide" leaves it out; "hard" lists it like any other, and a build that picks
	// it fails with the reason. The file itself answers 403 in all of them. Known
	// malware is marked under hard too.
	Present string `yaml:"present"`
}

// Limits cap what one request may cost.
type Limits struct {
	FileBytes    int64    `yaml:"file_bytes"`    // the largest file fetched
	ScanTime     Duration `yaml:"scan_time"`     // per archive
	ScanMemory   int64    `yaml:"scan_memory"`   // bytes, per worker
	RequestBytes int64    `yaml:"request_bytes"` // of manifests in one request
	PullWait     Duration `yaml:"pull_wait"`     // how long a client waits for a first look
	Admissions   int      `yaml:"admissions"`    // requests looked at at once
	// Waiting is how many requests may wait to be looked at, WaitingPerProject how
	// many of them of one project; more are told to come back.
	Waiting           int `yaml:"waiting"`
	WaitingPerProject int `yaml:"waiting_per_project"`
}

// Default is what is in force with no file, in a program that knows these
// ecosystems: each has an upstream that is named after it and looked for.
func Default(ecosystems ...artifact.Ecosystem) Config {
	var known []string
	var upstreams []Upstream
	for _, e := range ecosystems {
		known = append(known, string(e))
		upstreams = append(upstreams, Upstream{Name: string(e), Ecosystem: string(e), URL: "auto", TTL: Duration(5 * time.Minute)})
	}
	return Config{
		ecosystems: known,
		Data:       DefaultData(),
		Listen:     "127.0.0.1:8484",
		Advisories: Advisories{MaxAge: Duration(7 * 24 * time.Hour)},
		Upstreams:  upstreams,
		Registries: map[string]Registry{"main": {Enforce: "on", Pull: "auto", Present: "soft"}},
		Limits: Limits{
			FileBytes: 2 << 30, ScanTime: Duration(5 * time.Minute), ScanMemory: 1 << 30,
			RequestBytes: 32 << 20, PullWait: Duration(25 * time.Second), Admissions: 2, Waiting: 200, WaitingPerProject: 50,
		},
		Budgets: defaultBudgets(),
		Upkeep:  defaultUpkeep(), Retention: defaultRetention(), Storage: defaultStorage(),
		Snapshots: defaultSnapshots(),
	}
}

// DefaultData is GATEHOUSE_DATA, or gatehouse below the XDG data home; "" where
// there is no home, and a folder has to be named.
func DefaultData() string {
	if d := os.Getenv("GATEHOUSE_DATA"); d != "" {
		return d
	}
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "gatehouse")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "" // whoever makes a folder with a name known to all owns the gate
	}
	return filepath.Join(home, ".local", "share", "gatehouse")
}

// Load reads a file over the defaults: the one that is named, else the one that
// GATEHOUSE_CONFIG names, else gatehouse.yaml in the user's configuration folder,
// else none. ecosystems are those that the program knows.
//
// A gatehouse.yaml in the working directory is part of whatever is checked out
// there, and who can push must not configure the gate: of it only the matrix is
// read, unless it is named. Any other key in it is an error that says so.
func Load(file string, ecosystems ...artifact.Ecosystem) (Config, error) {
	c := Default(ecosystems...)
	if file == "" {
		file = os.Getenv("GATEHOUSE_CONFIG")
	}
	named := file != ""
	if !named {
		file = userFile()
	}
	if err := c.read(file, named); err != nil {
		return c, err
	}
	if !named {
		if err := c.readProject(); err != nil {
			return c, err
		}
	}
	if d := os.Getenv("GATEHOUSE_DATA"); d != "" {
		c.Data = d
		c.Set("data", "environment GATEHOUSE_DATA")
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("reading %s: %w", cmp.Or(c.File, "the configuration"), err)
	}
	return c, nil
}

// userFile is gatehouse.yaml in the user's configuration folder; "" where there
// is no such folder.
func userFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "gatehouse", "gatehouse.yaml")
}

// read lays a file over what is there. One that nobody named may be missing.
func (c *Config) read(file string, named bool) error {
	if file == "" {
		return nil
	}
	b, err := os.ReadFile(file)
	if !named && errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading configuration: %w", err)
	}
	if err := c.merge(b, file); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	c.File = file
	return nil
}

// projectFile is what a project says about itself in the working directory.
const projectFile = "gatehouse.yaml"

// readProject reads what a project may say: what it is deployed to.
func (c *Config) readProject() error {
	b, err := os.ReadFile(projectFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading configuration: %w", err)
	}
	project := struct {
		Matrix Matrix `yaml:"matrix"`
	}{c.Matrix}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&project); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s here: %w; a project's own file sets the matrix only: for the gate's settings say --config %s", projectFile, err, projectFile)
	}
	c.Matrix = project.Matrix
	var n yaml.Node
	if err := yaml.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("reading %s here: %w", projectFile, err)
	}
	c.note(&n, "", "project "+projectFile, 0)
	if c.File == "" {
		c.File = projectFile
	}
	return nil
}

// merge lays the file over what is there. A list that the file names replaces the
// default one; registries are added to the default one, main.
func (c *Config) merge(b []byte, file string) error {
	var n yaml.Node
	if err := yaml.Unmarshal(b, &n); err != nil {
		return err
	}
	if err := checkKeys(&n, reflect.TypeFor[Config](), "", 0); err != nil {
		return err
	}
	c.note(&n, "", file, 0)
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for i := range c.Upstreams {
		if c.Upstreams[i].Registry != "" {
			continue
		}
		if c.Upstreams[i].TTL == 0 {
			c.Upstreams[i].TTL = Duration(5 * time.Minute)
		}
		if c.Upstreams[i].URL == "" {
			c.Upstreams[i].URL = "auto"
		}
	}
	for name, r := range c.Registries {
		if r.Enforce == "" {
			r.Enforce = "on"
		}
		if r.Pull == "" {
			r.Pull = "auto"
		}
		if r.Present == "" {
			r.Present = "soft"
		}
		c.Registries[name] = r
	}
	return nil
}

// check refuses what could not be enforced.
func (c Config) check() error {
	if err := c.Matrix.check(); err != nil {
		return err
	}
	if len(c.Registries) == 0 {
		return errors.New("registries: at least one is needed; leave the key out for the default one, main")
	}
	for name, r := range c.Registries {
		if !slices.Contains([]string{"on", "observe"}, r.Enforce) {
			return fmt.Errorf("registries.%s.enforce: %q is none of on, observe", name, r.Enforce)
		}
		if !slices.Contains([]string{"auto", "admit", "hold", "off"}, r.Pull) {
			return fmt.Errorf("registries.%s.pull: %q is none of auto, admit, hold, off", name, r.Pull)
		}
		if !slices.Contains([]string{"soft", "hide", "hard"}, r.Present) {
			return fmt.Errorf("registries.%s.present: %q is none of soft, hide, hard", name, r.Present)
		}
	}
	if err := c.checkUpstreams(); err != nil {
		return err
	}
	if err := c.checkViews(); err != nil {
		return err
	}
	if hasPassword(c.PublicURL) {
		return errors.New("public_url: it is written into every link; leave user and password out")
	}
	if i := slices.IndexFunc(c.Advisories.Sources, hasPassword); i >= 0 {
		return fmt.Errorf("advisories.sources[%d]: sources are read without a password, and settings are printed; leave it out", i)
	}
	if err := c.checkScanners(); err != nil {
		return err
	}
	if err := c.Budgets.check(); err != nil {
		return err
	}
	if err := c.Sandbox.check(); err != nil {
		return err
	}
	if err := c.Snapshots.check(); err != nil {
		return err
	}
	if err := c.Rules.check(); err != nil {
		return err
	}
	if err := c.Provenance.check(); err != nil {
		return err
	}
	if err := c.checkGroups(); err != nil {
		return err
	}
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			if _, err := netip.ParseAddr(p); err != nil {
				return fmt.Errorf("trusted_proxies: %q is no address or prefix", p)
			}
		}
	}
	if c.Limits.Admissions < 1 || c.Limits.Waiting < 1 || c.Limits.WaitingPerProject < 1 {
		return errors.New("limits.admissions, limits.waiting and limits.waiting_per_project: each is at least 1")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("tls_cert and tls_key go together")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen: %q is no host:port", c.Listen)
	}
	return c.checkUpkeep()
}

func (c Config) checkUpstreams() error {
	names := map[string]bool{}
	looked := map[string]bool{}          // ecosystems with an upstream that is looked for
	credentials := map[string]Upstream{} // by origin
	for _, u := range c.Upstreams {
		switch {
		case u.Name == "" || names[u.Name] || u.Name == "internal":
			return fmt.Errorf("upstreams: every one needs a name of its own (%q)", u.Name)
		case (u.Registry == "" || u.Ecosystem != "") && !slices.Contains(c.ecosystems, u.Ecosystem):
			return fmt.Errorf("upstreams.%s.ecosystem: %q is not served by this version; it serves %s", u.Name, u.Ecosystem, strings.Join(c.ecosystems, ", "))
		}
		names[u.Name] = true
		if err := c.checkSource(u); err != nil {
			return err
		}
		if u.Credential != "" && !strings.HasPrefix(u.Credential, "env:") && !strings.HasPrefix(u.Credential, "file:") {
			return fmt.Errorf("upstreams.%s.credential: write env:NAME or file:/path, never the value itself", u.Name)
		}
		switch {
		case u.Registry != "":
			continue
		case u.URL == "auto" && looked[u.Ecosystem]:
			return fmt.Errorf("upstreams.%s: one upstream of %s is looked for already; name the url of this one", u.Name, u.Ecosystem)
		case u.URL == "auto":
			looked[u.Ecosystem] = true
			continue
		}
		p, err := url.Parse(u.URL)
		if err != nil || p.Host == "" || (p.Scheme != "https" && p.Scheme != "http") {
			return fmt.Errorf("upstreams.%s.url: %q is neither auto nor an http(s) URL", u.Name, u.URL)
		} else if p.User != nil {
			return fmt.Errorf("upstreams.%s.url: put the credential into credential, as a reference such as env:NAME", u.Name)
		}
		origin := strings.ToLower(p.Scheme + "://" + p.Host)
		if other, ok := credentials[origin]; ok && other.Credential != u.Credential {
			return fmt.Errorf("upstreams.%s.credential: upstream %s is at %s too, with another one, and a credential is for all of a host; give both the same", u.Name, other.Name, p.Host)
		}
		credentials[origin] = u
	}
	return nil
}

// hasPassword says whether an address names a user: settings hold no secrets.
func hasPassword(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.User != nil
}

// Loopback says whether the server listens on loopback only.
func (c Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// URL is the public URL without a slash at the end.
func (c Config) URL() string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + c.Listen
}

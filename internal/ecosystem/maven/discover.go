package maven

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/osv-scalibr/clients/datasource"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/adapter"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/pom"
)

// discovery finds the repository that mvn itself asks here: the mirror of everything, or
// of the central repository, that somebody's settings name; else what the installed
// Maven's own pom says, from which every project inherits.
func discovery() adapter.Discovery {
	return adapter.Discovery{
		Commands:   [][]string{{"mvn", "-v"}},
		ReadAnswer: mirror,
		Library:    builtin,
	}
}

// Limits of what is read of an installed Maven.
const (
	askTimeout       = 20 * time.Second
	maxSettingsBytes = 4 << 20
	maxSuperBytes    = 1 << 20
)

// superPOM is the pom that every project inherits from, inside a jar of Maven's own
// (https://maven.apache.org/ref/current/maven-model-builder/super-pom.html).
const superPOM = "pom-4.0.0.xml"

// centralID is what that pom calls the central repository.
const centralID = "central"

// mirror reads, of what mvn -v prints, where Maven is, and gives the mirror that its
// user's settings or its own name; "" for none.
func mirror(version string) string {
	files := []string{}
	if home, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(home, ".m2", "settings.xml"))
	}
	if home := mavenHome(version); home != "" {
		files = append(files, filepath.Join(home, "conf", "settings.xml"))
	}
	for _, name := range files {
		b, err := readFile(name, maxSettingsBytes)
		if err != nil {
			continue
		}
		if at := mirrorIn(b); at != "" {
			return at
		}
	}
	return ""
}

// mirrorIn is the first mirror of a settings file that stands for the central
// repository.
func mirrorIn(settings []byte) string {
	var s struct {
		Mirrors []struct {
			Of      string `xml:"mirrorOf"`
			URL     string `xml:"url"`
			Blocked string `xml:"blocked"`
		} `xml:"mirrors>mirror"`
	}
	if xml.Unmarshal(settings, &s) != nil {
		return ""
	}
	for _, m := range s.Mirrors {
		if strings.TrimSpace(m.Blocked) != "true" && standsForCentral(m.Of) {
			return strings.TrimSpace(m.URL)
		}
	}
	return ""
}

// standsForCentral reads a mirrorOf
// (https://maven.apache.org/guides/mini/guide-mirror-settings.html).
func standsForCentral(of string) bool {
	words := strings.FieldsFunc(of, func(r rune) bool { return r == ',' || r <= ' ' })
	return !slices.Contains(words, "!"+centralID) && slices.ContainsFunc(words, func(w string) bool {
		return w == "*" || w == "external:*" || w == centralID
	})
}

// mavenHome is the folder that mvn -v says it is installed in, "" where it says none.
func mavenHome(version string) string {
	for line := range strings.Lines(version) {
		if home, ok := strings.CutPrefix(strings.TrimSpace(line), "Maven home: "); ok && filepath.IsAbs(home) {
			return home
		}
	}
	return ""
}

// builtin is what an unconfigured Maven asks: by the installed one, else by a library
// that knows it.
func builtin(ctx context.Context) (string, error) {
	if at, err := installed(ctx); err == nil {
		return at, nil
	}
	return libraryDefault(ctx)
}

func installed(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "gatehouse-ask-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "mvn", "-v")
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	home := mavenHome(string(out))
	if home == "" {
		return "", errors.New("mvn does not say where it is")
	}
	jars, err := filepath.Glob(filepath.Join(home, "lib", "*.jar"))
	if err != nil {
		return "", err
	}
	for _, jar := range jars {
		name := filepath.Base(jar)
		if !strings.HasPrefix(name, "maven-model-builder") && !strings.HasPrefix(name, "maven-impl") {
			continue
		}
		if at, err := superRepository(jar); err == nil {
			return at, nil
		}
	}
	return "", errors.New("no repository is written in the installed Maven")
}

// superRepository reads the central repository off a jar of Maven's. It is read as
// data, and nothing of it is run.
func superRepository(jar string) (string, error) {
	z, err := zip.OpenReader(jar)
	if err != nil {
		return "", err
	}
	defer z.Close()
	i := slices.IndexFunc(z.File, func(f *zip.File) bool { return path.Base(f.Name) == superPOM })
	if i < 0 {
		return "", os.ErrNotExist
	}
	r, err := z.File[i].Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxSuperBytes))
	if err != nil {
		return "", err
	}
	p, err := pom.Parse(b)
	if err != nil {
		return "", err
	}
	for _, have := range p.Repositories {
		if have.ID == centralID && have.Element == "repository" {
			return have.URL, nil
		}
	}
	return "", os.ErrNotExist
}

// libraryDefault is the repository that osv-scalibr asks where none is set. Its request
// is caught before it leaves.
func libraryDefault(ctx context.Context) (string, error) {
	var asked string
	caught := &http.Client{Transport: catch(func(r *http.Request) { asked = r.URL.String() })}
	c, err := datasource.NewMavenRegistryAPIClient(ctx, datasource.MavenRegistry{}, "", true, caught, nil)
	if err != nil {
		return "", err
	}
	_, _ = c.GetVersions(ctx, "g", "a") // it fails: there is no such thing
	at, ok := strings.CutSuffix(asked, "/g/a/"+metadataFile)
	if !ok {
		return "", errors.New("the library asks for something else")
	}
	return at + "/", nil
}

// catch is a transport that only looks. The library writes of an error to the log, and
// of an absence not.
type catch func(*http.Request)

// RoundTrip implements http.RoundTripper.
func (c catch) RoundTrip(r *http.Request) (*http.Response, error) {
	c(r)
	return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: r}, nil
}

// readFile reads a file of at most so many bytes.
func readFile(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = errors.New("it is too large")
	}
	return b, err
}

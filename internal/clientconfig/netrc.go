package clientconfig

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/lazy"
	"github.com/gatehouse-project/gatehouse/internal/secretref"
)

// A token for reading goes into the netrc file, which pip, uv and go read and
// which every tool knows to be secret: a URL with the token in it would end up
// in lockfiles, logs and process lists. The line has one exact form, because not
// every reader of netrc files knows comments, and stands first, because entries
// after "default" are never reached. The login is arbitrary for the gate; it
// tells our lines apart.
var netrcLine = lazy.Regexp(`^machine \S+ login gatehouse-(pip|uv|go) password \S+$`)

func netrcOurs(client, line string) bool {
	found := netrcLine().FindStringSubmatch(bare(line))
	return found != nil && found[1] == client
}

func (m Machine) netrcFile() string {
	if f := m.Getenv("NETRC"); f != "" {
		return f
	}
	return filepath.Join(m.Home, ".netrc")
}

// withNetrc adds to a plan that the client finds the token. Without a token
// nothing is done.
func (m Machine) withNetrc(p Plan, client, base string, token secretref.Secret) (Plan, error) {
	if token.IsZero() {
		return p, nil
	}
	u, err := url.Parse(base)
	if err != nil {
		return p, err
	}
	c, err := m.readNetrc()
	if err != nil {
		return p, err
	}
	t, err := parseText(c.Old)
	if err != nil {
		return p, fmt.Errorf("reading %s: %w", c.Path, err)
	}
	mine := removeNetrc(t, client)
	if line, ok := otherMachine(mine, u.Hostname()); ok {
		return p, fmt.Errorf("reading %s: line %d has an entry for %s already; remove it, or leave --token out and write the token there", c.Path, line, u.Hostname())
	}
	c.New = []byte("machine " + u.Hostname() + " login gatehouse-" + client + " password " + token.Reveal() + t.lineBreak() + mine.String())
	p.add(c)
	p.Notes = append(p.Notes, "the token stands in "+c.Path+", for "+u.Hostname()+" on every port")
	return p, nil
}

// undoIn plans to undo a setting file, and the token's line when the client has
// one.
func (m Machine) undoIn(path, netrcClient string) (Plan, error) {
	var p Plan
	c, err := undoChange(path)
	if err != nil {
		return p, err
	}
	p.add(c)
	if netrcClient == "" {
		return p, nil
	}
	n, err := m.readNetrc()
	if err != nil {
		return p, err
	}
	t, err := parseText(n.Old)
	if err != nil {
		return p, nil // not written by us, so nothing of ours is in it
	}
	mine := removeNetrc(t, netrcClient)
	n.New = []byte(mine.String())
	n.Remove = n.Existed && len(mine) == 0 && len(t) > 0
	p.add(n)
	return p, nil
}

// readNetrc refuses a file that others can read: python's own reader refuses it
// too, and the token would lie open.
func (m Machine) readNetrc() (Change, error) {
	c, err := read(m.netrcFile())
	c.Private = true
	if err != nil || !c.Existed || m.OS == "windows" {
		return c, err
	}
	st, err := os.Stat(c.Path)
	if err == nil && st.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("%s can be read by others (mode %s); run: chmod 600 %s", c.Path, fs.FileMode(st.Mode().Perm()), c.Path)
	}
	return c, err
}

func removeNetrc(t text, client string) text {
	var out text
	for _, line := range t {
		if !netrcOurs(client, line) {
			out = append(out, line)
		}
	}
	return out
}

// otherMachine finds an entry for the host that is not one of ours.
func otherMachine(t text, host string) (int, bool) {
	last := ""
	for i, line := range t {
		if netrcLine().MatchString(bare(line)) {
			continue
		}
		for _, word := range strings.Fields(line) {
			if strings.HasPrefix(word, "#") {
				break
			}
			if last == "machine" && word == host {
				return i + 1, true
			}
			last = word
		}
	}
	return 0, false
}

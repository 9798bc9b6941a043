package clientconfig

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
)

// setupTwine adds a repository to ~/.pypirc: used by `twine upload -r gatehouse`,
// and by nothing that does not name it. No credential is written; what uploads
// is more than a reader, and twine takes it from the environment or the keyring.
func (m Machine) setupTwine(base string) (Plan, error) {
	p := Plan{URL: base + "legacy/"}
	c, err := change(filepath.Join(m.Home, ".pypirc"), func(t text, _ bool) (*edit, error) { return editTwine(t, p.URL) })
	if err != nil {
		return p, err
	}
	c.Private = !c.Existed // people put passwords there
	p.add(c)
	p.Notes = []string{
		"upload with:  twine upload -r " + sourceName + " dist/*",
		"a publisher's token goes into TWINE_PASSWORD (with any TWINE_USERNAME), or:  keyring set " + p.URL + " token",
	}
	if m.Getenv("TWINE_REPOSITORY_URL") != "" {
		p.Warnings = append(p.Warnings, "the environment variable TWINE_REPOSITORY_URL overrides -r; unset it")
	}
	return p, nil
}

func (m Machine) undoTwine() (Plan, error) {
	return m.undoIn(filepath.Join(m.Home, ".pypirc"), "")
}

// editTwine adds the section, and its name to [distutils] index-servers. Where
// that is missing twine knows two servers by itself; the new list keeps them.
func editTwine(t text, address string) (*edit, error) {
	before, err := parseINI(t, strings.ToLower)
	if err != nil {
		return nil, err
	}
	if _, there := before.section(sourceName); there {
		o, _ := before.find(sourceName, "repository")
		if o.value == address {
			return nil, nil
		}
		return nil, errors.New("it has a section [" + sourceName + "] of its own; rename or remove that first")
	}
	e := edit{blocks: map[int][]string{len(t): {"[" + sourceName + "]", "repository = " + address}}}
	servers, hasServers := before.find("distutils", "index-servers")
	section, hasSection := before.section("distutils")
	switch {
	case hasServers:
		// One more line of its value: deeper than the name, right below it.
		e.blocks[servers.from+1] = append([]string{servers.indent + "    " + sourceName}, e.blocks[servers.from+1]...)
	case hasSection:
		line := indentAfter(t, section.line) + "index-servers = pypi testpypi " + sourceName
		e.blocks[section.line+1] = append([]string{line}, e.blocks[section.line+1]...)
	default:
		e.blocks[len(t)] = append([]string{"[distutils]", "index-servers = pypi testpypi " + sourceName}, e.blocks[len(t)]...)
	}
	return &e, checkTwine(before, t.apply(e), address)
}

func checkTwine(before ini, result text, address string) error {
	after, err := parseINI(result, strings.ToLower)
	if err != nil {
		return err
	}
	ours := func(o iniOption) bool {
		return o.section == sourceName || (o.section == "distutils" && o.name == "index-servers")
	}
	had, ok := before.find("distutils", "index-servers")
	want := map[string]bool{sourceName: true}
	if !ok {
		had.value = "pypi testpypi"
	}
	for _, s := range strings.Fields(had.value) {
		want[s] = true
	}
	got := map[string]bool{}
	servers, _ := after.find("distutils", "index-servers")
	for _, s := range strings.Fields(servers.value) {
		got[s] = true
	}
	o, _ := after.find(sourceName, "repository")
	if o.value != address || !reflect.DeepEqual(want, got) || !reflect.DeepEqual(before.without(ours), after.without(ours)) {
		return errors.New("the section cannot be added without changing another setting; add it by hand")
	}
	return nil
}

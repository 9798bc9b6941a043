package stub

// ProvenancePath is where the attestations of a file are, as PyPI's integrity API has
// them.
func ProvenancePath(file string) string { return "/integrity/" + file + "/provenance" }

// Attest has the index say that a file is attested, and serve a provenance object of
// it.
func (x *Index) Attest(file string, object []byte) {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, f := range x.project(nameOf(file)).files {
		if f.name == file {
			f.attested = object
			return
		}
	}
	x.t.Fatalf("stub index: no file %s", file)
}

// attestations gives what is served at a path below /integrity/.
func (x *Index) attestations(path string) ([]byte, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range x.projects {
		for _, f := range p.files {
			if f.attested != nil && path == ProvenancePath(f.name) {
				return f.attested, true
			}
		}
	}
	return nil, false
}

// Attest has the registry serve attestations of a version and name them in its
// manifest.
func (n *NPM) Attest(name, number string, attestations []byte) {
	path := "/-/npm/v1/attestations/" + name + "@" + number
	n.say(name, number, "attestations", map[string]any{"url": n.server.URL + path, "provenance": map[string]any{"predicateType": "said"}})
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said[path] = attestations
}

// Sign has a version's manifest carry a signature of the registry's.
func (n *NPM) Sign(name, number, keyID, signature string) {
	n.say(name, number, "signatures", []any{map[string]any{"keyid": keyID, "sig": signature}})
}

// Integrity is what a version's manifest says of its bytes.
func (n *NPM) Integrity(name, number string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	text, _ := n.dist(name, number)["integrity"].(string)
	return text
}

func (n *NPM) say(name, number, key string, value any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dist(name, number)[key] = value
}

// dist is that of a version's manifest; the lock is held.
func (n *NPM) dist(name, number string) map[string]any {
	n.t.Helper()
	if p := n.byName[name]; p != nil {
		if m, ok := p.versions[number].(map[string]any); ok {
			if d, ok := m["dist"].(map[string]any); ok {
				return d
			}
		}
	}
	n.t.Errorf("stub registry: no version %s of %s", number, name)
	return map[string]any{}
}

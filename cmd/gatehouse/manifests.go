package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/sbom"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// manifestsOf reads the files of a request for the commands that need no gate:
// manifests and lists of parts, of the groups asked for.
func manifestsOf(known map[artifact.Ecosystem]ecosystem.Ecosystem, tree fs.FS, req verdict.Request) ([]sbom.Listed, error) {
	var out []sbom.Listed
	there := map[string]bool{}
	for _, src := range req.Files {
		ms, err := readManifest(known, tree, src)
		if err != nil {
			return nil, err
		}
		for _, m := range ms {
			for _, g := range m.Manifest.Groups() {
				there[g] = true
			}
			m.Manifest.Only(req.Groups)
		}
		out = append(out, ms...)
	}
	for _, g := range req.Groups {
		if name := cmp.Or(ecosystem.GroupName(g), ecosystem.MainGroup); !there[name] {
			var names []string
			for n := range there {
				names = append(names, n)
			}
			slices.Sort(names)
			return nil, fmt.Errorf("no manifest has a group %q; there are: %s", g, cmp.Or(strings.Join(names, ", "), "none"))
		}
	}
	dropCovered(out)
	return out, nil
}

// dropCovered takes the requirements out of manifests that others speak for: those of a
// lock's project and of a workspace's members would count twice. Problems stay.
func dropCovered(of []sbom.Listed) {
	es, ms := make([]ecosystem.Ecosystem, len(of)), make([]*ecosystem.Manifest, len(of))
	for i, l := range of {
		es[i], ms[i] = l.Ecosystem, l.Manifest
	}
	for i, covered := range ecosystem.Covered(es, ms) {
		if covered {
			ms[i].Requirements = nil
		}
	}
}

func readManifest(known map[artifact.Ecosystem]ecosystem.Ecosystem, tree fs.FS, src verdict.Source) ([]sbom.Listed, error) {
	for _, e := range known {
		if e.ManifestFormat(cmp.Or(src.As, src.Path)) == "" {
			continue
		}
		m, err := ecosystem.ReadManifest(e, tree, src.Path)
		if err != nil {
			return nil, err
		}
		return []sbom.Listed{{Ecosystem: e, Manifest: m}}, nil
	}
	if sbom.Detect(src.Path, src.Content) == "" {
		return nil, fmt.Errorf("%s is no manifest that this version knows", src.Path)
	}
	return sbom.Manifests(src.Path, src.Content, known)
}

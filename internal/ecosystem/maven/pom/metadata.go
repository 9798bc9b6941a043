package pom

import (
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/maven/coordinate"
	"github.com/gatehouse-project/gatehouse/internal/spdx"
)

// maxText bounds what is kept of a text for people, in bytes.
const maxText = 4 << 10

// Metadata reads what a version's pom says of it by itself, without its parents: a
// dependency whose version they manage is a name without one. Name is the package's
// identity, group/artifact.
func Metadata(b []byte) (ecosystem.Metadata, error) {
	p, err := Parse(b)
	if err != nil {
		return ecosystem.Metadata{}, err
	}
	section, own := inherit([]Origin{{Project: p}}, Machine{})
	props := newProperties(own, texts(section), nil)
	n := coordinate.Name{Group: props.expand(own["groupId"]), Artifact: props.expand(own["artifactId"])}
	if err := n.Check(); err != nil {
		return ecosystem.Metadata{}, err
	}
	number := props.expand(own["version"])
	if err := coordinate.CheckVersion(number); err != nil {
		return ecosystem.Metadata{}, errors.Join(errors.New("the pom has no version that stands in it"), err)
	}
	model := Model{Dependencies: props.dependencies(section.Dependencies)}
	model.Managed = props.dependencies(section.Managed)
	model.fill()
	m := ecosystem.Metadata{
		Name: n.Package().Name, Version: number, MetadataFormat: "4.0.0",
		Summary:      short(p.Title, p.Description),
		RequiresDist: model.Lines(),
	}
	for _, page := range []string{p.URL, p.SCM} {
		if page = props.expand(page); page != "" && plain(page) {
			m.HomePages = append(m.HomePages, artifact.Untrusted(cut(page)))
		}
	}
	m.Licence, m.LicenceSPDX = licence(p.Licences)
	return m, nil
}

func short(title, description string) artifact.Untrusted {
	if description == "" {
		description = title
	}
	return artifact.Untrusted(cut(strings.Join(strings.Fields(description), " ")))
}

func cut(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "")
}

// licence puts the names of licences together: any of them may be chosen
// (https://maven.apache.org/pom.html#licenses). It is an expression where all of them
// are.
func licence(names []string) (artifact.Untrusted, string) {
	names = slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == "" })
	text := artifact.Untrusted(cut(strings.Join(names, " OR ")))
	if _, err := spdx.Parse(string(text)); err != nil || len(names) == 0 {
		return text, ""
	}
	return text, string(text)
}

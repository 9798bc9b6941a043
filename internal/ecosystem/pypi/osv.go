package pypi

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/gatehouse-project/gatehouse/internal/answer"
	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/pypi/pep440"
)

// The query of OSV's API (https://google.github.io/osv.dev/post-v1-query/), for
// auditors that can be pointed at one, as pip-audit with --osv-url. It answers from
// the gate's own advisories, with what was waived here left out; nobody outside is
// asked about a version.

// maxQuery is how much of a question is read.
const maxQuery = 16 << 10

type osvQuery struct {
	Version string `json:"version"`
	Package struct {
		Name      string `json:"name"`
		Ecosystem string `json:"ecosystem"`
		Purl      string `json:"purl"`
	} `json:"package"`
}

type osvAnswer struct {
	Vulns []osvRecord `json:"vulns,omitempty"`
}

type osvRecord struct {
	SchemaVersion string         `json:"schema_version"`
	ID            string         `json:"id"`
	Aliases       []string       `json:"aliases"`
	Summary       string         `json:"summary"`
	Affected      []osvAffected  `json:"affected"`
	References    []osvReference `json:"references"`
}

type osvAffected struct {
	Package  osvPackage `json:"package"`
	Versions []string   `json:"versions"`
	Ranges   []osvRange `json:"ranges"`
}

type osvPackage struct {
	Name      string `json:"name"`
	Ecosystem string `json:"ecosystem"`
}

type osvRange struct {
	Type   string              `json:"type"`
	Events []map[string]string `json:"events"`
}

type osvReference struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// answerQuery tells what is published against one exact version.
func (h *Handler) answerQuery(w http.ResponseWriter, r *http.Request) {
	v, ok := askedVersion(w, r)
	if !ok {
		return
	}
	known, err := h.shelf.Vulnerabilities(r.Context(), v)
	if err != nil {
		h.door.Refuse(w, r, "answer query", err)
		return
	}
	var out osvAnswer
	for _, k := range known {
		out.Vulns = append(out.Vulns, osvOf(v, k))
	}
	b, err := json.Marshal(out)
	if err != nil {
		h.door.Fault(w, r, "answer query", err)
		return
	}
	page, err := answer.NewPage("application/json", "", artifact.EscapeJSON(b))
	if err != nil {
		h.door.Fault(w, r, "answer query", err)
		return
	}
	h.door.Page(w, r, page)
}

// askedVersion reads the question; false when it was answered as a bad one.
func askedVersion(w http.ResponseWriter, r *http.Request) (artifact.Version, bool) {
	bad := func(why string) (artifact.Version, bool) {
		http.Error(w, why, http.StatusBadRequest)
		return artifact.Version{}, false
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuery))
	var q osvQuery
	if err != nil || json.Unmarshal(b, &q) != nil {
		return bad(`this is no query; send {"package": {"name": "NAME", "ecosystem": "PyPI"}, "version": "VERSION"}`)
	}
	name, number := q.Package.Name, q.Version
	if q.Package.Purl != "" {
		v, err := artifact.ParsePurl(q.Package.Purl)
		if err != nil || v.Package.Ecosystem != artifact.PyPI {
			return bad("this registry knows packages of PyPI alone: pkg:pypi/NAME@VERSION")
		}
		if name = v.Package.Name; number == "" {
			number = v.Number
		}
	} else if q.Package.Ecosystem != "PyPI" {
		return bad(`this registry knows the ecosystem "PyPI" alone`)
	}
	p, err := Ecosystem{}.ParseName(name)
	if err != nil {
		return bad("the package's name is none")
	}
	n, err := pep440.Parse(number)
	if err != nil {
		return bad("ask for one exact version")
	}
	return artifact.Version{Package: p, Number: n.String()}, true
}

func osvOf(v artifact.Version, k ecosystem.Vulnerability) osvRecord {
	events := []map[string]string{{"introduced": "0"}}
	for _, f := range k.Fixed {
		events = append(events, map[string]string{"fixed": f})
	}
	return osvRecord{
		SchemaVersion: "1.6.0", ID: k.ID, Aliases: orNone(k.Aliases), Summary: k.Text.String(),
		Affected: []osvAffected{{
			Package: osvPackage{v.Package.Name, "PyPI"}, Versions: []string{v.Number}, Ranges: []osvRange{{"ECOSYSTEM", events}},
		}},
		References: []osvReference{{"WEB", k.URL}},
	}
}

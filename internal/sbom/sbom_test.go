package sbom

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
)

var (
	alphaHash = strings.Repeat("a", 64)
	betaHash  = strings.Repeat("b", 64)
)

// shop is one application: alpha needs beta, beta holds gamma inside itself, and
// beside them stand a part of another world and one without a package URL.
func shop() *cdx.BOM {
	b := cdx.NewBOM()
	b.SerialNumber = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
	b.Metadata = &cdx.Metadata{Component: &cdx.Component{BOMRef: "shop", Type: cdx.ComponentTypeApplication, Name: "shop", PackageURL: "pkg:pypi/shop@1"}}
	b.Components = &[]cdx.Component{
		{BOMRef: "a", Type: cdx.ComponentTypeLibrary, Name: "alpha", Version: "2.0", PackageURL: "pkg:pypi/alpha@2.0",
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: strings.ToUpper(alphaHash)}, {Algorithm: cdx.HashAlgoMD5, Value: strings.Repeat("0", 32)}}},
		{BOMRef: "b", Type: cdx.ComponentTypeLibrary, Name: "beta", Version: "1.1", PackageURL: "pkg:pypi/Beta@1.1",
			ExternalReferences: &[]cdx.ExternalReference{{Type: cdx.ERTypeDistribution, URL: "https://files.invalid/b.whl", Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: betaHash}}}},
			Components:         &[]cdx.Component{{BOMRef: "c", Type: cdx.ComponentTypeLibrary, Name: "gamma", Version: "0.4", PackageURL: "pkg:pypi/gamma@0.4"}}},
		{BOMRef: "n", Type: cdx.ComponentTypeLibrary, Name: "left", Version: "1", PackageURL: "pkg:npm/left@1"},
		{BOMRef: "f", Type: cdx.ComponentTypeFile, Name: "readme"},
	}
	b.Dependencies = &[]cdx.Dependency{{Ref: "shop", Dependencies: &[]string{"a", "n"}}, {Ref: "a", Dependencies: &[]string{"b", "b", "gone"}}}
	return b
}

// TestCycloneDX: every version of the specification in both forms, written by the
// library of the standard's own authors, reads as the library reads it.
func TestCycloneDX(t *testing.T) {
	for _, spec := range []cdx.SpecVersion{cdx.SpecVersion1_2, cdx.SpecVersion1_3, cdx.SpecVersion1_4, cdx.SpecVersion1_5, cdx.SpecVersion1_6, cdx.SpecVersion1_7} {
		for _, form := range []cdx.BOMFileFormat{cdx.BOMFileFormatJSON, cdx.BOMFileFormatXML} {
			var b bytes.Buffer
			if err := cdx.NewBOMEncoder(&b, form).SetPretty(true).EncodeVersion(shop(), spec); err != nil {
				t.Fatal(err)
			}
			d, err := Read("app", b.Bytes())
			if err != nil {
				t.Fatalf("%s %v: %v\n%s", spec, form, err, b.String())
			}
			var again cdx.BOM
			if err := cdx.NewBOMDecoder(bytes.NewReader(b.Bytes()), form).Decode(&again); err != nil {
				t.Fatal(err)
			}
			if got, want := purls(d), purlsOf(again.Components); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", spec, got, want)
			}
			if d.Spec != spec.String() || d.Unnamed != 1 {
				t.Errorf("%s: spec %q, %d unnamed", spec, d.Spec, d.Unnamed)
			}
			for _, c := range d.Components {
				lines := strings.Split(b.String(), "\n")
				if line := lines[c.At.Line-1]; !strings.Contains(line, c.Purl) {
					t.Errorf("%s: %s is said to stand on line %d: %s", spec, c.Purl, c.At.Line, line)
				}
			}
			want := []Component{
				{Purl: "pkg:pypi/alpha@2.0", Hashes: []string{"sha256:" + alphaHash}, Direct: true, Needs: []int{1, 1}},
				{Purl: "pkg:pypi/Beta@1.1", Hashes: []string{"sha256:" + betaHash}},
				{Purl: "pkg:pypi/gamma@0.4"}, {Purl: "pkg:npm/left@1", Direct: true},
			}
			if spec < cdx.SpecVersion1_3 {
				want[1].Hashes = nil // 1.2 has no hashes of references
			}
			for i, w := range want {
				got := d.Components[i]
				w.At = got.At
				if fmt.Sprint(got) != fmt.Sprint(w) {
					t.Errorf("%s %v: got %+v, want %+v", spec, form, got, w)
				}
			}
		}
	}
}

func purlsOf(cs *[]cdx.Component) []string {
	var out []string
	if cs == nil {
		return nil
	}
	for _, c := range *cs {
		if c.PackageURL != "" {
			out = append(out, c.PackageURL)
		}
		out = append(out, purlsOf(c.Components)...)
	}
	return out
}

func purls(d *Document) []string {
	var out []string
	for _, c := range d.Components {
		out = append(out, c.Purl)
	}
	return out
}

const spdxJSON = `{
 "spdxVersion": "SPDX-%s", "SPDXID": "SPDXRef-DOCUMENT", "name": "shop",
 "packages": [
  {"SPDXID": "SPDXRef-shop", "name": "shop", "downloadLocation": "NOASSERTION"},
  {"SPDXID": "SPDXRef-a", "name": "alpha", "versionInfo": "2.0",
   "checksums": [{"algorithm": "SHA1", "checksumValue": "00"}, {"algorithm": "SHA256", "checksumValue": "` + "%s" + `"}],
   "externalRefs": [{"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x:x:1:*:*:*:*:*:*:*"},
    {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
     "referenceLocator": "pkg:pypi/alpha@2.0"}]},
  {"SPDXID": "SPDXRef-b", "name": "beta", "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/beta@1.1"}]}
 ],
 "relationships": [
  {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-shop"},
  {"spdxElementId": "SPDXRef-shop", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-a"},
  {"spdxElementId": "SPDXRef-b", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-a"}
 ]}
`

const spdxTags = `# written by a tool
SPDXVersion: SPDX-%s
DataLicense: CC0-1.0
DocumentComment: <text>several
lines: PackageName: not this
</text>

PackageName: shop
SPDXID: SPDXRef-shop

PackageName: alpha
SPDXID: SPDXRef-a
PackageVersion: 2.0
PackageChecksum: SHA1: 00
PackageChecksum: SHA256: %s
ExternalRef: SECURITY cpe23Type cpe:2.3:a:x:x:1:*:*:*:*:*:*:*
ExternalRef: PACKAGE-MANAGER purl pkg:pypi/alpha@2.0
PackageName: beta
SPDXID: SPDXRef-b
ExternalRef: PACKAGE_MANAGER purl pkg:pypi/beta@1.1

FileName: ./x
SPDXID: SPDXRef-x
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-shop
Relationship: SPDXRef-shop DEPENDS_ON SPDXRef-a
Relationship: SPDXRef-b DEPENDENCY_OF SPDXRef-a
`

const spdx3JSON = `{"@context": "https://spdx.invalid/rdf/3.0.1/spdx-context.jsonld", "@graph": [
 {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"},
 {"type": "SpdxDocument", "spdxId": "urn:d", "rootElement": ["urn:shop"]},
 {"type": "software_Package", "spdxId": "urn:shop", "name": "shop"},
 {"type": "software_Package", "spdxId": "urn:a", "name": "alpha",
  "software_packageUrl": "pkg:pypi/alpha@2.0", "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "` + "%s" + `"}]},
 {"type": "software_Package", "spdxId": "urn:b", "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:pypi/beta@1.1"}]},
 {"type": "Relationship", "spdxId": "urn:r", "from": "urn:shop", "relationshipType": "dependsOn", "to": ["urn:a"]},
 {"type": "LifecycleScopedRelationship", "spdxId": "urn:s", "from": "urn:a", "relationshipType": "dependsOn", "to": ["urn:b"]}
]}`

func TestSPDX(t *testing.T) {
	for _, tc := range []struct{ why, content, spec string }{
		{"2.2", fmt.Sprintf(spdxJSON, "2.2", alphaHash), "SPDX-2.2"}, {"2.3", fmt.Sprintf(spdxJSON, "2.3", alphaHash), "SPDX-2.3"},
		{"tags 2.2", fmt.Sprintf(spdxTags, "2.2", alphaHash), "SPDX-2.2"}, {"tags 2.3", fmt.Sprintf(spdxTags, "2.3", alphaHash), "SPDX-2.3"},
		{"tags with Windows line ends", strings.ReplaceAll(fmt.Sprintf(spdxTags, "2.3", alphaHash), "\n", "\r\n"), "SPDX-2.3"},
		{"3.0", fmt.Sprintf(spdx3JSON, alphaHash), "3.0.1"},
	} {
		d, err := Read("app", []byte(tc.content))
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		if d.Spec != tc.spec || d.Unnamed != 1 || !slices.Equal(purls(d), []string{"pkg:pypi/alpha@2.0", "pkg:pypi/beta@1.1"}) {
			t.Errorf("%s: %+v", tc.why, d)
			continue
		}
		a, b := d.Components[0], d.Components[1]
		if !a.Direct || b.Direct || !slices.Equal(a.Needs, []int{1}) || !slices.Equal(a.Hashes, []string{"sha256:" + alphaHash}) {
			t.Errorf("%s: %+v", tc.why, d.Components)
		}
		lines := strings.Split(tc.content, "\n")
		for _, c := range d.Components {
			if !strings.Contains(lines[c.At.Line-1], c.Purl) {
				t.Errorf("%s: %s is said to stand on line %d", tc.why, c.Purl, c.At.Line)
			}
		}
	}
}

func TestDetect(t *testing.T) {
	late := `{"components": [{"name": "` + strings.Repeat("x", 100_000) + `"}], "specVersion": "1.5", "bomFormat": "CycloneDX"}`
	for _, tc := range []struct{ name, content, want, why string }{
		{"x", late, CycloneDXJSON, "a tool that writes its names in another order"},
		{"x", "\xef\xbb\xbf" + late, CycloneDXJSON, "a byte order mark"},
		{"x.json", `{"a": "\"bomFormat\": \"CycloneDX\""}`, "", "words inside a text"},
		{"x", "<?xml version=\"1.0\"?>\n<bom xmlns='http://cyclonedx.org/schema/bom/1.4'/>", CycloneDXXML, "single quotes"},
		{"bom.json", "{}", CycloneDXJSON, "the name promises it"},
		{"app.cdx.xml", "", CycloneDXXML, "the name promises it"},
		{"app.spdx", "", SPDXTags, "the name promises it"},
		{"xbom.json", "{}", "", "another name"},
		{"requirements.txt", "# SPDXVersion: SPDX-2.3\nalpha==1\n", "", "a comment"},
		{"Pipfile.lock", `{"_meta": {}}`, "", "a lock"},
		{"", "", "", "nothing"},
	} {
		if got := Detect(tc.name, []byte(tc.content)); got != tc.want {
			t.Errorf("Detect(%q, %.40q) = %q, want %q: %s", tc.name, tc.content, got, tc.want, tc.why)
		}
	}
}

// TestBroken: no half of a list comes out of a document that is broken.
func TestBroken(t *testing.T) {
	head := `{"bomFormat": "CycloneDX", "specVersion": "1.5", `
	xml := `<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`
	deep := strings.Repeat(`{"components": [`, maxDepth) + strings.Repeat("]}", maxDepth)
	for _, tc := range []struct{ content, says, why string }{
		{head, "not JSON", "cut off"},
		{head + `"components": [{}]} x`, "behind the end", "more behind it"},
		{head + `"components": [1]}`, "must be an object", "no component"},
		{head + `"components": [{"purl": 1}]}`, "must be a string", "no purl"},
		{head + `"components": [], "components": []}`, "twice", "a name given twice"},
		{head + `"components": [{"bom-ref": "a", "purl": "pkg:pypi/a@1"}, {"bom-ref": "a", "purl": "pkg:pypi/b@1"}]}`, "two parts", "an id given twice"},
		{strings.Replace(head, "1.5", "1.1", 1) + `"components": []}`, "1.2 to 1.7", "too old"},
		{strings.Replace(head, "1.5", "2.0", 1) + `"components": []}`, "1.2 to 1.7", "not known yet"},
		{head + `"components": [` + deep + `]}`, "nested", "too deep"},
		{head + "\"x\": \"\xff\"}", "UTF-8", "no UTF-8"},
		{xml, "not XML", "cut off"},
		{`<!DOCTYPE bom [<!ENTITY a "b">]>` + xml + `</bom>`, "document type", "entities"},
		{xml + `<components><component><purl>&x;</purl></component></components></bom>`, "not XML", "an entity of its own"},
		{xml + "</bom>" + xml + "</bom>", "second document", "two documents"},
		{xml + strings.Repeat("<a>", maxDepth+2), "nested", "too deep"},
		{"SPDXVersion: SPDX-2.3\nno line\n", "Tag: value", "no tag"},
		{"SPDXVersion: SPDX-2.3\nPackageComment: <text>open\n", "never closed", "an open text"},
		{"SPDXVersion: SPDX-2.3\nRelationship: a b\n", "relationship", "half a relationship"},
		{`{"spdxVersion": "SPDX-2.1", "packages": []}`, "2.2 or 2.3", "too old"},
		{`{"@context": "https://x.invalid/spdx-context.jsonld", "@graph": [{"type": "CreationInfo", "specVersion": "4.0"}]}`, "3.0", "not known yet"},
		{"alpha==1\n", "neither", "a requirements file"},
	} {
		d, err := Read("x", []byte(tc.content))
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%.60q (%s): %+v, %v; want an error about %q", tc.content, tc.why, d, err, tc.says)
		}
	}
	if _, err := Read("bom.json", make([]byte, maxBytes+1)); err == nil {
		t.Error("a document beyond the cap was read")
	}
}

func FuzzRead(f *testing.F) {
	for _, form := range []cdx.BOMFileFormat{cdx.BOMFileFormatJSON, cdx.BOMFileFormatXML} {
		var b bytes.Buffer
		if err := cdx.NewBOMEncoder(&b, form).Encode(shop()); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add(fmt.Appendf(nil, spdxJSON, "2.3", alphaHash))
	f.Add(fmt.Appendf(nil, spdxTags, "2.3", alphaHash))
	f.Add(fmt.Appendf(nil, spdx3JSON, alphaHash))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := Read("x", content)
		if err != nil {
			return
		}
		for _, c := range d.Components {
			if c.Purl == "" || c.At.Line < 1 || c.At.Column < 1 {
				t.Errorf("half a component: %+v", c)
			}
			for _, n := range c.Needs {
				if n < 0 || n >= len(d.Components) {
					t.Errorf("a need that is none: %+v", c)
				}
			}
			for _, h := range c.Hashes {
				if _, err := artifact.ParseDigest(strings.TrimPrefix(h, "sha256:")); err != nil {
					t.Errorf("a hash that is none: %q", h)
				}
			}
		}
	})
}

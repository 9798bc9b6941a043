package manifest

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

// parseYAML reads the documents of a YAML file, the short way where that is enough.
func parseYAML(file string, data []byte, again string) ([]*document, error) {
	if d, ok := parseLockYAML(file, data); ok {
		return []*document{d}, nil
	}
	return readYAML(file, data, again)
}

// readYAML reads the documents of any YAML file. Clients write neither anchors nor
// aliases nor tags into their locks, so a file with one is refused: what is read
// here and what a client reads would not have to be the same.
func readYAML(file string, data []byte, again string) ([]*document, error) {
	y := yamlReader{file: file, again: again}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var out []*document
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, manifestfile.Syntax(finding.Location{File: file}, "this is not YAML that the gate reads; %s", again)
		}
		if len(out) >= 4 {
			return nil, manifestfile.Syntax(finding.Location{File: file, Line: n.Line}, "it holds more documents than a lock; %s", again)
		}
		if len(n.Content) != 1 || n.Content[0].Kind != yaml.MappingNode {
			return nil, manifestfile.Syntax(finding.Location{File: file, Line: max(n.Line, 1), Column: 1}, "this is no YAML mapping; %s", again)
		}
		root, err := y.value(n.Content[0], 0)
		if err != nil {
			return nil, err
		}
		out = append(out, &document{file: file, root: root})
	}
	if len(out) == 0 {
		return nil, manifestfile.Syntax(finding.Location{File: file, Line: 1, Column: 1}, "the file is empty; %s", again)
	}
	return out, nil
}

type yamlReader struct {
	file, again string
	read        int
}

func (y *yamlReader) bad(n *yaml.Node, why string) error {
	return manifestfile.Syntax(finding.Location{File: y.file, Line: n.Line, Column: n.Column}, "%s, which no client writes into a lock; %s", why, y.again)
}

func (y *yamlReader) value(n *yaml.Node, depth int) (*value, error) {
	if y.read++; y.read > maxValues {
		return nil, manifestfile.TooLarge(y.file, "it holds more than the gate reads; split it")
	}
	if depth > maxDepth {
		return nil, y.bad(n, "values are nested too deep")
	}
	if n.Anchor != "" || n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		return nil, y.bad(n, "there is an anchor, an alias or a tag")
	}
	v := &value{line: int32(n.Line), col: int32(n.Column)}
	switch n.Kind {
	case yaml.ScalarNode:
		v.kind, v.text = scalar(n)
	case yaml.SequenceNode:
		v.kind = isList
		for _, c := range n.Content {
			element, err := y.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			v.list = append(v.list, element)
		}
	case yaml.MappingNode:
		v.kind = isTable
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Anchor != "" || k.Style&yaml.TaggedStyle != 0 || k.Tag == "!!merge" {
				return nil, y.bad(k, "a key is no plain text")
			}
			element, err := y.value(n.Content[i+1], depth+1)
			if err != nil {
				return nil, err
			}
			if !v.set(field{key: k.Value, line: int32(k.Line), col: int32(k.Column), val: element}) {
				return nil, manifestfile.Syntax(finding.Location{File: y.file, Line: k.Line, Column: k.Column}, "%s is written twice in one mapping; remove one of the two", manifestfile.Quote(k.Value))
			}
		}
	default:
		return nil, y.bad(n, "there is a value of no kind")
	}
	return v, nil
}

// scalar gives a scalar as a text, unless it is true, false or nothing: versions
// look like numbers and are texts all the same.
func scalar(n *yaml.Node) (kind, string) {
	switch n.Tag {
	case "!!null":
		return isNull, ""
	case "!!bool":
		return isBool, n.Value
	}
	return isText, n.Value
}

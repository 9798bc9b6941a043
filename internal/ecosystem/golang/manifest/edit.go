package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/golang/goversion"
	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// ReplaceRequirement changes the version of one require line in the content of the
// go.mod that it stands in, and leaves all else byte for byte. req must come from
// parsing this very content; spec is one lower bound or one version, which is all
// that a go.mod can ask for. The note says what has to be run afterwards. For a
// go.sum, a vendor folder and a replaced line the error says what to do instead.
func ReplaceRequirement(content []byte, req ecosystem.Requirement, spec string) (edited []byte, note string, err error) {
	rng, err := goversion.ParseRange(spec)
	if err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	version, ok := rng.Minimum()
	if !ok {
		return nil, "", fmt.Errorf("changing %s: a go.mod asks for one minimal version, and %s is none", req.At, manifestfile.Quote(spec))
	}
	get := "go get " + req.Package.Name + "@" + version
	if Format(req.At.File) != GoMod {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, &ecosystem.Relock{Command: get})
	}
	edited, err = replaceVersion(content, req, version)
	if err != nil {
		return nil, "", fmt.Errorf("changing %s: %w", req.At, err)
	}
	return edited, "run `" + get + " && go mod tidy`, which writes go.sum and raises what else has to be raised", nil
}

var errMoved = errors.New("the requirement does not stand there any more; read the file again")

// replaceVersion writes another version into a require line, between the bytes where
// the old one stands.
func replaceVersion(content []byte, req ecosystem.Requirement, version string) ([]byte, error) {
	f, err := modfile.Parse(req.At.File, content, nil)
	if err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	for _, q := range f.Require {
		if q.Syntax.Start.Line != req.At.Line || q.Mod.Path != req.Package.Name {
			continue
		}
		start, end := q.Syntax.Start.Byte, q.Syntax.End.Byte
		line := content[start:end]
		token := q.Syntax.Token[len(q.Syntax.Token)-1]
		i := bytes.LastIndex(line, []byte(token))
		if i < 0 || strings.TrimSpace(string(line[i+len(token):])) != "" {
			return nil, errors.New("the line has a form that the gate cannot change safely; change it by hand")
		}
		out := append([]byte{}, content[:start+i]...)
		out = append(append(out, version...), content[start+i+len(token):]...)
		after, err := modfile.Parse(req.At.File, out, nil)
		if err != nil {
			return nil, fmt.Errorf("%s is no version that this line may have: %w", version, err)
		}
		if len(after.Require) != len(f.Require) {
			return nil, errMoved
		}
		return out, nil
	}
	return nil, errMoved
}

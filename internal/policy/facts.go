package policy

import (
	"cmp"
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gatehouse-project/gatehouse/internal/artifact"
	"github.com/gatehouse-project/gatehouse/internal/finding"
)

var stringSlice = reflect.TypeFor[[]string]()

// The types that conditions see. They are declared to CEL field by field, so that
// a misspelt field is an error when the policy is read, not when it is needed.
var (
	findingType    = cel.ObjectType("Finding")
	fileType       = cel.ObjectType("File")
	versionType    = cel.ObjectType("Version")
	provenanceType = cel.ObjectType("Provenance")
)

// fields says how each field is read. Which are there and what they mean is in
// docs/policy.md; a test keeps the two together.
var fields = map[string]map[string]*types.FieldType{
	"Finding": {
		"rule":          field(types.StringType, func(s *subject) any { return s.finding.Rule }),
		"class":         field(types.StringType, func(s *subject) any { return string(s.finding.Class) }),
		"severity":      field(types.IntType, func(s *subject) any { return int64(s.finding.Severity.Weight()) }),
		"severity_word": field(types.StringType, func(s *subject) any { return s.finding.Severity.String() }),
		"text":          field(types.StringType, func(s *subject) any { return s.finding.Text }),
		"ids":           field(types.NewListType(types.StringType), func(s *subject) any { return s.finding.IDs }),
		"fixed":         field(types.NewListType(types.StringType), func(s *subject) any { return s.finding.Fixed }),
		"path":          field(types.StringType, func(s *subject) any { return s.finding.Path }),
	},
	"File": {
		"name":     field(types.StringType, func(s *subject) any { return s.file.Name }),
		"kind":     field(types.StringType, func(s *subject) any { return string(s.file.Kind) }),
		"size":     field(types.IntType, func(s *subject) any { return s.file.Size }),
		"uploaded": dated(types.TimestampType, func(s *subject) any { return s.file.Uploaded }),
		"age":      dated(types.DurationType, func(s *subject) any { return s.now.Sub(s.file.Uploaded) }),
	},
	"Version": {
		"purl":          field(types.StringType, func(s *subject) any { return s.version.Version.Purl() }),
		"name":          field(types.StringType, func(s *subject) any { return s.version.Version.Package.Name }),
		"number":        field(types.StringType, func(s *subject) any { return s.version.Version.Number }),
		"ecosystem":     field(types.StringType, func(s *subject) any { return string(s.version.Version.Package.Ecosystem) }),
		"origin":        field(types.StringType, func(s *subject) any { return s.version.Origin }),
		"internal":      field(types.BoolType, func(s *subject) any { return s.version.Internal }),
		"yanked":        field(types.BoolType, func(s *subject) any { return s.version.Yanked }),
		"yanked_reason": field(types.StringType, func(s *subject) any { return string(s.version.YankedReason) }),
		"licence":       field(types.StringType, func(s *subject) any { return s.version.Licence }),
		"can":           field(types.NewListType(types.StringType), func(s *subject) any { return s.version.Capabilities }),
		"can_now":       field(types.NewListType(types.StringType), func(s *subject) any { return s.version.Added }),
		"baseline":      field(types.StringType, func(s *subject) any { return s.version.Baseline }),
	},
	"Provenance": {
		"verified":   field(types.BoolType, func(s *subject) any { return s.provenance.Verified }),
		"kind":       field(types.StringType, func(s *subject) any { return s.provenance.Kind }),
		"issuer":     field(types.StringType, func(s *subject) any { return s.provenance.Issuer }),
		"identity":   field(types.StringType, func(s *subject) any { return s.provenance.Identity }),
		"repository": field(types.StringType, func(s *subject) any { return s.provenance.Repository }),
		"workflow":   field(types.StringType, func(s *subject) any { return s.provenance.Workflow }),
		"ref":        field(types.StringType, func(s *subject) any { return s.provenance.Ref }),
		"commit":     field(types.StringType, func(s *subject) any { return s.provenance.Commit }),
		"builder":    field(types.StringType, func(s *subject) any { return s.provenance.Builder }),
		"runner":     field(types.StringType, func(s *subject) any { return s.provenance.Runner }),
	},
}

// field is a fact that is always there.
func field(t *types.Type, get func(*subject) any) *types.FieldType {
	return &types.FieldType{
		Type:    t,
		IsSet:   func(any) bool { return true },
		GetFrom: func(target any) (any, error) { return get(target.(*subject)), nil },
	}
}

// dated is a fact that follows from the upload time. A condition that reads it
// without asking has(file.uploaded) fails where it is not known, which holds.
func dated(t *types.Type, get func(*subject) any) *types.FieldType {
	known := func(target any) bool { return !target.(*subject).file.Uploaded.IsZero() }
	return &types.FieldType{
		Type:  t,
		IsSet: known,
		GetFrom: func(target any) (any, error) {
			if !known(target) {
				return nil, fmt.Errorf("the upload time is not known; ask has(file.uploaded) first")
			}
			return get(target.(*subject)), nil
		},
	}
}

// subject is one of the objects that conditions see, as a CEL value.
type subject struct {
	typ        *types.Type
	finding    *finding.Finding
	file       *File
	version    *Input
	provenance *Provenance
	now        time.Time
}

var _ ref.Val = (*subject)(nil)

// ConvertToNative implements ref.Val.
func (s *subject) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a %s is not a %v", s.typ, t)
}

// ConvertToType implements ref.Val.
func (s *subject) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return s.typ
	}
	return types.NewErr("a %s is not a %s", s.typ, t.TypeName())
}

// Equal implements ref.Val: there is only one of each.
func (s *subject) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(s)) }

// Type implements ref.Val.
func (s *subject) Type() ref.Type { return s.typ }

// Value implements ref.Val.
func (s *subject) Value() any { return s }

// String is how a text names the whole thing: {version}, {file}.
func (s *subject) String() string {
	switch s.typ {
	case versionType:
		return s.version.Version.String()
	case fileType:
		return s.file.Name
	case provenanceType:
		if !s.provenance.Verified {
			return "not attested"
		}
		return cmp.Or(s.provenance.Repository, s.provenance.Identity)
	}
	return s.finding.Text
}

// provider tells CEL about the types above.
type provider struct{ *types.Registry }

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	of, ok := fields[name]
	if !ok {
		return p.Registry.FindStructFieldNames(name)
	}
	var names []string
	for n := range of {
		names = append(names, n)
	}
	return names, true
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	of, ok := fields[name]
	if !ok {
		return p.Registry.FindStructFieldType(name, field)
	}
	t, ok := of[field]
	return t, ok
}

// NewValue implements types.Provider: conditions read facts, they make none.
func (p provider) NewValue(name string, values map[string]ref.Val) ref.Val {
	if _, ok := fields[name]; ok {
		return types.NewErr("a condition cannot make a %s", name)
	}
	return p.Registry.NewValue(name, values)
}

// facts is one input as CEL reads it. It is used by one goroutine; finding moves
// from one finding to the next.
type facts struct {
	in                                 *Input
	version, file, finding, provenance subject
	now                                types.Timestamp
}

var _ cel.Activation = (*facts)(nil)

func newFacts(in *Input) *facts {
	file := in.File
	if file == nil {
		file = &File{}
	}
	made := in.Provenance
	if made == nil {
		made = &Provenance{}
	}
	return &facts{
		in:         in,
		version:    subject{typ: versionType, version: in},
		file:       subject{typ: fileType, file: file, now: in.Now},
		finding:    subject{typ: findingType, finding: &finding.Finding{}},
		provenance: subject{typ: provenanceType, provenance: made},
		now:        types.Timestamp{Time: in.Now},
	}
}

// ResolveName implements cel.Activation.
func (f *facts) ResolveName(name string) (any, bool) {
	switch name {
	case "finding":
		return &f.finding, true
	case "file":
		return &f.file, true
	case "version":
		return &f.version, true
	case "provenance":
		return &f.provenance, true
	case "registry":
		return f.in.Registry, true
	case "now":
		return f.now, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (f *facts) Parent() cel.Activation { return nil }

// safe makes outside text fit for a reason, which goes to terminals and logs.
func safe(s string) string { return artifact.Untrusted(s).String() }

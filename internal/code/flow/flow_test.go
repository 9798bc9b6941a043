package flow_test

import (
	"slices"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

func TestWords(t *testing.T) {
	t.Parallel()
	s := flow.Of(code.Fetch, code.Exec) // what is no source adds nothing
	if got := (s | s.ViaFile() | flow.Word(code.LongLiteral)).Words(); !slices.Equal(got, []string{"fetch", "file:fetch", "long-literal"}) {
		t.Errorf("words are %v", got)
	}
	if got := s.ViaFile().ViaFile(); got != s.ViaFile() || !got.Has(s) || got.Has(flow.Of(code.Decode)) {
		t.Errorf("through two files: %v", got.Words())
	}
	if flow.Set(0).Words() != nil {
		t.Error("the empty set has words")
	}
}

func TestOutput(t *testing.T) {
	for line, want := range map[string]flow.Set{
		"cat ~/.npmrc 2>/dev/null; gh auth token": flow.Of(code.Secret),
		"whoami; hostname; env":                   flow.Of(code.EnvAll),
		"env A=1 make; cat README.md; ; |":        0,
		"tar c '~/.ssh/id_rsa' && /usr/bin/env":   flow.Of(code.Secret, code.EnvAll),
		"set -e; npm test":                        0,
		"export -p > all.txt":                     flow.Of(code.EnvAll),
	} {
		if got := flow.Output(line); got != want {
			t.Errorf("%q gives %v, want %v", line, got.Words(), want.Words())
		}
	}
}

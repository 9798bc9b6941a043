//go:build !linux

package sandbox

import (
	"errors"
	"os"
	"testing"
)

func fakeTool(string, []string) {}

func makeInput([]*os.File, []byte) ([]byte, error) { return nil, nil }

func TestNoToolsHere(t *testing.T) {
	if err := ToolSupport(t.Context()); !errors.Is(err, ErrNoTools) {
		t.Errorf("got %v, want a word that there are none here", err)
	}
}

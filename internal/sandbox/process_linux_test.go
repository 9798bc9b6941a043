package sandbox

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// refuseNamespaces makes the test's workers start as where the system refuses.
func refuseNamespaces(t *testing.T) {
	before := givenUp.Load()
	t.Cleanup(func() { givenUp.Store(before) })
	if !isolationRefused(fmt.Errorf("fork/exec: %w", syscall.EPERM), apart) {
		t.Fatal("EPERM is not taken for a refusal")
	}
}

func TestAFaultIsNoRefusal(t *testing.T) {
	before := givenUp.Load()
	if isolationRefused(syscall.ENOMEM, apart) || isolationRefused(syscall.EAGAIN, apart) || givenUp.Load() != before {
		t.Error("a passing fault would take the namespaces from all later workers")
	}
}

// TestNotAStranger is root where root cannot become anybody else, or nobody may
// not run this program: the namespaces stay.
func TestNotAStranger(t *testing.T) {
	before := givenUp.Load()
	t.Cleanup(func() { givenUp.Store(before) })
	if !isolationRefused(syscall.EACCES, stranger) {
		t.Fatal("EACCES is not taken for a refusal")
	}
	if got := isolations(); len(got) != 2 || got[0] != apart {
		t.Errorf("what is left is %v, want to start apart", got)
	}
	layers, err := Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if missing := Missing(layers, []string{LayerNamespaces, LayerRoot}); missing != "" {
		t.Errorf("missing: %s", missing)
	}
	if counted := Missing(layers, []string{LayerProcessCount}) == ""; counted == (os.Getuid() == 0) {
		t.Errorf("as user %d the threads are counted: %v", os.Getuid(), counted)
	}
}

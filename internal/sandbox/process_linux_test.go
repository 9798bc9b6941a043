package sandbox

import (
	"fmt"
	"syscall"
	"testing"
)

// refuseNamespaces makes the test's workers start as where the system refuses.
func refuseNamespaces(t *testing.T) {
	if !isolationRefused(fmt.Errorf("fork/exec: %w", syscall.EPERM)) {
		t.Fatal("EPERM is not taken for a refusal")
	}
	t.Cleanup(func() { namespacesRefused.Store(false) })
}

func TestAFaultIsNoRefusal(t *testing.T) {
	if isolationRefused(syscall.ENOMEM) || isolationRefused(syscall.EAGAIN) || namespacesRefused.Load() {
		t.Error("a passing fault would take the namespaces from all later workers")
	}
}

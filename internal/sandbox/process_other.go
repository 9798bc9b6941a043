//go:build !linux

package sandbox

import "os"

func executable() (string, error) { return os.Executable() }

// isolations: namespaces are Linux's.
func isolations() []bool { return []bool{false} }

func isolationRefused(error) bool { return false }

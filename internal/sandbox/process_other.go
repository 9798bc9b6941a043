//go:build !linux

package sandbox

import "os"

func executable() (string, error) { return os.Executable() }

// isolations: namespaces are Linux's.
func isolations() []isolation { return []isolation{together} }

func isolationRefused(error, isolation) bool { return false }

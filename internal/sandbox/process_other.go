//go:build !linux

package sandbox

// isolations: namespaces are Linux's.
func isolations() []isolation { return []isolation{together} }

func isolationRefused(error, isolation) bool { return false }

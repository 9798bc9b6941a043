// Package lazy makes what a program needs rarely when it is first needed. Every
// run of gatehouse is a process, and opening one archive is another: each would
// otherwise compile, before main begins, regular expressions that it never asks.
//
// It promises nothing about order and has no effects besides the value; it is
// safe for concurrent use.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp is regexp.MustCompile, done by the first call of what it returns. The
// expression is to be a literal: a test in internal/house compiles all of them,
// so that a wrong one is found there and not in a run.
func Regexp(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

package analyze

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// FuzzSignsBegin holds the quick look at a line's beginning to what the regular
// expressions say: it may not lose a line that one of them matches. Letters beyond
// ASCII that fold to ASCII ones are left out: no interpreter takes them for a command.
func FuzzSignsBegin(f *testing.F) {
	for _, line := range []string{
		"import os, sys # x", "  from a.b import c", "def f(x) -> int: pass", "class A(B):", "if __name__ == '__main__'", "exec(x)", "eval(x)", "print(x)", "@a.b(", "try:", "else:", "finally: ",
		"for x in y:", "while True:", "elif x:", "with open(x) as f:", "except E:", "x.y = __import__('z')", "f = lambda: 0", "g = getattr", "__import__('os')",
		"'use strict'", `"use strict"`, "const a = 1", "let {b} = c", "var d=", "function f (", "async function* g(", "module.exports = 1", "exports.a", "import x from 'y'", `import "z"`,
		"export default 1", "x = require('y')", "a => {", "(async function", "((function", "() => 1", "})()", "x; eval(y)", "if (a) {", "if(a){", "globalThis.x", "process.env", "window.y", "document.z",
		"<?php", " <?=", "$a = New-Object x", "Invoke-Expression x", "IEX (", "iwr x", "irm x", "new-object x", "Start-Process x", "Set-ExecutionPolicy", "add-mppreference", "Param (",
		"@ECHO OFF", "setlocal", "set x=1", "if not exist x", "goto :eof", "set -eu", "export A=1", "if [ x", "fi", "done", "sudo curl -s https://x", "wget $x", "bash -c x", "sh -c x", "zsh -c x", "python3 -c x", "node -c x",
		"chmod +x y", "nohup x", `eval "$(x)"`, "echo x | base64", "printf x |sh", "nc -e", "rm -rf x", "bash -i", "env |", "printenv |", "cat ~/x |", "require 'x'", "require_relative", "module A", "class A < B", "def a?(x)", "end", "package a", "func (a *b) c(",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf || r == '\n' }) {
			return
		}
		for _, s := range signs() {
			if s.sign().Match(line) && !s.may(line) {
				t.Errorf("%q is %s, and the quick look loses it", line, s.language)
			}
		}
	})
}

// The seeds above are lines of every shape; each has to be one.
func TestSignsKnowTheirLines(t *testing.T) {
	for line, want := range map[string]int{"import os": 0, "const a = 1": 1, "<?php": 2, "IEX (x)": 3, "@echo off": 4, "set -eu": 5, "require_relative": 6, "package a": 7} {
		if s := signs()[want]; !s.matches([]byte(line)) {
			t.Errorf("%q is no line of %s", line, s.language)
		}
	}
}

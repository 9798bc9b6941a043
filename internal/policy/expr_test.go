package policy

import (
	"testing"

	"cel.dev/cel-go/cel"
)

// written is a tree in words, or what is wrong with the text.
func written(ast *cel.Ast, issues *cel.Issues) (string, bool) {
	if issues.Err() != nil {
		return issues.Err().Error(), false
	}
	s, err := cel.AstToString(ast)
	if err != nil {
		return err.Error(), false
	}
	return s + " is " + ast.OutputType().String(), true
}

// FuzzCompile holds compile against the compiler that CEL's library has by default.
func FuzzCompile(f *testing.F) {
	c, err := newCompiler(Default().settings)
	if err != nil {
		f.Fatal(err)
	}
	theirs, err := c.envs[OnFinding].Extend(cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(maxNesting))
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range Default().rules {
		f.Add(r.When)
		f.Add(r.Until)
	}
	for _, s := range []string{
		`finding.ids.exists(i, i.startsWith("CVE-")) ? 1 : -2`, `[1, 2u, 3.5, b"x", r'\d', null].size() > 0 && !true || {"a": 1}.a in [1]`,
		`has(file.uploaded) && now - file.uploaded < duration("72h")`, `version.number.matches("^1[.]") // ok`, "'''a\nb'''", `size("\u00e9\n\x41")`,
		`finding.ids[0] == "x"`, `licence_allowed(version.licence, ["MIT"])`, `a b`, `((((1))))`, `1 +`, `-9223372036854775808`, `1.e3`, `0x1F % 2`, `finding.in`, `.finding.rule`, "`x`",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := written(compile(c.envs[OnFinding], text))
		want, wantOK := written(theirs.Compile(text))
		if ok != wantOK || ok && got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	})
}

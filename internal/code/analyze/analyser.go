package analyze

import (
	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/golang"
	"github.com/gatehouse-project/gatehouse/internal/code/javascript"
	"github.com/gatehouse-project/gatehouse/internal/code/lexical"
	"github.com/gatehouse-project/gatehouse/internal/code/python"
	"github.com/gatehouse-project/gatehouse/internal/code/shell"
	"github.com/gatehouse-project/gatehouse/internal/code/workflow"
)

// analyser gives the reader of a language. Text and Binary have none.
func analyser(l code.Language) func([]byte) code.Facts {
	switch l {
	case code.Python:
		return python.Analyze
	case code.Pth:
		return func(src []byte) code.Facts {
			facts := python.Analyze(startLines(src))
			facts.Language = code.Pth
			return facts
		}
	case code.JavaScript:
		return javascript.Analyze
	case code.TypeScript:
		return javascript.AnalyzeTypeScript
	case code.Shell:
		return shell.Analyze
	case code.Batch:
		return shell.AnalyzeBatch
	case code.Go:
		return golang.Analyze
	case code.Workflow:
		return workflow.Analyze
	case code.Ruby, code.Rust, code.PHP, code.PowerShell, code.Java:
		return func(src []byte) code.Facts { return lexical.Analyze(l, src) }
	}
	return func([]byte) code.Facts { return code.Facts{Language: l} }
}

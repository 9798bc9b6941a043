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

// analyser gives the reader of a language, for a file of which it is known what
// constants names of other files stand for. Text and Binary have none.
func analyser(l code.Language, known code.Neighbours) func([]byte) code.Facts {
	switch l {
	case code.Python:
		return func(src []byte) code.Facts { return python.AnalyzeAmong(src, known) }
	case code.Pth:
		return func(src []byte) code.Facts {
			facts := python.AnalyzeAmong(startLines(src), known)
			facts.Language = code.Pth
			return facts
		}
	case code.JavaScript, code.TypeScript:
		return func(src []byte) code.Facts { return javascript.AnalyzeAmong(src, l, known) }
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

package syntax

import (
	"fmt"
	"strings"
)

// words are the kinds as the tests write them.
var words = [kinds]string{
	Bad: "Bad", FunctionDef: "FunctionDef", ClassDef: "ClassDef", Return: "Return", Delete: "Delete", Assign: "Assign",
	AugAssign: "AugAssign", AnnAssign: "AnnAssign", For: "For", While: "While", If: "If", With: "With", Raise: "Raise", Try: "Try",
	Assert: "Assert", Import: "Import", ImportFrom: "ImportFrom", Global: "Global", Nonlocal: "Nonlocal", ExprStmt: "ExprStmt",
	Pass: "Pass", Break: "Break", Continue: "Continue", Match: "Match", TypeAlias: "TypeAlias", Print: "Print", Exec: "Exec",
	Signature: "Signature", Param: "Param", TypeParam: "TypeParam", Elif: "Elif", WithItem: "WithItem", Handler: "Handler",
	Module: "Module", Alias: "Alias", Case: "Case", BoolOp: "BoolOp", NamedExpr: "NamedExpr", BinOp: "BinOp", UnaryOp: "UnaryOp",
	Lambda: "Lambda", IfExp: "IfExp", Dict: "Dict", DictItem: "DictItem", Set: "Set", List: "List", Tuple: "Tuple",
	ListComp: "ListComp", SetComp: "SetComp", DictComp: "DictComp", GeneratorExp: "GeneratorExp", Clause: "Clause", Await: "Await",
	Yield: "Yield", YieldFrom: "YieldFrom", Compare: "Compare", Comparator: "Comparator", Call: "Call", Keyword: "Keyword",
	JoinedStr: "JoinedStr", TemplateStr: "TemplateStr", FormattedValue: "FormattedValue", Num: "Num", Str: "Str", Name: "Name",
	True: "True", False: "False", None: "None", Ellipsis: "Ellipsis", Attribute: "Attribute", Subscript: "Subscript", Slice: "Slice",
	Starred: "Starred", Repr: "Repr", PatValue: "PatValue", PatCapture: "PatCapture", PatSequence: "PatSequence", PatStar: "PatStar",
	PatMapping: "PatMapping", PatItem: "PatItem", PatClass: "PatClass", PatKeyword: "PatKeyword", PatOr: "PatOr",
}

var opWords = [...]string{
	"", "or", "and", "not", "in", "not in", "is", "is not", "<", "<=", ">", ">=", "==", "!=", "|", "^", "&", "<<", ">>", "+", "-", "*",
	"@", "/", "%", "//", "**", "-x", "+x", "~x",
}

// dump writes statements, one a line: what is between < and > is a node's name
// or value, and each field that has nodes stands under its letter.
func dump(t *Tree) string {
	var b strings.Builder
	for id := t.Body; id != 0; id = t.Next(id) {
		dumpNode(&b, t, id)
		b.WriteByte('\n')
	}
	return b.String()
}

func dumpNode(b *strings.Builder, t *Tree, id ID) {
	n := t.Node(id)
	b.WriteString("(" + words[n.Kind])
	if n.Op != 0 {
		b.WriteString(" " + opWords[n.Op])
	}
	for _, f := range dumpFlags(n) {
		b.WriteString(" " + f)
	}
	switch n.Kind {
	case Str:
		value, _ := t.Value(id)
		fmt.Fprintf(b, " <%q>", value)
	case Num:
		b.WriteString(" <" + t.Text(id) + ">")
	case ImportFrom:
		fmt.Fprintf(b, " %d", t.Level(id))
	case FormattedValue:
		if c := t.Conversion(id); c != 0 {
			b.WriteString(" !" + string(c))
		}
	default:
		if name := t.Name(id); name != "" {
			b.WriteString(" <" + name + ">")
		}
	}
	for i, child := range [4]ID{n.A, n.B, n.C, n.D} {
		if child == 0 || numbers[n.Kind]&(1<<i) != 0 {
			continue
		}
		b.WriteString(" " + "ABCD"[i:i+1] + "=")
		for ; child != 0; child = t.Next(child) {
			dumpNode(b, t, child)
		}
	}
	b.WriteByte(')')
}

func dumpFlags(n *Node) (flags []string) {
	var names []string
	switch n.Kind {
	case Str:
		names = []string{"bytes", "raw", "unicode", "triple", "unclosed", "several", "part", "verbatim"}
	case JoinedStr, TemplateStr:
		return nil
	default:
		names = []string{"async", "*", "**", "posonly", "kwonly", "store", "paren", "="}
	}
	for i, name := range names {
		if n.Flags&(1<<i) != 0 {
			flags = append(flags, name)
		}
	}
	return flags
}

package syntax

import "sort"

// ID names a node of one Tree. Zero is no node.
type ID uint32

// Node is one node of a tree. What A, B, C and D hold stands beside each Kind;
// "list" means the first of a list whose members follow each other by Next. A
// node has one parent and stands in one place, so the Next of a node that is no
// list's member is zero.
type Node struct {
	Kind   Kind
	Op     Op
	Flags  Flags
	height uint16 // of the tree below; the parser keeps it below MostHeight
	// Pos and End are the bytes of Tree.Src that the node stands in. As in
	// CPython, they leave out parentheses around an expression, except those of
	// a tuple and of a generator.
	Pos, End   uint32
	Next       ID
	A, B, C, D ID
}

// Kind says what a node is.
type Kind uint8

// Statements.
const (
	// Bad is what the parser could not read as anything. As an expression it is a
	// leaf in the place of one that is missing or was too deep; as a statement its
	// A is an expression that was too deep to stay where it was written.
	Bad         Kind = iota
	FunctionDef      // A list of decorators, B Signature, C list of Param, D body; Async
	ClassDef         // A list of decorators, B Signature, C list of bases and Keyword, D body
	Return           // A value or none
	Delete           // A list of targets
	Assign           // A list of targets, B value: a = b = value has two
	AugAssign        // A target, B value, Op
	AnnAssign        // A target, B annotation, C value or none
	For              // A target, B iterated, C body, D else; Async
	While            // A test, B body, C else
	If               // A test, B body, C list of Elif, D else
	With             // A list of WithItem, B body; Async
	Raise            // A exception or none, B cause; of Python 2: C value, D traceback
	Try              // A body, B list of Handler, C else, D finally
	Assert           // A test, B message or none
	Import           // A list of Alias
	ImportFrom       // A Module or none, B list of Alias, Level() dots
	Global           // A list of Name
	Nonlocal         // A list of Name
	ExprStmt         // A value
	Pass
	Break
	Continue
	Match     // A subject, B list of Case
	TypeAlias // A Name, B list of TypeParam, C value
	Print     // Python 2: A list of values; print >>f is an expression, as in Python 3
	Exec      // Python 2: A code, B globals or none, C locals or none
)

// Parts of statements.
const (
	// Signature holds what is beside the parameters of a def or class: Name(),
	// A list of TypeParam, B what is returned or none.
	Signature Kind = iota + 32
	Param          // Name(); A annotation, B default, C a Tuple in place of the name (Python 2); PosOnly, KwOnly, Star, DoubleStar
	TypeParam      // Name(); A bound, B default; Star, DoubleStar
	Elif           // A test, B body
	WithItem       // A context, B target or none
	// Handler is one except of a Try: A type or none, B Name that is bound or
	// none, C body; Star for except*. The type of "except A, b" is a Tuple, as in
	// Python 3.14, where Python 2 would bind b.
	Handler
	Module // the dotted name of an ImportFrom: Name()
	Alias  // Name() dotted, or "*"; A Name that is bound by "as", or none
	Case   // A pattern, B guard or none, C body
)

// Expressions.
const (
	BoolOp    Kind = iota + 64 // A list of operands, Op And or Or
	NamedExpr                  // A Name, B value
	// BinOp holds operands joined by one operator, from left to right: a+b+c is
	// one node with three, a+b-c is a Sub of the Add and c. Pow has two.
	BinOp        // A list of at least two operands, Op
	UnaryOp      // A operand, Op Not, Neg, Pos or Invert
	Lambda       // A list of Param, B body
	IfExp        // A value when true, B test, C value when false
	Dict         // A list of DictItem
	DictItem     // A key, none for **value; B value
	Set          // A list
	List         // A list
	Tuple        // A list; Paren when it was written with parentheses
	ListComp     // A element, C list of Clause
	SetComp      // A element, C list of Clause
	DictComp     // A key, B value, C list of Clause; A is none for {**x for ...}
	GeneratorExp // A element, C list of Clause
	Clause       // A target, B iterated, C list of conditions; Async
	Await        // A
	Yield        // A value or none
	YieldFrom    // A
	// Compare holds the first comparison, and in C what a chain goes on with.
	Compare        // A left, Op, B right, C list of Comparator
	Comparator     // Op, A
	Call           // A callee, B list of arguments: expressions, Starred, Keyword
	Keyword        // Name(), "" for **value; A value
	JoinedStr      // an f-string, and what is written beside it: A list of Str and FormattedValue; Value() when all is constant
	TemplateStr    // a t-string, the same
	FormattedValue // A expression, B its format, a JoinedStr or none; Conversion(); Debug for {x=}
	Num            // Text(), Int()
	// Str is a literal, several written side by side, or a constant part of an
	// f-string: Value(). Flags are those of its first literal.
	Str
	Name // Name(); Store where it is bound or deleted
	True
	False
	None
	Ellipsis
	Attribute // A value, Name()
	Subscript // A value, B index: an expression, a Slice, or a Tuple of them and of Starred
	Slice     // A lower, B upper, C step, each or none
	Starred   // A
	Repr      // Python 2's backticks: A
)

// Patterns of a Case.
const (
	PatValue    Kind = iota + 128 // A: a constant or dotted name
	PatCapture                    // Name(), "_" for the one that binds nothing; A what is before "as", or none
	PatSequence                   // A list of patterns
	PatStar                       // Name()
	PatMapping                    // A list of PatItem and PatStar
	PatItem                       // A key, B pattern
	PatClass                      // A class, B list of patterns and PatKeyword
	PatKeyword                    // Name(), A pattern
	PatOr                         // A list of patterns

	kinds
)

// Statement says whether nodes of this kind stand in bodies.
func (k Kind) Statement() bool { return k < Signature }

// Flags are what a node has beside its kind; what a bit means depends on that.
type Flags uint8

// Flags of a Str. Of a JoinedStr and TemplateStr they are those of its first literal.
const (
	Bytes    Flags = 1 << iota
	Raw            // backslashes stand for themselves
	Unicode        // written with u
	Triple         // three quotes
	Unclosed       // the closing quote is missing; the value ends with the line
	Several        // literals written side by side
	Part           // a constant part of an f-string, without quotes
	Verbatim       // a Part that is source, as {x=} shows it
)

// Flags of other kinds.
const (
	Async      Flags = 1 << iota // FunctionDef, For, With, Clause
	Star                         // Param and TypeParam *x; Handler except*
	DoubleStar                   // Param and TypeParam **x
	PosOnly                      // Param before /
	KwOnly                       // Param after *
	Store                        // Name, Attribute, Subscript, Starred, Tuple, List that is bound or deleted
	Paren                        // Tuple in parentheses
	Debug                        // FormattedValue {x=}
)

// Op is an operator.
type Op uint8

// The operators.
const (
	NoOp Op = iota
	Or
	And
	Not
	In
	NotIn
	Is
	IsNot
	Lt
	LtE
	Gt
	GtE
	Eq
	NotEq
	BitOr
	BitXor
	BitAnd
	LShift
	RShift
	Add
	Sub
	Mult
	MatMult
	Div
	Mod
	FloorDiv
	Pow
	Neg
	Pos
	Invert
)

// Span is bytes of Tree.Src.
type Span struct{ Pos, End uint32 }

// Error is a place that CPython would not accept, or that was beyond a limit.
type Error struct {
	Line, Col int // as Tree.Position
	Text      string
}

// Tree is what was read of one file. It is not changed after Parse and may be
// read by many at once. A tree made by a Parser lives until that Parser's next
// Parse; strings taken from it live on.
type Tree struct {
	// Src is the file as UTF-8, without a byte order mark: what Pos and End
	// count in. It differs from the file's bytes where the file declares another
	// encoding.
	Src string
	// Body is the first statement.
	Body ID
	// Errors are in order of place, at most MostErrors; Skipped counts the others.
	Errors  []Error
	Skipped int
	// Cut: a limit of this package that CPython has not, or has later, ended the
	// reading of the file or of an expression.
	Cut bool
	// Comments are the comments, from # to the end of their lines.
	Comments []Span

	nodes []Node
	lines []uint32 // where each line starts
}

// Node gives the node of an id, which is to be of this tree and not zero. It
// must not be changed.
func (t *Tree) Node(id ID) *Node { return &t.nodes[id] }

// Kind gives a node's kind; that of zero is Bad.
func (t *Tree) Kind(id ID) Kind { return t.nodes[id].Kind }

// Next gives what follows a node in its list, or zero. A list is walked with
//
//	for n := first; n != 0; n = t.Next(n) {
func (t *Tree) Next(id ID) ID { return t.nodes[id].Next }

// Len counts the members of a list.
func (t *Tree) Len(first ID) int {
	n := 0
	for ; first != 0; first = t.nodes[first].Next {
		n++
	}
	return n
}

// Nodes counts the nodes: ids are 1 to Nodes().
func (t *Tree) Nodes() int { return len(t.nodes) - 1 }

// Position gives the line, from 1, and the column, in bytes from 0, of an
// offset in Src, as CPython's lineno and col_offset.
func (t *Tree) Position(offset uint32) (line, column int) {
	i := sort.Search(len(t.lines), func(i int) bool { return t.lines[i] > offset })
	if i == 0 {
		return 1, int(offset)
	}
	return i, int(offset - t.lines[i-1])
}

// Line gives the text of a line, from 1, without its end.
func (t *Tree) Line(line int) string {
	if line < 1 || line > len(t.lines) {
		return ""
	}
	start, end := t.lines[line-1], uint32(len(t.Src))
	if line < len(t.lines) {
		end = t.lines[line]
	}
	for end > start && (t.Src[end-1] == '\n' || t.Src[end-1] == '\r') {
		end--
	}
	return t.Src[start:end]
}

// Lines counts the lines.
func (t *Tree) Lines() int { return len(t.lines) }

// Text gives the source of a node.
func (t *Tree) Text(id ID) string {
	n := &t.nodes[id]
	return t.Src[n.Pos:n.End]
}

// Level counts the dots in front of an ImportFrom's module.
func (t *Tree) Level(id ID) int { return int(t.nodes[id].D) }

// Conversion gives the letter after ! of a FormattedValue, 0 when there is none.
func (t *Tree) Conversion(id ID) byte { return byte(t.nodes[id].D) }

// numbers says which fields of a kind are no nodes: a bit each for A, B, C, D.
// Such fields hold offsets and counts.
var numbers = [kinds]uint8{
	ImportFrom:     8, // D: dots
	Alias:          2, // B: the end of the name
	Param:          8, // D: the end of the name
	TypeParam:      8,
	Signature:      0,
	Keyword:        2, // B: the end of the name
	FormattedValue: 8, // D: conversion
	Attribute:      2, // B: where the name starts
	PatCapture:     6, // B, C: where the name starts and ends
	PatStar:        6,
	PatKeyword:     2, // B: the end of the name
}

// Children calls visit with each node right below one, in the order in which
// they are written.
func (t *Tree) Children(id ID, visit func(ID)) {
	n := &t.nodes[id]
	mask := numbers[n.Kind]
	for i, child := range [4]ID{n.A, n.B, n.C, n.D} {
		if mask&(1<<i) != 0 {
			continue
		}
		for ; child != 0; child = t.nodes[child].Next {
			visit(child)
		}
	}
}

// Walk calls visit with a node and, unless that says no, with all below it:
// parents first, then as written. The calls nest no deeper than MostHeight,
// whatever the input was.
func (t *Tree) Walk(id ID, visit func(ID) bool) {
	if id == 0 || !visit(id) {
		return
	}
	n := &t.nodes[id]
	mask := numbers[n.Kind]
	for i, child := range [4]ID{n.A, n.B, n.C, n.D} {
		if mask&(1<<i) != 0 {
			continue
		}
		t.WalkList(child, visit)
	}
}

// WalkList walks each member of a list; WalkList(t.Body, visit) walks all.
func (t *Tree) WalkList(first ID, visit func(ID) bool) {
	for ; first != 0; first = t.nodes[first].Next {
		t.Walk(first, visit)
	}
}

package javascript

// nodeOp is what a node of the tree is. The comments say what its fields hold;
// a list is the first of nodes that hang together by next.
type nodeOp uint8

const (
	nNone     nodeOp = iota // nothing, or what could not be read
	nIdent                  // a: atom
	nNum                    // src[pos:a]
	nStr                    // src[pos:a] with quotes
	nTemplate               // a: list of pieces and expressions in turn; b: tag or 0
	nPiece                  // src[pos:a]
	nRegex                  // src[pos:a]
	nArray                  // a: list of elements
	nHole
	nSpread   // a
	nObject   // a: list of nProp
	nProp     // a: key (nIdent, nStr, nNum, any when computed); b: value; flag
	nFunc     // a: list of parameters; b: body; c: list of nIdent that var declares; d: atom of the name
	nClass    // a: super class; b: list of nProp; d: atom
	nUnary    // a; d: op or atom
	nUpdate   // a; d: op
	nBinary   // a, b; d: op or atom
	nLogical  // a, b; d: op
	nCond     // a, b, c
	nAssign   // a target, b value; d: op
	nSeq      // a: list
	nMember   // a: object; b: atom
	nIndex    // a, b
	nCall     // a: callee; b: list of arguments
	nNew      // a: callee; b: list of arguments
	nAwait    // a
	nYield    // a; flag fAll for yield*
	nThis     //
	nSuper    //
	nNull     //
	nBool     // a: 1 when true
	nImportFn // the callee of import()
	nMeta     // import.meta, new.target
	nJSX      // a: list of attributes' and children's expressions

	nVar       // a: list of nDeclarator; flag fVar for var
	nDeclare   // a: target; b: initial value
	nExprStmt  // a
	nBlock     // a: list
	nIf        // a, b, c
	nFor       // a, b, c; d: body
	nForIn     // a: target or nVar; b; d: body; flag fOf
	nWhile     // a; b: body; flag fDo
	nReturn    // a
	nThrow     // a
	nTry       // a: block; b: parameter; c: handler; d: finally
	nSwitch    // a; b: list of nCase
	nCase      // a: test or 0; b: list
	nJump      // break or continue; flag fBreak
	nImport    // a: list of nSpecifier; b: nStr of the module
	nSpecifier // a: atom imported (0 the namespace); b: atom here
	nExport    // a: declaration, expression or 0; b: nStr of the module; c: list of nSpecifier; flag fDefault
	nLazy      // a function's body that was left for later: src[pos:a]
)

// Flags of nodes.
const (
	fArrow     uint8 = 1 << iota // function: arrow, of which b may be an expression
	fDecl                        // function, class: a declaration, its name is the scope's
	fComputed                    // property: key in brackets
	fGet                         // property: getter or setter
	fStatic                      // property: static; parenthesised expression
	fGenerator                   // function
	fMethod                      // property or function: method
	fAsync                       // function
)

// Flags of other nodes, by the same bits.
const (
	fVar     = fArrow
	fOf      = fArrow
	fDo      = fArrow
	fBreak   = fArrow
	fDefault = fArrow
	fAll     = fArrow
)

// node is one node of the tree: 32 bytes, in one slice, and index 0 is none.
type node struct {
	op         nodeOp
	flag       uint8
	pos        int32
	a, b, c, d int32
	next       int32
}

package javascript

import (
	"hash/maphash"
	"sync"
)

// atoms gives each distinct identifier of a file a small number.
type atoms struct {
	slots []int32 // open addressing over names; 0 is free
	names []string
	nodes []node // room for a tree, of which nothing is in use
}

// The atoms that the parser asks for by name.
const (
	aNone int32 = iota
	aVar
	aLet
	aConst
	aFunction
	aClass
	aReturn
	aIf
	aElse
	aFor
	aWhile
	aDo
	aSwitch
	aCase
	aDefault
	aBreak
	aContinue
	aThrow
	aTry
	aCatch
	aFinally
	aNew
	aDelete
	aTypeof
	aVoid
	aIn
	aInstanceof
	aThis
	aSuper
	aNull
	aTrue
	aFalse
	aImport
	aExport
	aExtends
	aWith
	aDebugger
	aYield
	aAwait
	aAsync
	aOf
	aGet
	aSet
	aStatic
	aFrom
	aAs
	aSatisfies
	aType
	aInterface
	aEnum
	aNamespace
	aModule
	aDeclare
	aAbstract
	aImplements
	aReadonly
	aPublic
	aPrivate
	aProtected
	aOverride
	aAccessor
	aIs
	aKeyof
	aUnique
	aInfer
	aAsserts
	aGlobal
	aRequire
	aUsing
	aFirstFree
)

var fixedAtoms = [...]string{
	"", "var", "let", "const", "function", "class", "return", "if", "else", "for", "while", "do", "switch", "case", "default",
	"break", "continue", "throw", "try", "catch", "finally", "new", "delete", "typeof", "void", "in", "instanceof", "this", "super",
	"null", "true", "false", "import", "export", "extends", "with", "debugger", "yield", "await", "async", "of", "get", "set", "static",
	"from", "as", "satisfies", "type", "interface", "enum", "namespace", "module", "declare", "abstract", "implements", "readonly",
	"public", "private", "protected", "override", "accessor", "is", "keyof", "unique", "infer", "asserts", "global", "require",
	"using",
}

// beforeOperand are the words after which a slash starts a regular expression.
var beforeOperand = [aFirstFree + 1]bool{
	aReturn: true, aTypeof: true, aCase: true, aIn: true, aOf: true, aDelete: true, aVoid: true, aThrow: true, aNew: true, aDo: true,
	aElse: true, aInstanceof: true, aYield: true, aAwait: true,
}

// keyword gives the atom of a word that decides what a slash behind it is.
func keyword(b []byte) int32 {
	if len(b) < 2 || len(b) > 10 {
		return aFirstFree
	}
	switch string(b) {
	case "if":
		return aIf
	case "for":
		return aFor
	case "while":
		return aWhile
	case "with":
		return aWith
	case "return":
		return aReturn
	case "typeof":
		return aTypeof
	case "case":
		return aCase
	case "in":
		return aIn
	case "of":
		return aOf
	case "delete":
		return aDelete
	case "void":
		return aVoid
	case "throw":
		return aThrow
	case "new":
		return aNew
	case "do":
		return aDo
	case "else":
		return aElse
	case "instanceof":
		return aInstanceof
	case "yield":
		return aYield
	case "await":
		return aAwait
	}
	return aFirstFree
}

// used are atoms, and the trees that go with them, of files that were read: most
// files are small, and making room for each costs as much as reading it.
var used = sync.Pool{New: func() any { return new(atoms) }}

func newAtoms() *atoms {
	first, a := firstAtoms(), used.Get().(*atoms)
	a.slots, a.names = append(a.slots[:0], first.slots...), append(a.names[:0], first.names...)
	return a
}

// What is kept for the next file.
const (
	mostSlots = 1 << 13
	mostTree  = 128 << 10 // nodes: 4 MB
)

// let gives the atoms back; nobody may ask them for anything any more.
func (a *atoms) let() {
	clear(a.names)
	if cap(a.slots) <= mostSlots {
		used.Put(a)
	}
}

// tree gives room for the tree of so many bytes of source.
func (a *atoms) tree(size int) []node {
	if n := a.nodes; n != nil {
		a.nodes = nil
		return append(n[:0], node{})
	}
	return make([]node, 1, max(256, min(size/7, lazyBytes/2)))
}

// letTree takes back the room of a tree that nobody reads any more.
func (a *atoms) letTree(n []node) {
	if cap(n) <= mostTree && cap(n) > cap(a.nodes) {
		a.nodes = n
	}
}

// firstAtoms are what every file begins with.
var firstAtoms = sync.OnceValue(func() *atoms {
	a := &atoms{slots: make([]int32, 1024)}
	for _, s := range fixedAtoms {
		a.names = append(a.names, s)
		if s != "" {
			a.slots[a.slot([]byte(s))] = int32(len(a.names) - 1)
		}
	}
	return a
})

// slot finds where b stands or would stand.
func (a *atoms) slot(b []byte) uint32 {
	h := maphash.Bytes(atomSeed, b)
	mask := uint32(len(a.slots) - 1)
	for i := uint32(h) & mask; ; i = (i + 1) & mask {
		if n := a.slots[i]; n == 0 || a.names[n] == string(b) {
			return i
		}
	}
}

// atomSeed is random, so that nobody can choose names that meet in one slot.
var atomSeed = maphash.MakeSeed()

func (a *atoms) of(b []byte) int32 {
	i := a.slot(b)
	if n := a.slots[i]; n != 0 {
		return n
	}
	n := int32(len(a.names))
	a.names = append(a.names, string(b))
	a.slots[i] = n
	if len(a.names)*2 > len(a.slots) {
		a.slots = make([]int32, 2*len(a.slots))
		for n, s := range a.names {
			if s != "" {
				a.slots[a.slot([]byte(s))] = int32(n)
			}
		}
	}
	return n
}

// reserved says whether a word can be no name of a variable.
func reserved(atom int32) bool { return atom >= aVar && atom <= aDebugger && atom != aLet }

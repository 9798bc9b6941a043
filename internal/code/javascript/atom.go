package javascript

import (
	"hash/maphash"
	"slices"
	"sync"
)

// atoms gives each distinct identifier of a file a small number.
type atoms struct {
	slots []int32 // open addressing over names; 0 is free
	names []string
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

func newAtoms() *atoms {
	first := firstAtoms()
	return &atoms{slots: slices.Clone(first.slots), names: append(make([]string, 0, 512), first.names...)}
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

package syntax

// token is the kind of one word of the source.
type token uint8

const (
	tEOF token = iota
	tNewline
	tIndent
	tDedent
	tStray // a character that is no part of Python
	tName
	tNumber
	tString  // a whole literal
	tFString // an f- or t-string up to behind its opening quote

	tLParen
	tRParen
	tLBracket
	tRBracket
	tLBrace
	tRBrace
	tComma
	tColon
	tColonEq
	tSemi
	tDot
	tEllipsis
	tArrow
	tAt // matrix product, decorator
	tEq // =
	tAugmented
	tBang
	tBackquote

	tPipe
	tCaret
	tAmp
	tLShift
	tRShift
	tPlus
	tMinus
	tStar
	tDoubleStar
	tSlash
	tDoubleSlash
	tPercent
	tTilde
	tLess
	tLessEq
	tGreater
	tGreaterEq
	tEqEq
	tNotEq

	// The reserved words; match, case, type, async, await, print, exec and
	// nonlocal are names that the parser looks at.
	tAnd
	tAs
	tAssert
	tBreak
	tClass
	tContinue
	tDef
	tDel
	tElif
	tElse
	tExcept
	tFalse
	tFinally
	tFor
	tFrom
	tGlobal
	tIf
	tImport
	tIn
	tIs
	tLambda
	tNone
	tNot
	tOr
	tPass
	tRaise
	tReturn
	tTrue
	tTry
	tWhile
	tWith
	tYield

	tokens
)

// keyword gives the token of a word.
func keyword(word string) token {
	switch word {
	case "and":
		return tAnd
	case "as":
		return tAs
	case "assert":
		return tAssert
	case "break":
		return tBreak
	case "class":
		return tClass
	case "continue":
		return tContinue
	case "def":
		return tDef
	case "del":
		return tDel
	case "elif":
		return tElif
	case "else":
		return tElse
	case "except":
		return tExcept
	case "False":
		return tFalse
	case "finally":
		return tFinally
	case "for":
		return tFor
	case "from":
		return tFrom
	case "global":
		return tGlobal
	case "if":
		return tIf
	case "import":
		return tImport
	case "in":
		return tIn
	case "is":
		return tIs
	case "lambda":
		return tLambda
	case "None":
		return tNone
	case "not":
		return tNot
	case "or":
		return tOr
	case "pass":
		return tPass
	case "raise":
		return tRaise
	case "return":
		return tReturn
	case "True":
		return tTrue
	case "try":
		return tTry
	case "while":
		return tWhile
	case "with":
		return tWith
	case "yield":
		return tYield
	}
	return tName
}

// strength is how tightly an operator binds; 0 is no binary operator.
type strength uint8

const (
	whole strength = iota // a test: lambda and conditional expressions too
	orStrength
	andStrength
	notStrength
	compareStrength
	bitOrStrength
	bitXorStrength
	bitAndStrength
	shiftStrength
	sumStrength
	productStrength
	unaryStrength
	powerStrength
)

// infixes says of each token how it joins two operands.
var infixes = [tokens]struct {
	strength strength
	op       Op
}{
	tOr:          {orStrength, Or},
	tAnd:         {andStrength, And},
	tNot:         {compareStrength, NotIn},
	tIn:          {compareStrength, In},
	tIs:          {compareStrength, Is},
	tLess:        {compareStrength, Lt},
	tLessEq:      {compareStrength, LtE},
	tGreater:     {compareStrength, Gt},
	tGreaterEq:   {compareStrength, GtE},
	tEqEq:        {compareStrength, Eq},
	tNotEq:       {compareStrength, NotEq},
	tPipe:        {bitOrStrength, BitOr},
	tCaret:       {bitXorStrength, BitXor},
	tAmp:         {bitAndStrength, BitAnd},
	tLShift:      {shiftStrength, LShift},
	tRShift:      {shiftStrength, RShift},
	tPlus:        {sumStrength, Add},
	tMinus:       {sumStrength, Sub},
	tStar:        {productStrength, Mult},
	tAt:          {productStrength, MatMult},
	tSlash:       {productStrength, Div},
	tDoubleSlash: {productStrength, FloorDiv},
	tPercent:     {productStrength, Mod},
	tDoubleStar:  {powerStrength, Pow},
}

// operand says which tokens an expression can start with.
var operand = [tokens]bool{
	tName: true, tNumber: true, tString: true, tFString: true,
	tLParen: true, tLBracket: true, tLBrace: true, tBackquote: true, tEllipsis: true,
	tPlus: true, tMinus: true, tTilde: true, tNot: true, tLambda: true,
	tNone: true, tTrue: true, tFalse: true,
}

// small says which tokens a statement without a body can start with.
var small = [tokens]bool{
	tStar: true, tYield: true, tAssert: true, tBreak: true, tContinue: true, tDel: true, tFrom: true,
	tGlobal: true, tImport: true, tPass: true, tRaise: true, tReturn: true,
}

// compound says which tokens a statement with a body, or a part of one, starts with.
var compound = [tokens]bool{
	tClass: true, tDef: true, tElif: true, tElse: true, tExcept: true, tFinally: true, tFor: true,
	tIf: true, tTry: true, tWhile: true, tWith: true, tAt: true,
}

// single gives the token of a character that is never the start of a longer one.
var single = [256]token{
	'(': tLParen, ')': tRParen, '[': tLBracket, ']': tRBracket, '{': tLBrace, '}': tRBrace,
	',': tComma, ';': tSemi, '~': tTilde, '`': tBackquote,
}

// Classes of bytes.
const (
	cOther = iota
	cLetter
	cDigit
	cQuote
	cOperator // see operator
	cSingle
)

var class = func() (c [256]uint8) {
	for b := range c {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_', b >= 0x80:
			c[b] = cLetter
		case b >= '0' && b <= '9':
			c[b] = cDigit
		case b == '\'' || b == '"':
			c[b] = cQuote
		case single[b] != 0:
			c[b] = cSingle
		}
	}
	for _, b := range []byte(".:=!<>+-*/%&|^@") {
		c[b] = cOperator
	}
	return c
}()

// word says which bytes of ASCII a name goes on with.
var word = func() (w [256]bool) {
	for b := range w {
		w[b] = b < 0x80 && (class[b] == cLetter || class[b] == cDigit)
	}
	return w
}()

// operator reads the operator that s starts with. In the expression of an
// f-string ":" and "!" end it, whatever follows; := and != are for others.
func operator(s string, field bool) (token, uint32) {
	var second, third byte // s ends with a NUL
	if second = s[1]; second != 0 {
		third = s[2]
	}
	switch s[0] {
	case '.':
		if second == '.' && third == '.' {
			return tEllipsis, 3
		}
		return tDot, 1
	case ':':
		if second == '=' && !field {
			return tColonEq, 2
		}
		return tColon, 1
	case '=':
		if second == '=' {
			return tEqEq, 2
		}
		return tEq, 1
	case '!':
		if second == '=' {
			return tNotEq, 2
		}
		return tBang, 1
	case '<':
		switch {
		case second == '<' && third == '=':
			return tAugmented, 3
		case second == '<':
			return tLShift, 2
		case second == '=':
			return tLessEq, 2
		case second == '>':
			return tNotEq, 2
		}
		return tLess, 1
	case '>':
		switch {
		case second == '>' && third == '=':
			return tAugmented, 3
		case second == '>':
			return tRShift, 2
		case second == '=':
			return tGreaterEq, 2
		}
		return tGreater, 1
	case '*':
		switch {
		case second == '*' && third == '=':
			return tAugmented, 3
		case second == '*':
			return tDoubleStar, 2
		}
		return orAugmented(tStar, second)
	case '/':
		switch {
		case second == '/' && third == '=':
			return tAugmented, 3
		case second == '/':
			return tDoubleSlash, 2
		}
		return orAugmented(tSlash, second)
	case '-':
		if second == '>' {
			return tArrow, 2
		}
		return orAugmented(tMinus, second)
	case '+':
		return orAugmented(tPlus, second)
	case '%':
		return orAugmented(tPercent, second)
	case '&':
		return orAugmented(tAmp, second)
	case '|':
		return orAugmented(tPipe, second)
	case '^':
		return orAugmented(tCaret, second)
	default: // '@'
		return orAugmented(tAt, second)
	}
}

func orAugmented(plain token, second byte) (token, uint32) {
	if second == '=' {
		return tAugmented, 2
	}
	return plain, 1
}

// augmented gives the operator of an assignment such as "+=".
func augmented(text string) Op {
	switch text[:len(text)-1] {
	case "+":
		return Add
	case "-":
		return Sub
	case "*":
		return Mult
	case "@":
		return MatMult
	case "/":
		return Div
	case "//":
		return FloorDiv
	case "%":
		return Mod
	case "&":
		return BitAnd
	case "|":
		return BitOr
	case "^":
		return BitXor
	case "<<":
		return LShift
	case ">>":
		return RShift
	}
	return Pow
}

package javascript

import (
	"regexp"
	"strings"
)

const (
	mostPattern = 200      // bytes of an expression that is carried out
	mostMatched = 64 << 10 // bytes of a text that one is carried out on
	mostMatches = 20_000
)

// expression is a regular expression that is carried out on constants.
type expression struct {
	re  *regexp.Regexp // nil for one that Go has no words for
	all bool           // /g
}

// expression gives what a literal stands for. Those of JavaScript that look around or
// back are not carried out.
func (a *analysis) expression(raw string) expression {
	if e, ok := a.expressions[raw]; ok {
		return e
	}
	e := compileExpression(raw)
	if a.expressions == nil {
		a.expressions = map[string]expression{}
	}
	if len(a.expressions) < mostFields {
		a.expressions[raw] = e
	}
	return e
}

// regex is a literal. Its text tells what it looks for, as a string's does.
func (a *analysis) regex(pos int32, raw string) *value {
	v := &value{kind: vRegex, s: raw}
	if len(raw) >= 8 && len(raw) <= mostPattern {
		if v.marks = a.marksOf(raw); v.marks != 0 {
			a.stringFact(v, pos)
		}
	}
	return v
}

func compileExpression(raw string) expression {
	end := strings.LastIndexByte(raw, '/')
	if end < 1 || end > mostPattern || strings.ContainsAny(raw[end+1:], "yv") {
		return expression{}
	}
	body, flags := raw[1:end], raw[end+1:]
	body = strings.ReplaceAll(body, "[^]", `[\x00-\x{10ffff}]`)
	body = strings.ReplaceAll(body, `\/`, "/")
	goFlags := ""
	for _, f := range "ims" {
		if strings.ContainsRune(flags, f) {
			goFlags += string(f)
		}
	}
	if goFlags != "" {
		body = "(?" + goFlags + ")" + body
	}
	re, err := regexp.Compile(body)
	if err != nil {
		return expression{}
	}
	return expression{re: re, all: strings.ContainsRune(flags, 'g')}
}

// matchText carries out s.replace(/x/g, with), s.match(/x/g) and s.split(/x/); nil
// when it is not known what they give.
func (a *analysis) matchText(v *value, method string, args []*value) *value {
	if v.bytes || len(args) == 0 || args[0].kind != vRegex || len(v.s) > mostMatched {
		return nil
	}
	e := a.expression(args[0].s)
	if e.re == nil || !a.budget.Take(len(v.s)) {
		return nil
	}
	switch method {
	case "replace", "replaceAll":
		if len(args) == 2 {
			return a.replaced(v, e, args[1])
		}
	case "match", "matchAll":
		if !e.all {
			return nil
		}
		out := &value{kind: vArray, born: a.activation}
		for _, s := range e.re.FindAllString(v.s, mostMatches) {
			if method == "matchAll" {
				out.items = append(out.items, &value{kind: vArray, items: []*value{a.pieceOf(v, s)}})
				continue
			}
			out.items = append(out.items, a.pieceOf(v, s))
		}
		if len(out.items) > 0 {
			return out
		}
	case "split":
		if len(args) != 1 || e.re.NumSubexp() > 0 {
			return nil
		}
		out := &value{kind: vArray, born: a.activation}
		for _, s := range e.re.Split(v.s, mostMatches) {
			out.items = append(out.items, a.pieceOf(v, s))
		}
		return out
	}
	return nil
}

// pieceOf is a part of a text.
func (a *analysis) pieceOf(v *value, s string) *value {
	return &value{kind: vString, s: s, from: v.from &^ fromLong, disguised: v.disguised, joined: true}
}

// replaced puts what a function gives, or a text, in the place of matches.
func (a *analysis) replaced(v *value, e expression, with *value) *value {
	if with.kind != vFunc && with.kind != vString && with.kind != vName || with.kind == vString && strings.Contains(with.s, "$") {
		return nil
	}
	n := 1
	if e.all {
		n = mostMatches
	}
	parts, at := []*value{a.pieceOf(v, "")}, 0
	for _, m := range e.re.FindAllStringSubmatchIndex(v.s, n) {
		groups := make([]*value, 0, len(m)/2)
		for i := 0; i < len(m); i += 2 {
			if m[i] < 0 {
				groups = append(groups, undefined)
				continue
			}
			groups = append(groups, a.pieceOf(v, v.s[m[i]:m[i+1]]))
		}
		to, ok := with, true
		switch with.kind {
		case vFunc:
			to, ok = a.inline(with.fn, nil, groups)
		case vName:
			to = a.pure(with.s, groups[:1], false)
			ok = to != nil
		}
		if !ok {
			return nil
		}
		if _, is := to.str(); !is {
			return nil
		}
		if m[0] > at {
			parts = append(parts, a.pieceOf(v, v.s[at:m[0]]))
		}
		parts = append(parts, swapped(groups[0], to))
		at = m[1]
	}
	if at < len(v.s) {
		parts = append(parts, a.pieceOf(v, v.s[at:]))
	}
	out := a.concatAll(parts)
	if out.kind != vString {
		return nil
	}
	out.carry(v)
	if len(out.s) < longLiteral {
		out.from &^= fromLong
	}
	return out
}

// swapped is what takes a character's place. Another character than itself, large or
// small, is as good as one given by its code: a text out of such was hidden.
func swapped(was, is *value) *value {
	if was.kind != vString || is.kind != vString || is.codes > 0 || len(was.s) != 1 || len(is.s) != 1 || strings.EqualFold(was.s, is.s) || !letterOrDigit(was.s[0]) || !letterOrDigit(is.s[0]) {
		return is
	}
	c := *is
	c.codes = 1
	return &c
}

func letterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

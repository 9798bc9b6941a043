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
	body = strings.ReplaceAll(body, "(?<", "(?P<")
	body = strings.NewReplacer("(?P<=", "(?<=", "(?P<!", "(?<!").Replace(body)
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
		if !e.all && method == "match" {
			return a.matched(v, e)
		}
		if !e.all {
			return nil
		}
		out := &value{kind: vArray, born: a.born()}
		if method == "matchAll" {
			for _, m := range e.re.FindAllStringSubmatchIndex(v.s, mostMatches) {
				out.items = append(out.items, a.groups(v, e, m))
			}
			return out
		}
		for _, s := range e.re.FindAllString(v.s, mostMatches) {
			out.items = append(out.items, a.pieceOf(v, s))
		}
		if len(out.items) > 0 {
			return out
		}
	case "split":
		if len(args) != 1 || e.re.NumSubexp() > 0 {
			return nil
		}
		out := &value{kind: vArray, born: a.born()}
		for _, s := range e.re.Split(v.s, mostMatches) {
			out.items = append(out.items, a.pieceOf(v, s))
		}
		return out
	}
	return nil
}

// groups is what one match gives: an array that has names as well.
func (a *analysis) groups(v *value, e expression, m []int) *value {
	out := a.list()
	named := newObject()
	for i := 0; i < len(m); i += 2 {
		piece := undefined
		if m[i] >= 0 {
			piece = a.pieceOf(v, v.s[m[i]:m[i+1]])
		}
		out.items = append(out.items, piece)
		if name := e.re.SubexpNames()[i/2]; name != "" {
			named.setField(name, piece)
		}
	}
	out.fields = map[string]*value{"groups": named, "index": number(float64(m[0])), "input": v}
	return out
}

// matched gives the first match, or null.
func (a *analysis) matched(v *value, e expression) *value {
	m := e.re.FindStringSubmatchIndex(v.s)
	if m == nil {
		return undefined
	}
	return a.groups(v, e, m)
}

// runExpression gives /x/.exec(s) and /x/.test(s). One that remembers where it was
// gives what it gives first.
func (a *analysis) runExpression(re *value, method string, args []*value) *value {
	if len(args) == 0 || args[0].kind != vString || args[0].bytes || len(args[0].s) > mostMatched {
		return nil
	}
	e := a.expression(re.s)
	if e.re == nil || e.all && a.concrete || !a.budget.Take(len(args[0].s)) {
		return nil
	}
	switch method {
	case "exec":
		return a.matched(args[0], e)
	case "test":
		if !e.all {
			return boolean(e.re.MatchString(args[0].s))
		}
	}
	return nil
}

// substituted fills in $1, $2 and $&.
func substituted(s string, groups []*value) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '$' || i+1 == len(s) {
			out.WriteByte(s[i])
			continue
		}
		i++
		n := -1
		switch c := s[i]; {
		case c == '&':
			n = 0
		case c >= '1' && c <= '9':
			n = int(c - '0')
		case c == '$':
			out.WriteByte('$')
			continue
		}
		if n < 0 || n >= len(groups) {
			out.WriteByte('$')
			out.WriteByte(s[i])
			continue
		}
		t, _ := groups[n].str()
		if groups[n].kind != vNull {
			out.WriteString(t)
		}
	}
	return out.String()
}

// pieceOf is a part of a text.
func (a *analysis) pieceOf(v *value, s string) *value {
	return &value{kind: vString, s: s, from: v.from &^ fromLong, disguised: v.disguised, joined: true}
}

// replaced puts what a function gives, or a text, in the place of matches.
func (a *analysis) replaced(v *value, e expression, with *value) *value {
	if with.kind != vFunc && with.kind != vString && with.kind != vName {
		return nil
	}
	template := with.kind == vString && strings.Contains(with.s, "$")
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
		if template {
			to = a.pieceOf(with, substituted(with.s, groups))
		}
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

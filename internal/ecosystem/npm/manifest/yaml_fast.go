package manifest

import "strings"

// parseLockYAML reads the YAML that pnpm and yarn write, which is a small part of
// it: block mappings and sequences, flow mappings and lists on one line, scalars on
// one line. It gives up, with ok false, at anything that could mean something else,
// and parseYAML then reads the document: what both read they read alike.
func parseLockYAML(file string, data []byte) (d *document, ok bool) {
	f := fastYAML{s: string(data)}
	for i := range len(f.s) {
		if c := f.s[i]; c != '\n' && (c < ' ' || c > '~') {
			return nil, false
		}
	}
	f.next()
	if f.bad || f.end || f.indent != 0 {
		return nil, false
	}
	root := f.block(0, 0)
	if f.bad || !f.end || root == nil || root.kind != isTable {
		return nil, false
	}
	return &document{file: file, root: root}, true
}

// fastYAML stands on one line at a time.
type fastYAML struct {
	s      string
	at     int // of the next line
	line   int32
	text   string // of the current line, without indentation
	indent int
	end    bool
	bad    bool
	pool   []value
	read   int
}

// next goes to the next line that is neither empty nor a comment.
func (f *fastYAML) next() {
	for f.at < len(f.s) {
		line := f.s[f.at:]
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line = line[:i]
		}
		f.at += len(line) + 1
		f.line++
		f.text = strings.TrimLeft(line, " ")
		f.indent = len(line) - len(f.text)
		if f.text == "" || f.text[0] == '#' {
			continue
		}
		if f.text[0] == '%' || strings.HasPrefix(f.text, "---") || strings.HasPrefix(f.text, "...") || strings.HasSuffix(f.text, " ") {
			f.bad = true
		}
		return
	}
	f.end = true
}

func (f *fastYAML) new(k kind, col int) *value {
	if f.read++; f.read > maxValues {
		f.bad = true
	}
	if len(f.pool) == 0 {
		f.pool = make([]value, 256)
	}
	v := &f.pool[0]
	f.pool = f.pool[1:]
	v.kind, v.line, v.col = k, f.line, int32(col+1)
	return v
}

// block reads the lines that are indented as the current one.
func (f *fastYAML) block(indent, depth int) *value {
	if depth > maxDepth {
		f.bad = true
		return nil
	}
	if strings.HasPrefix(f.text, "- ") {
		return f.sequence(indent)
	}
	v := f.new(isTable, indent)
	for !f.end && !f.bad && f.indent == indent {
		key, rest, ok := fastKey(f.text)
		if !ok {
			f.bad = true
			break
		}
		m := field{key: key, line: f.line, col: int32(indent + 1)}
		if rest != "" {
			m.val = f.inline(rest, indent+len(f.text)-len(rest))
			f.next()
		} else {
			m.val = f.new(isNull, indent+len(f.text))
			if f.next(); !f.end && !f.bad && f.indent > indent {
				m.val = f.block(f.indent, depth+1)
			}
		}
		if f.bad || m.val == nil || !v.set(m) {
			f.bad = true // written twice, too: the full reader says so
		}
	}
	if !f.end && f.indent > indent {
		f.bad = true
	}
	return v
}

// sequence reads "- scalar" lines.
func (f *fastYAML) sequence(indent int) *value {
	v := f.new(isList, indent)
	for !f.end && !f.bad && f.indent == indent {
		rest, ok := strings.CutPrefix(f.text, "- ")
		if _, _, isKey := fastKey(rest); !ok || isKey {
			f.bad = true
			break
		}
		v.list = append(v.list, f.inline(rest, indent+2))
		f.next()
	}
	return v
}

// maxFastKey is how long a key is here: YAML writes those beyond 1024 characters in
// another way.
const maxFastKey = 1000

// fastKey parts "key: rest" or "key:".
func fastKey(s string) (key, rest string, ok bool) {
	key, after, ok := fastScalar(s, ":")
	if !ok || key == "" || len(key) > maxFastKey || !strings.HasPrefix(after, ":") {
		return "", "", false
	}
	after = after[1:]
	if after == "" {
		return key, "", true
	}
	rest, ok = strings.CutPrefix(after, " ")
	return key, rest, ok && rest != "" && rest[0] != ' '
}

// fastScalar reads a quoted or plain scalar up to one of the bytes in stop, or the
// end.
func fastScalar(s, stop string) (text, rest string, ok bool) {
	if s == "" {
		return "", "", false
	}
	if q := s[0]; q == '\'' || q == '"' {
		i := strings.IndexByte(s[1:], q)
		if i < 0 || strings.IndexByte(s[1:i+1], '\\') >= 0 && q == '"' || strings.HasPrefix(s[i+2:], string(q)) {
			return "", "", false
		}
		return s[1 : i+1], s[i+2:], true
	}
	if !isWord(s[0]) && strings.IndexByte("^~</.+$", s[0]) < 0 || strings.HasPrefix(s, "<<") {
		return "", "", false
	}
	n := 0
	for n < len(s) && strings.IndexByte(stop, s[n]) < 0 {
		c := s[n]
		if !isWord(c) && strings.IndexByte("@/.+~^<>=()*-$;& ", c) < 0 && !(c == '|' && n > 0) && !(c == ':' && n+1 < len(s) && s[n+1] != ' ') {
			return "", "", false
		}
		n++
	}
	text = s[:n]
	return text, s[n:], !strings.HasSuffix(text, " ")
}

// inline reads the value of a line: a scalar, or a flow collection of scalars.
func (f *fastYAML) inline(s string, col int) *value {
	switch s[0] {
	case '{':
		return f.flowMap(s, col)
	case '[':
		return f.flowList(s, col)
	}
	v := f.new(isText, col)
	text, rest, ok := fastScalar(s, "")
	if !ok || rest != "" {
		f.bad = true
		return nil
	}
	f.scalar(v, text, s[0] == '\'' || s[0] == '"')
	return v
}

// scalar gives a scalar the kind that it has where nothing says it.
func (f *fastYAML) scalar(v *value, text string, quoted bool) {
	v.text = text
	if quoted || len(text) > 5 {
		return
	}
	switch strings.ToLower(text) {
	case "true", "false":
		v.kind = isBool
	case "~", "null", "yes", "no", "on", "off", "y", "n":
		f.bad = true
	}
}

func (f *fastYAML) flowMap(s string, col int) *value {
	v := f.new(isTable, col)
	if s == "{}" {
		return v
	}
	whole := s
	for s = s[1:]; ; {
		start := len(whole) - len(s)
		key, rest, ok := fastScalar(s, ":{}[], ")
		if !ok || len(key) > maxFastKey || !strings.HasPrefix(rest, ": ") || len(rest) < 3 {
			f.bad = true
			return nil
		}
		s = rest[2:]
		m := field{key: key, line: f.line, col: int32(col + start + 1), val: f.new(isText, col+len(whole)-len(s))}
		quoted := s[0] == '\'' || s[0] == '"'
		text, rest, ok := fastScalar(s, "{}[],")
		if !ok || rest == "" {
			f.bad = true
			return nil
		}
		f.scalar(m.val, text, quoted)
		if !v.set(m) {
			f.bad = true
			return nil
		}
		if rest == "}" {
			return v
		}
		if s, ok = strings.CutPrefix(rest, ", "); !ok {
			f.bad = true
			return nil
		}
	}
}

func (f *fastYAML) flowList(s string, col int) *value {
	v := f.new(isList, col)
	if s == "[]" {
		return v
	}
	whole := s
	for s = s[1:]; ; {
		e := f.new(isText, col+len(whole)-len(s))
		quoted := s != "" && (s[0] == '\'' || s[0] == '"')
		text, rest, ok := fastScalar(s, "{}[],")
		if !ok || rest == "" {
			f.bad = true
			return nil
		}
		f.scalar(e, text, quoted)
		v.list = append(v.list, e)
		if rest == "]" {
			return v
		}
		if s, ok = strings.CutPrefix(rest, ", "); !ok {
			f.bad = true
			return nil
		}
	}
}

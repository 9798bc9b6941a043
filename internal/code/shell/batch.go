package shell

import (
	"strings"
)

// batch reads a file of cmd.exe line by line: carets and quotes are taken away,
// %NAME% and !NAME! with a constant are filled in, %NAME:~1,2% is cut.
func (a *analysis) batch(s string) {
	a.fold = true
	at := 0
	for at < len(s) {
		line := s[at:]
		if n := strings.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		start := at
		at += len(line) + 1
		for joins := 0; strings.HasSuffix(strings.TrimRight(line, "\r"), "^") && at < len(s) && joins < 1000; joins++ {
			next := s[at:]
			if n := strings.IndexByte(next, '\n'); n >= 0 {
				next = next[:n]
			}
			at += len(next) + 1
			line = strings.TrimSuffix(strings.TrimRight(line, "\r"), "^") + next
		}
		a.batchLine(strings.TrimRight(line, "\r"), start)
	}
}

func (a *analysis) batchLine(line string, at int) {
	t := strings.TrimLeft(line, " \t@")
	lower := strings.ToLower(t[:min(len(t), 8)])
	if strings.HasPrefix(lower, "rem ") || strings.HasPrefix(t, "::") || strings.HasPrefix(t, ":") || lower == "rem" {
		return
	}
	line, disguised := a.percent(t)
	var pipe []*command
	cmd := &command{at: at}
	var w builder
	quote, quoted := false, false
	add := func(text string, hidden bool) { w.add(value{text: text, known: true, disguised: disguised || hidden}) }
	endWord := func() {
		if w.any {
			if len(cmd.words) >= mostWords {
				a.out.Cut("a command has more words than are read")
				cmd.words = cmd.words[:1]
			}
			cmd.words = append(cmd.words, word{value: w.take(), at: at, quoted: quoted})
			quoted = false
		}
	}
	endCommand := func() {
		endWord()
		cmd.words = batchPlain(cmd.words)
		if len(pipe) < mostPipe && (len(cmd.words) > 0 || len(cmd.redirects) > 0) {
			pipe = append(pipe, cmd)
		}
		cmd = &command{at: at}
	}
	endPipe := func() {
		endCommand()
		if len(pipe) > 0 && !a.setVariable(pipe[0]) {
			a.pipeline(pipe, false)
		}
		pipe = nil
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '"':
			quote, quoted = !quote, true
			add("", false)
		case quote:
			j := i + 1
			for j < len(line) && line[j] != '"' {
				j++
			}
			add(line[i:j], false)
			i = j - 1
		case c == '^' && i+1 < len(line):
			i++
			add(line[i:i+1], wordByte(line[i]))
		case c == '&':
			endPipe()
		case c == '|':
			if i+1 < len(line) && line[i+1] == '|' {
				i++
				endPipe()
			} else {
				endCommand()
			}
		case c == '(' || c == ')':
			endPipe()
		case c == '>' || c == '<':
			fd := ""
			if string(w.text) == "1" || string(w.text) == "2" {
				fd = w.take().text
			}
			endWord()
			for i+1 < len(line) && (line[i+1] == '>' || line[i+1] == '&' || line[i+1] == ' ') {
				i++
			}
			j := i + 1
			for j < len(line) && strings.IndexByte(" \t&|<>)", line[j]) < 0 {
				j++
			}
			target := word{at: at, value: value{text: strings.Trim(line[i+1:j], `"`), known: true}}
			op := string(c)
			if line[i] == '&' {
				op = ">&"
			}
			if len(cmd.redirects) < mostPipe {
				cmd.redirects = append(cmd.redirects, redirect{op: op, fd: fd, target: target})
			}
			i = j - 1
		case c == ' ' || c == '\t' || c == ',' || c == ';':
			endWord()
		default:
			j := i + 1
			for j < len(line) && strings.IndexByte("\"^&|()<> \t,;", line[j]) < 0 {
				j++
			}
			add(line[i:j], false)
			i = j - 1
		}
	}
	endPipe()
}

// batchPlain drops what leads to a command: "if exist x", "do", "@".
func batchPlain(words []word) []word {
	for len(words) > 0 {
		words[0].text = strings.TrimLeft(words[0].text, "@")
		switch strings.ToLower(words[0].text) {
		case "if":
			skip := 2
			for skip < len(words) && len(words) > 1 {
				switch strings.ToLower(words[skip-1].text) {
				case "not", "/i", "exist", "defined", "errorlevel", "==", "equ", "neq":
					skip++
					continue
				}
				break
			}
			words = words[min(skip, len(words)):]
		case "else", "do", "":
			words = words[1:]
		default:
			return words
		}
	}
	return words
}

// setVariable is "set NAME=value".
func (a *analysis) setVariable(c *command) bool {
	if len(c.words) < 2 || !strings.EqualFold(c.words[0].text, "set") {
		return false
	}
	v := join(c.words[1:])
	name, text, ok := strings.Cut(v.text, "=")
	if ok {
		v.text = text
		a.set("%"+strings.ToLower(strings.TrimSpace(name)), v)
	}
	return ok
}

// percent fills in variables; disguised when a word was cut out of one.
func (a *analysis) percent(line string) (string, bool) {
	if !strings.ContainsAny(line, "%!") {
		return line, false
	}
	var b strings.Builder
	disguised := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		end := -1
		if c == '%' || c == '!' {
			end = strings.IndexByte(line[i+1:min(len(line), i+200)], c)
		}
		if end <= 0 {
			b.WriteByte(c)
			continue
		}
		name, cut, hasCut := strings.Cut(strings.ToLower(line[i+1:i+1+end]), ":~")
		v, ok := a.vars["%"+name]
		if !ok || b.Len()+len(v.text) > mostValue {
			b.WriteByte(c)
			continue
		}
		if hasCut {
			v = slice(v, strings.Replace(cut, ",", ":", 1))
		}
		disguised = disguised || hasCut || len(v.text) < 3
		b.WriteString(v.text)
		i += end + 1
	}
	return b.String(), disguised
}

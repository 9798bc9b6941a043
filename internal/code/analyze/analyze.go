// Package analyze reads a file as what it is: it tells the language by the bytes and
// the name, calls the language's analyser, adds the facts that need no language, and
// reads again what the file's constants hold, layer by layer, to code.MostLayers and
// code.MostDecoded.
//
// It runs nothing and opens nothing, never panics, and its work is linear in the
// file. It is safe for concurrent use.
//
// Special names: BinaryFile is elf, pe, macho, wasm, java-class, pyc, dex, bitcode,
// static-library, lua-bytecode or shortcut. Polyglot is what the bytes are (one of
// these, or a language) when the name promises an image, or "binary" when it promises
// source; "png+zip", "jpeg+python" and the like when something follows a picture's end.
package analyze

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/class"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
	"github.com/gatehouse-project/gatehouse/internal/code/text"
)

// File gives the facts of a file of that path.
func File(name string, src []byte) code.Facts {
	lang := Language(name, src)
	ext := strings.ToLower(path.Ext(name))
	if lang == code.Binary || media[ext] {
		return fromBinary(name, ext, lang, src)
	}
	switch ext {
	case ".ipynb":
		return notebook(src)
	case ".html", ".htm", ".svg", ".xhtml":
		if only := scripts(src); len(bytes.TrimSpace(only)) > 0 {
			return as(lang, only, nil)
		}
		return As(code.Text, src)
	}
	return As(lang, src)
}

// As gives the facts of bytes that somebody reads as that language: a hook names the
// file, or a program was given the text.
func As(lang code.Language, src []byte) code.Facts {
	if lang == code.Text || lang == "" {
		out := code.NewCollector(code.Text, src)
		for _, f := range text.Analyze(code.Text, src) {
			out.Add(f)
		}
		return out.Facts()
	}
	return as(lang, src, nil)
}

// Among is As for a file of which it is known what constants names of other files
// of its package stand for: its facts are those that it would have if it held them.
func Among(lang code.Language, src []byte, known code.Neighbours) code.Facts {
	return among(lang, src, nil, known)
}

// as calls the analyser, then the ones of the texts that it found; more are further
// facts of the file.
func as(lang code.Language, src []byte, more []code.Fact) code.Facts {
	return among(lang, src, more, nil)
}

func among(lang code.Language, src []byte, more []code.Fact, known code.Neighbours) code.Facts {
	cut := ""
	if len(src) > code.MostSource {
		src = src[:code.MostSource]
		cut = fmt.Sprintf("only the first %d MiB were read", code.MostSource>>20)
	}
	plain := toUTF8(src)
	first := analyser(lang, known)(plain)
	others := append(text.Analyze(lang, plain), more...)
	if len(others) == 0 && len(first.Embedded) == 0 && cut == "" && whole(&first) {
		first.Language, first.Embedded = lang, nil
		return first
	}
	out := code.NewCollector(lang, plain)
	out.Expect(len(first.Facts) + len(others))
	out.Unread(first.Unread)
	if first.Cut {
		out.Cut(first.Unread)
	}
	out.Cut(cut)
	out.Drop(first.Dropped)
	for _, f := range first.Facts {
		out.Add(f)
	}
	for _, f := range others {
		out.Add(f)
	}
	l := &layers{out: out, left: code.MostDecoded, seen: map[string]bool{}, outline: first.Outline}
	l.read(first.Embedded, 1)
	facts := out.Facts()
	facts.Embedded, facts.Outline = nil, l.outline
	return facts
}

// whole says that collecting the facts once more would change nothing of them: the
// analyser read to its end, and every fact shows its line.
func whole(f *code.Facts) bool {
	return !f.Cut && !slices.ContainsFunc(f.Facts, func(x code.Fact) bool { return x.Text == "" })
}

// toUTF8 reads what begins with a mark of UTF-16 as such.
func toUTF8(src []byte) []byte {
	big := bytes.HasPrefix(src, []byte("\xfe\xff"))
	if !big && !bytes.HasPrefix(src, []byte("\xff\xfe")) {
		return src
	}
	units := make([]uint16, 0, len(src)/2)
	for i := 2; i+1 < len(src); i += 2 {
		u := uint16(src[i]) | uint16(src[i+1])<<8
		if big {
			u = u>>8 | u<<8
		}
		units = append(units, u)
	}
	return []byte(string(utf16.Decode(units)))
}

// layers reads texts inside texts.
type layers struct {
	out  *code.Collector
	left int // bytes that may still be read
	seen map[string]bool
	// outline is that of the file, to which the calls in its texts are added.
	outline *code.Outline
}

func (l *layers) read(texts []code.Embedded, depth int) {
	for _, e := range texts {
		if depth > code.MostLayers || len(e.Text) > l.left {
			l.out.Drop(1)
			l.out.Cut("constants are decoded deeper, or to more, than is read")
			continue
		}
		lang := e.Language
		if lang == "" {
			lang = decoded(e.Text)
		}
		key := string(lang) + "\x00" + string(e.Text)
		if l.seen[key] {
			continue
		}
		l.seen[key] = true
		l.left -= len(e.Text)
		l.text(e, lang, depth)
	}
}

// text reads one embedded text and those inside it.
func (l *layers) text(e code.Embedded, lang code.Language, depth int) {
	if lang == code.Binary {
		l.add(e.In, depth, code.Fact{Kind: code.BinaryFile, Name: program(e.Text), Text: e.In.Text})
		return
	}
	if e.Language == "" { // nobody else has seen what it says
		if marks := indicator.Marks(string(e.Text)); len(marks) > 0 {
			l.add(e.In, depth, code.Fact{Kind: code.String, Args: []string{string(e.Text)}, Marks: marks})
		}
	}
	if lang == code.Text {
		return
	}
	sub := analyser(lang, nil)(e.Text)
	l.callsOf(sub.Outline, e.In)
	l.out.Unread(sub.Unread)
	if sub.Cut {
		l.out.Cut(sub.Unread)
	}
	l.out.Drop(sub.Dropped)
	for _, f := range sub.Facts {
		l.add(e.In, depth, f)
	}
	for i := range sub.Embedded {
		in := &sub.Embedded[i].In
		in.Line, in.Column, in.Scope, in.Reach, in.Units = e.In.Line, e.In.Column, e.In.Scope, e.In.Reach, e.In.Units
	}
	l.read(sub.Embedded, depth+1)
}

// callsOf gives the place that runs a text the calls of other files in it.
func (l *layers) callsOf(text *code.Outline, in code.Fact) {
	if text == nil || in.Reach == code.Nowhere {
		return
	}
	if l.outline == nil {
		l.outline = &code.Outline{Units: []code.Unit{{}}}
	}
	places := in.Units
	if len(places) == 0 {
		places = []int32{0}
	}
	for _, u := range text.Units {
		for _, c := range u.Calls {
			if c.Name == "" {
				continue
			}
			for _, at := range places {
				if int(at) < len(l.outline.Units) && len(l.outline.Units[at].Calls) < code.MostNames {
					l.outline.Units[at].Calls = append(l.outline.Units[at].Calls, c)
				}
			}
		}
	}
}

// add gives a fact the place of the constant that it was found in. Its text stays the
// decoded line: that is what a person wants to see.
func (l *layers) add(in code.Fact, depth int, f code.Fact) {
	f.Line, f.Column, f.Scope, f.Layer, f.Units = in.Line, in.Column, in.Scope, depth, in.Units
	if f.Reach != code.Nowhere {
		f.Reach = in.Reach
	}
	if f.Kind == code.Send && in.Kind == code.Exec && len(in.From) > 0 { // a command that was made of data sends it
		f.From = slices.Compact(slices.Sorted(slices.Values(slices.Concat(f.From, in.From))))
	}
	l.out.Add(f)
}

// decoded tells what bytes are that were decoded from a constant and that nobody is
// seen to run.
func decoded(b []byte) code.Language {
	if program(b) != "" {
		return code.Binary
	}
	if l, ok := sniff(b); ok {
		return l
	}
	return code.Text
}

// fromBinary gives the facts of a file that is no source: what format it is, and
// whether it is what its name says.
func fromBinary(name, ext string, lang code.Language, src []byte) code.Facts {
	var more []code.Fact
	format := program(src)
	if format != "" {
		more = append(more, code.Fact{Kind: code.BinaryFile, Name: format, Line: 1, Text: path.Base(name)})
	}
	switch {
	case media[ext] && format != "":
		more = append(more, code.Fact{Kind: code.Polyglot, Name: format, Line: 1, Text: path.Base(name)})
	case media[ext] && lang != code.Binary && lang != code.Text:
		more = append(more, code.Fact{Kind: code.Polyglot, Name: string(lang), Line: 1})
		return as(lang, src, more)
	case byName[ext] != "" && !(ext == ".ts" && video(src)):
		what := format
		if what == "" {
			what = "binary"
		}
		more = append(more, code.Fact{Kind: code.Polyglot, Name: what, Line: 1, Text: path.Base(name)})
		// An interpreter goes by the name: a few control characters in a comment, or the
		// first bytes of another format, hide nothing from it.
		return as(byName[ext], src, more)
	}
	out := code.NewCollector(code.Binary, nil)
	if format == "java-class" {
		compiled(out, src)
	}
	if tail := afterPicture(src); len(tail) > 0 {
		behind(out, src, tail, &more)
	}
	for _, f := range more {
		out.Add(f)
	}
	facts := out.Facts()
	facts.Embedded = nil
	return facts
}

// compiled adds the facts of a Java class, and those of the commands and constants in it.
func compiled(out *code.Collector, src []byte) {
	facts := class.Analyze(src)
	out.Unread(facts.Unread)
	if facts.Cut {
		out.Cut(facts.Unread)
	}
	out.Drop(facts.Dropped)
	for _, f := range facts.Facts {
		out.Add(f)
	}
	l := &layers{out: out, left: code.MostDecoded, seen: map[string]bool{}}
	l.read(facts.Embedded, 1)
}

// video knows MPEG transport streams, whose name TypeScript took: packets of 188
// bytes that begin with a G.
func video(src []byte) bool {
	const packet = 188
	return len(src) > 2*packet && src[0] == 'G' && src[packet] == 'G' && src[2*packet] == 'G'
}

// behind reads what follows a picture.
func behind(out *code.Collector, src, tail []byte, more *[]code.Fact) {
	picture := pictureName(src)
	what := program(tail)
	if what == "" {
		what = archive(tail)
	}
	lang, ok := sniff(tail)
	if what == "" && ok {
		what = string(lang)
	}
	if what == "" {
		return
	}
	in := code.Fact{Kind: code.Polyglot, Name: picture + "+" + what, Line: 1, Text: fmt.Sprintf("%d bytes follow the end of the picture", len(tail))}
	*more = append(*more, in)
	if ok && len(tail) <= code.MostDecoded {
		l := &layers{out: out, left: code.MostDecoded, seen: map[string]bool{}}
		l.read([]code.Embedded{{Language: lang, Text: tail, In: in}}, 1)
	}
}

// notebook reads the code cells of a Jupyter notebook (nbformat 3 and 4). Lines count
// through the cells' code; lines for the shell are read as such.
func notebook(src []byte) code.Facts {
	type cell struct {
		Type   string          `json:"cell_type"`
		Source json.RawMessage `json:"source"`
		Input  json.RawMessage `json:"input"`
	}
	var book struct {
		Cells      []cell `json:"cells"`
		Worksheets []struct {
			Cells []cell `json:"cells"`
		} `json:"worksheets"`
	}
	if len(src) > code.MostSource || json.Unmarshal(src, &book) != nil {
		facts := As(code.Text, src)
		facts.Unread = "the notebook is not JSON of its format"
		return facts
	}
	cells := book.Cells
	for _, w := range book.Worksheets {
		cells = append(cells, w.Cells...)
	}
	var python, commands strings.Builder
	for _, c := range cells {
		if c.Type != "code" {
			continue
		}
		for _, line := range strings.Split(lines(c.Source)+lines(c.Input), "\n") {
			t := strings.TrimSpace(line)
			if rest, ok := strings.CutPrefix(t, "!"); ok {
				commands.WriteString(rest + "\n")
				line = ""
			} else if strings.HasPrefix(t, "%") {
				line = ""
			}
			python.WriteString(line + "\n")
		}
	}
	facts := as(code.Python, []byte(python.String()), nil)
	if commands.Len() > 0 {
		more := as(code.Shell, []byte(commands.String()), nil)
		facts = as(code.Python, []byte(python.String()), more.Facts)
	}
	return facts
}

// lines joins a cell's text, which is one string or a list of lines.
func lines(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return ""
	}
	return strings.Join(many, "")
}

// scripts blanks what stands outside of script elements, so that places stay.
func scripts(src []byte) []byte {
	out := bytes.Clone(src)
	lower := asciiLower(src)
	blank := func(b []byte) {
		for i := range b {
			if b[i] != '\n' && b[i] != '\r' {
				b[i] = ' '
			}
		}
	}
	at := 0
	for at < len(lower) {
		open := bytes.Index(lower[at:], []byte("<script"))
		if open < 0 {
			break
		}
		body := bytes.IndexByte(lower[at+open:], '>')
		if body < 0 {
			break
		}
		blank(out[at : at+open+body+1])
		at += open + body + 1
		end := bytes.Index(lower[at:], []byte("</script"))
		if end < 0 {
			return out
		}
		at += end
	}
	blank(out[at:])
	return out
}

func asciiLower(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// startLines keeps the lines of a .pth file that site.py runs, those that begin with
// import and a blank or a tab, as lines of their own, and blanks the others.
func startLines(src []byte) []byte {
	text := bytes.TrimPrefix(src, []byte("\xEF\xBB\xBF"))
	for _, end := range []string{"\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\u0085", "\u2028", "\u2029"} { // as str.splitlines does
		if bytes.Contains(text, []byte(end)) {
			text = bytes.ReplaceAll(text, []byte(end), []byte("\n"))
		}
	}
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("import ")) || bytes.HasPrefix(line, []byte("import\t")) {
			out.Write(line)
		} else {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

package lexical

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/flow"
)

// regexpType is the type of a regular expression's text.
const regexpType = "regexp"

// plainNumber is a number without Rust's type and the strokes between its digits.
func plainNumber(s string) string {
	for _, typ := range []string{"usize", "isize", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"} {
		s = strings.TrimSuffix(s, typ)
	}
	return strings.ReplaceAll(s, "_", "")
}

// integer is a number's value.
func (v value) integer() (int64, bool) {
	if !v.known {
		return 0, false
	}
	n, err := strconv.ParseInt(plainNumber(v.text), 0, 64)
	return n, err == nil
}

// calculated is arithmetic on two numbers, a text times a number, and Ruby's format.
func (a *analysis) calculated(sign string, x, y value) value {
	out := value{from: x.from | y.from, disguised: x.disguised || y.disguised}
	n, isNum := y.integer()
	switch {
	case sign == "%" && x.known && !x.num:
		args := []value{y}
		if len(y.items) > 0 {
			args = y.items
		}
		return a.formatted(x.text, args)
	case sign == "*" && x.known && !x.num && isNum && n >= 0 && n <= mostText && len(x.text)*int(n) <= mostText && a.budget.Take(len(x.text)*int(n)):
		out.text, out.known = strings.Repeat(x.text, int(n)), true
		return out
	}
	m, ok := x.integer()
	if !ok || !isNum || !x.num || !y.num {
		return out
	}
	switch sign {
	case "^":
		m ^= n
	case "+":
		m += n
	case "-":
		m -= n
	case "*":
		m *= n
	case "/", "%":
		if n == 0 {
			return out
		}
		if sign == "/" {
			m /= n
		} else {
			m %= n
		}
	}
	out.text, out.known, out.num, out.disguised = strconv.FormatInt(m, 10), true, true, true
	return out
}

// formatted is printf's %s, %d, %c and %x.
func (a *analysis) formatted(format string, args []value) value {
	v := value{known: true}
	for _, x := range args {
		v.from |= x.from
	}
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 || i+1 >= len(format) {
			return a.joined(v, value{text: format, known: true})
		}
		v = a.joined(v, value{text: format[:i], known: true})
		end := strings.IndexAny(format[i+1:], "abcdefiosuxXp%")
		if end < 0 {
			return a.joined(v, value{text: format[i:], known: true})
		}
		end += i + 1
		switch {
		case format[end] == '%':
			v = a.joined(v, value{text: "%", known: true})
		case len(args) == 0:
			v.known = false
		default:
			x := args[0]
			if x.num && format[end] == 'c' {
				x = value{text: character(x.text), known: true}
			}
			v = a.joined(v, x)
			args = args[1:]
		}
		format = format[end+1:]
	}
}

// characters are the letters of a text as a list; of what is a list, its elements.
func (a *analysis) characters(v value, numbers bool) value {
	if !v.known || len(v.text) > 4*mostElements || !a.budget.Take(len(v.text)) {
		return value{from: v.from, disguised: v.disguised, items: v.items}
	}
	out := value{from: v.from, disguised: v.disguised}
	if numbers {
		for _, b := range []byte(v.text) {
			out.items = append(out.items, value{text: strconv.Itoa(int(b)), known: true, num: true})
		}
		return out
	}
	for _, r := range v.text {
		out.items = append(out.items, value{text: string(r), known: true})
	}
	return out
}

// spelled is the text that the elements of a list make: letters, texts, and numbers as
// the characters they stand for.
func (a *analysis) spelled(items []value, wide bool) (string, bool) {
	var b strings.Builder
	for _, v := range items {
		if !v.known || b.Len()+len(v.text) > mostText {
			return "", false
		}
		if !v.num {
			b.WriteString(v.text)
			continue
		}
		n, ok := v.integer()
		switch {
		case !ok || n < 0 || n > utf8.MaxRune:
			return "", false
		case wide && n > 127:
			b.WriteRune(rune(n))
		default:
			b.WriteByte(byte(n))
		}
	}
	return b.String(), b.Len() > 0 && a.budget.Take(b.Len())
}

// without is a text less the characters of a set, as Ruby's delete.
func without(s, set string) string {
	not := strings.HasPrefix(set, "^") && len(set) > 1
	if not {
		set = set[1:]
	}
	set = expanded(set)
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(set, r) != not {
			return -1
		}
		return r
	}, s)
}

// words folds functions of texts and lists; ok is false for one that it does not know.
func (a *analysis) words(fold string, recv value, args []value, reached flow.Set) (out value, ok bool) {
	out = value{from: reached, disguised: disguised(recv, args), typ: recv.typ, path: recv.path, exec: recv.exec}
	in := recv
	if !in.known && len(in.items) == 0 && len(args) > 0 {
		in = args[0]
	}
	give := func(text string, known bool) (value, bool) {
		out.text, out.known, out.disguised = text, known && a.budget.Take(len(text)), true
		out.typ = ""
		return out, true
	}
	switch fold {
	case "delete":
		if len(args) > 0 && recv.known && args[len(args)-1].known {
			return give(without(recv.text, args[len(args)-1].text), true)
		}
		return out, true
	case "squeeze":
		out.text, out.known = recv.text, recv.known
		return out, true
	case "replace": // x.replace(from, to); a replacement that is missing is nothing
		if len(args) >= 1 && recv.known && args[0].known && !(args[0].typ == regexpType && strings.ContainsAny(args[0].text, `^$\[](){}*+?|.`)) && (len(args) == 1 || args[1].known) {
			to := ""
			if len(args) > 1 {
				to = args[1].text
			}
			if n := strings.Count(recv.text, args[0].text); len(recv.text)+n*len(to) <= mostText {
				was := out.disguised
				v, _ := give(strings.ReplaceAll(recv.text, args[0].text, to), true)
				v.typ = recv.typ
				v.disguised = was || n >= 3 && len(args[0].text) <= 2
				return v, true
			}
		}
		if recv.path != "" {
			out.text, out.known = recv.text, recv.known
		}
		return out, true
	case "replaced": // str_replace(from, to, in)
		if len(args) >= 3 && args[0].known && args[1].known && args[2].known && len(args[2].text) <= mostText/8 {
			return give(strings.ReplaceAll(args[2].text, args[0].text, args[1].text), true)
		}
		return out, true
	case "translate": // strtr(in, from, to)
		if len(args) == 3 && args[0].known && args[1].known && args[2].known && a.budget.Take(len(args[0].text)) {
			return give(translated(args[0].text, args[1].text, args[2].text), true)
		}
		return out, true
	case "chars", "bytes":
		if len(recv.items) > 0 && !recv.known {
			return recv, true
		}
		list := a.characters(in, fold == "bytes")
		list.from |= reached
		return list, true
	case "list": // what is a list stays one
		if len(in.items) > 0 || in.known {
			v := in
			v.from |= reached
			v.typ = out.typ
			return v, true
		}
		return out, true
	case "scan", "slices": // .scan(/../), .chars.each_slice(2)
		n := 0
		if len(args) > 0 && args[0].known {
			if k, isNum := args[0].integer(); isNum && args[0].num {
				n = int(k)
			} else if strings.Trim(args[0].text, ".") == "" {
				n = len(args[0].text)
			}
		}
		if n < 1 || n > 16 || !recv.known || len(recv.text) > mostElements*4 {
			return out, true
		}
		for s := recv.text; len(s) > 0; {
			k := min(n, len(s))
			out.items = append(out.items, value{text: s[:k], known: true})
			s = s[k:]
		}
		out.disguised = true
		return out, true
	case "split":
		if recv.known && len(args) > 0 && args[0].known && len(recv.text) <= mostText/8 {
			for _, part := range strings.Split(recv.text, args[0].text) {
				out.items = append(out.items, value{text: part, known: true})
			}
		}
		return out, true
	case "reverse":
		if len(recv.items) > 1 {
			for i := len(recv.items) - 1; i >= 0; i-- {
				out.items = append(out.items, recv.items[i])
			}
			out.disguised = true
			return out, true
		}
	case "hexnum":
		if n, err := strconv.ParseInt(in.text, 16, 64); err == nil && in.known {
			out.text, out.known, out.num = strconv.FormatInt(n, 10), true, true
		}
		return out, true
	case "number": // to_i, parse, ord, as u8
		if in.known && !in.num {
			base := 10
			if len(args) > 0 && recv.known {
				if b, ok := args[0].integer(); ok && b >= 2 && b <= 36 {
					base = int(b)
				}
			}
			if n, err := strconv.ParseInt(in.text, base, 64); err == nil {
				out.text, out.known, out.num = strconv.FormatInt(n, 10), true, true
			}
			return out, true
		}
		out.text, out.known, out.num = in.text, in.known, in.num
		return out, true
	case "ord":
		if in.known && in.text != "" {
			r, _ := utf8.DecodeRuneInString(in.text)
			out.text, out.known, out.num = strconv.Itoa(int(r)), true, true
		}
		return out, true
	case "collect": // a list of letters is a text
		if len(in.items) > 1 {
			if s, ok := a.spelled(in.items, true); ok {
				v, _ := give(s, true)
				v.items = in.items
				return v, true
			}
			v := in
			v.from |= reached
			return v, true
		}
	case "lower", "upper", "swapcase":
		if in.known {
			out.text, out.known = strings.ToLower(in.text), true
			if fold == "upper" {
				out.text = strings.ToUpper(in.text)
			}
			if fold == "swapcase" {
				out.text = strings.Map(func(r rune) rune {
					if s := strings.ToLower(string(r)); s != string(r) {
						return []rune(s)[0]
					}
					return []rune(strings.ToUpper(string(r)))[0]
				}, in.text)
				out.disguised = true
			}
		}
		return out, true
	case "repeat":
		if len(args) > 0 {
			x, n := recv, args[0]
			if !x.known && len(args) > 1 {
				x, n = args[0], args[1]
			}
			n.num = true
			return a.calculated("*", x, n), true
		}
	case "printf":
		if len(args) > 0 && args[0].known {
			v := a.formatted(args[0].text, args[1:])
			v.disguised = v.disguised || out.disguised
			return v, true
		}
	case "substring":
		if len(args) > 1 && args[0].known {
			from, ok := args[1].integer()
			n := int64(len(args[0].text))
			if len(args) > 2 {
				n, _ = args[2].integer()
			}
			if s := args[0].text; ok && from >= 0 && from <= int64(len(s)) && n >= 0 {
				return give(s[from:min(int64(len(s)), from+n)], true)
			}
		}
	case "home":
		return value{text: "~", known: true}, true
	case "temp":
		return value{text: "/tmp", known: true}, true
	case "opened": // where an open file lies
		if recv.path != "" {
			return value{text: recv.path, known: true}, true
		}
		return recv, true
	case "temporary": // a file of that kind, open to be written
		return value{text: "/tmp/temporary", known: true, typ: "file", path: "/tmp/temporary"}, true
	case "path":
		parts := args
		if recv.text != "" && recv.typ != "" || recv.known {
			parts = append([]value{recv}, args...)
		}
		return a.path(parts), true
	case "located": // File.expand_path(name, folder)
		if len(args) == 0 {
			return out, true
		}
		v := args[0]
		if len(args) > 1 && !strings.HasPrefix(v.text, "~") && !strings.HasPrefix(v.text, "/") && args[1].text != "" && !strings.HasPrefix(args[1].text, "__") {
			v = a.path([]value{args[1], v})
		}
		v.from |= reached
		return v, true
	case "add": // to a list that the name stands for
		if recv.of != "" {
			v := a.vars[recv.of]
			v.from |= reached
			if len(v.items) < mostElements && len(args) == 1 {
				v.items = append(v.items[:len(v.items):len(v.items)], args[0])
			}
			if recv.known && len(args) == 1 && args[0].known { // a text or a path that grows
				joint := ""
				if strings.HasPrefix(recv.text, "/") || strings.HasPrefix(recv.text, "~") {
					joint = "/"
				}
				grown := a.joined(a.joined(recv, value{text: joint, known: true}), args[0])
				v.text, v.known = grown.text, grown.known
			}
			v.of = ""
			a.set(recv.of, v)
			return v, true
		}
		return out, true
	}
	return value{}, false
}

// path joins the parts of a path with strokes. What is not known of it is left out.
func (a *analysis) path(parts []value) value {
	v := value{known: true, typ: "path"}
	for i, p := range parts {
		if len(p.items) > 0 && !p.known {
			p = a.path(p.items)
		}
		if i > 0 && !strings.HasSuffix(v.text, "/") && !strings.HasPrefix(p.text, "/") {
			v = a.join(v, value{text: "/", known: true})
		}
		if i > 0 && p.text == "" && !p.known {
			p.text = "_" // of a name that is not known
		}
		v = a.join(v, p)
	}
	v.typ = "path"
	return v
}

// placeOf gives a value for variables of the environment that only say where folders are.
func placeOf(name string) (value, bool) {
	switch strings.ToUpper(name) {
	case "HOME", "USERPROFILE":
		return value{text: "~", known: true, typ: "path"}, true
	case "TMPDIR", "TEMP", "TMP", "OUT_DIR", "CARGO_MANIFEST_DIR", "LOCALAPPDATA", "APPDATA":
		return value{text: "/" + strings.ToLower(name), typ: "path"}, true
	}
	return value{}, false
}

// clients are libraries that speak HTTP, by how the full names of their functions
// begin; what is called on what they give is part of the same request.
var clients = map[code.Language][]string{
	code.Rust: {"reqwest::", "ureq::", "attohttpc::", "minreq::", "isahc::", "surf::", "hyper::", "curl::", "awc::", "http_req::", "ehttp::"},
	code.Ruby: {"Faraday", "HTTParty", "RestClient", "HTTP", "Typhoeus", "Excon", "Net::HTTP", "HTTPClient", "Curl", "Patron", "HTTPX"},
	code.PHP:  {`guzzlehttp\client`, `symfony\component\httpclient`},
}

// requested judges a method of a request that is under way. ok is false for what is
// none.
func (a *analysis) requested(name string, at int, recv value, args []value) (value, bool) {
	short := strings.ToLower(lastName(name))
	ofClient := false
	for _, c := range clients[a.language] {
		ofClient = ofClient || strings.HasPrefix(name, c)
	}
	if !ofClient || recv.typ == "" {
		return value{}, false
	}
	data := from(args)
	out := value{typ: name[:min(len(name), 200)], from: recv.from | data, to: recv.to, disguised: disguised(recv, args)}
	if len(args) > 0 && (strings.Contains(args[0].text, "://") || out.to == "") {
		out.to = args[0].text
	}
	f := code.Fact{Name: name, Args: []string{out.to}, From: data.Words(), Disguised: out.disguised}
	switch short {
	case "post", "put", "patch", "request", "post_fields_copy", "upload", "run_request", "post_form", "send_request", "body", "json", "form", "multipart", "query", "header", "headers", "with_body", "with_json", "with_header",
		"send_string", "send_json", "send_bytes", "send_form", "text", "bytes", "bytes_body", "bearer_auth", "basic_auth", "set", "param", "params", "send_body", "read_to_end", "body_json", "body_string", "url":
		f.Kind = code.Send
		if data&^flow.Word(code.LongLiteral) != 0 || short == "post" || short == "put" || short == "patch" {
			a.add(at, f)
		}
		if len(args) == 0 { // what came back, as text
			out.from |= flow.Of(code.Fetch)
		}
		out.from &^= data // it left: what comes back is the other's
	case "get", "call", "send", "perform", "execute", "into_string", "into_json", "into_reader", "bytes_stream", "copy_to", "fetch", "to_s", "read":
		f.Kind = code.Fetch
		if short == "get" {
			a.add(at, f)
		}
		if data&^flow.Word(code.LongLiteral) != 0 {
			f.Kind = code.Send
			a.add(at, f)
		}
		out.from |= flow.Of(code.Fetch)
	default:
		return value{}, false
	}
	return out, true
}

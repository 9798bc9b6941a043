package manifest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/ecosystem/manifestfile"
)

// An option of a requirements line, as pip's parser (Python's optparse) gives it.
type option struct {
	name  string // the long name, "--index-url"
	value string
	at    int // where it starts in the option text
}

// optionForms lists what may stand in a requirements file. pip refuses any
// other option, and so does the gate. Values: whether it takes one.
var optionForms = map[string]bool{
	"--index-url": true, "--pypi-url": true, "--extra-index-url": true, "--no-index": false,
	"--find-links": true, "--trusted-host": true,
	"--requirement": true, "--constraint": true, "--editable": true,
	"--no-binary": true, "--only-binary": true, "--prefer-binary": false,
	"--pre": false, "--all-releases": true, "--only-final": true,
	"--require-hashes": false, "--no-require-hashes": false, "--hash": true,
	"--config-settings": true, "--use-feature": true,
	// Older pips took these behind a requirement; they only reach its build.
	"--global-option": true, "--install-option": true, "--build-option": true,
}

var shortOptions = map[byte]string{
	'i': "--index-url", 'f': "--find-links", 'r': "--requirement", 'c': "--constraint", 'e': "--editable", 'C': "--config-settings",
}

// splitArgs parts a line as pip does: options begin at the first word, as
// separated by spaces alone, that starts with a dash.
func splitArgs(line string) (args, options string, optionsAt int) {
	if strings.HasPrefix(line, "-") {
		return "", line, 0
	}
	if i := strings.Index(line, " -"); i >= 0 {
		return line[:i], line[i+1:], i + 1
	}
	return line, "", len(line)
}

// parseOptions reads the option part of a line. stray are words that belong to
// no option; pip drops them.
func parseOptions(text string) (opts []option, stray []word, err error) {
	words, err := shellWords(text)
	if err != nil {
		return nil, nil, err
	}
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		var o option
		switch {
		case w.text == "--":
			return opts, append(stray, words...), nil
		case strings.HasPrefix(w.text, "--"):
			o, words, err = longOption(w, words)
		case len(w.text) > 1 && w.text[0] == '-':
			o, words, err = shortOption(w, words)
		default:
			stray = append(stray, w)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		opts = append(opts, o)
	}
	return opts, stray, nil
}

func longOption(w word, rest []word) (option, []word, error) {
	written, value, explicit := strings.Cut(w.text, "=")
	name, err := unabbreviate(written)
	if err != nil {
		return option{}, nil, err
	}
	o := option{name: name, value: value, at: w.at}
	switch takes := optionForms[name]; {
	case !takes && explicit:
		return o, nil, fmt.Errorf("option %s takes no value", name)
	case !takes || explicit:
		return o, rest, nil
	}
	return needValue(o, rest)
}

func shortOption(w word, rest []word) (option, []word, error) {
	name, ok := shortOptions[w.text[1]]
	if !ok {
		return option{}, nil, fmt.Errorf("no such option: %s", manifestfile.Quote(w.text[:2]))
	}
	o := option{name: name, value: w.text[2:], at: w.at}
	if o.value != "" {
		return o, rest, nil
	}
	return needValue(o, rest)
}

func needValue(o option, rest []word) (option, []word, error) {
	if len(rest) == 0 {
		return o, nil, fmt.Errorf("option %s needs a value", o.name)
	}
	o.value = rest[0].text
	return o, rest[1:], nil
}

// unabbreviate finds the option of which written is the name or its only
// possible beginning, which optparse allows: --extra-index is --extra-index-url.
func unabbreviate(written string) (string, error) {
	if _, ok := optionForms[written]; ok {
		return written, nil
	}
	var found []string
	for name := range optionForms {
		if strings.HasPrefix(name, written) {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no such option: %s", manifestfile.Quote(written))
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("option %s may mean several; write it out", manifestfile.Quote(written))
}

// word is one word of a line with where it starts.
type word struct {
	text string
	at   int
}

var errQuote = errors.New("a quote is not closed")

// shellWords splits as Python's shlex.split does.
func shellWords(s string) ([]word, error) {
	var out []word
	var b strings.Builder
	at := -1 // where the word under way starts; -1: none
	for i := 0; i < len(s); i++ {
		c := s[i]
		if strings.IndexByte(" \t\r\n", c) >= 0 {
			if at >= 0 {
				out = append(out, word{b.String(), at})
				b.Reset()
				at = -1
			}
			continue
		}
		if at < 0 {
			at = i
		}
		switch c {
		case '\\':
			if i++; i == len(s) {
				return nil, errors.New("a backslash at the end escapes nothing")
			}
			b.WriteByte(s[i])
		case '\'', '"':
			end, err := quoted(s, i, &b)
			if err != nil {
				return nil, err
			}
			i = end
		default:
			b.WriteByte(c)
		}
	}
	if at >= 0 {
		out = append(out, word{b.String(), at})
	}
	return out, nil
}

// quoted reads from the quote at i to its end, whose index it gives.
func quoted(s string, i int, b *strings.Builder) (int, error) {
	q := s[i]
	for i++; i < len(s); i++ {
		switch {
		case s[i] == q:
			return i, nil
		case s[i] == '\\' && q == '"' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return 0, errQuote
}

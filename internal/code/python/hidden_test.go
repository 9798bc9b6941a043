package python

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code"
)

// hidden are ways to call os.system("true") without writing so. Each gives the same
// fact as the plain call.
var hidden = []struct{ why, src string }{
	// names that text resolves to
	{"pkgutil", "import pkgutil\npkgutil.resolve_name('o' + 's:sys' + 'tem')('true')"},
	{"pkgutil without a colon", "from pkgutil import resolve_name as r\nr('os.system')('true')"},
	{"pydoc", "import pydoc\npydoc.locate('os.' + 'system')('true')"},
	{"an entry point by hand", "from importlib.metadata import EntryPoint\nEntryPoint('x', 'os:system', 'g').load()('true')"},
	{"an entry point by keywords", "import importlib.metadata as m\nm.EntryPoint(name='x', value='os:system', group='g').load()('true')"},
	{"a specification", "import importlib.util as u\nm = u.module_from_spec(u.find_spec('os'))\nm.system('true')"},
	{"a specification's loader", "import importlib.util\nimportlib.util.find_spec('os').loader.load_module().system('true')"},
	{"getattr_static", "import inspect, os\ninspect.getattr_static(os, 'system')('true')"},
	{"object.__getattribute__", "import os\nobject.__getattribute__(os, 'system')('true')"},
	{"a module's own __getattribute__", "import os\nos.__getattribute__('sys' 'tem')('true')"},
	{"a field's factory", "import os, dataclasses\n@dataclasses.dataclass\nclass T:\n    run: object = dataclasses.field(default_factory=lambda: os.system)\nT().run('true')"},
	{"a record as a table", "import os, dataclasses\n@dataclasses.dataclass\nclass T:\n    run: object = os.system\ndataclasses.asdict(T())['run']('true')"},
	{"a frame's builtins", "import sys\nsys._getframe().f_builtins['__imp' + 'ort__']('os').system('true')"},
	{"builtins of a frame of inspect", "import inspect\ninspect.currentframe().f_back.f_builtins['__imp' 'ort__']('os').system('true')"},
	{"a frame's globals", "import os, inspect\ninspect.currentframe().f_globals['o' + 's'].system('true')"},
	{"dict.get of vars", "import os\ndict.get(vars(os), 'system')('true')"},
	{"operator.getitem", "import os, operator\noperator.getitem(os.__dict__, 'system')('true')"},
	{"attrgetter", "import os, operator\noperator.attrgetter('system')(os)('true')"},
	{"methodcaller", "import os, operator\noperator.methodcaller('system', 'true')(os)"},
	{"two attributes at once", "import os, operator\nf, g = operator.attrgetter('getcwd', 'system')(os)\ng('true')"},
	{"a look through dir", "import os\n[getattr(os, n) for n in dir(os) if n.startswith('sy') and n.endswith('em')][0]('true')"},
	{"next over dir", "import os\ngetattr(os, next(n for n in dir(os) if n[::-1] == 'metsys'))('true')"},
	{"next over vars", "import os\nnext(v for k, v in vars(os).items() if k == 'system')('true')"},
	{"a hash of the name", "import os, hashlib\n[getattr(os, n) for n in dir(os) if hashlib.md5(n.encode()).hexdigest() == '54b53072540eeeb8f8e9343e71f28176'][0]('true')"},
	{"getmembers as a table", "import os, inspect\ndict(inspect.getmembers(os))['system']('true')"},
	{"a loop over dir", "import os\nfor n in dir(os):\n    if n == 'sys' + 'tem':\n        getattr(os, n)('true')"},
	{"sys.modules walked", "import sys\nnext(m for n, m in sys.modules.items() if n == 'os').system('true')"},
	{"a copy of the names", "import os\n{**vars(os)}['system']('true')"},
	{"a chain of maps", "import os, collections\ncollections.ChainMap({}, vars(os))['system']('true')"},
	{"a partial getattr", "import os, functools\nfunctools.partial(getattr, os)('system')('true')"},
	{"reduce over a path", "import functools\nfunctools.reduce(getattr, 'system'.split('.'), __import__('os'))('true')"},
	{"reduce over a reversed path", "import functools, os\nfunctools.reduce(getattr, ['system'], os)('true')"},
	{"recursion over a path", "import os\ndef walk(o, p):\n    return walk(getattr(o, p[0]), p[1:]) if p else o\nwalk(os, ['system'])('true')"},
	{"a loop over a path", "import os\nat = os\nfor part in 'system'.split('.'):\n    at = getattr(at, part)\nat('true')"},
	// things that hold them
	{"a namespace", "import os, types\nt = types.SimpleNamespace(run=os.system)\nt.run('true')"},
	{"a namespace of modules", "import os, types\nt = types.SimpleNamespace()\nt.o = os\nt.o.system('true')"},
	{"a module by hand", "import os, types\nm = types.ModuleType('m')\nm.run = os.system\nm.run('true')"},
	{"an argparse namespace", "import os, argparse\nargparse.Namespace(go=os.system).go('true')"},
	{"a class attribute", "import os\nclass T:\n    run = os.system\nT.run('true')"},
	{"an enumeration", "import os, enum\nclass T(enum.Enum):\n    RUN = (os.system,)\nT.RUN.value[0]('true')"},
	{"the name of a member", "import os, enum\nclass T(enum.Enum):\n    system = 1\ngetattr(os, T.system.name)('true')"},
	{"the value of a member", "import os, enum\nclass T(enum.Enum):\n    A = 'sys' + 'tem'\ngetattr(os, T.A.value)('true')"},
	{"a named tuple", "import os, collections\nT = collections.namedtuple('T', 'run arg')\nt = T(os.system, 'true')\nt.run(t.arg)"},
	{"a named tuple by place", "import os, collections\nT = collections.namedtuple('T', 'run arg')\nt = T(os.system, 'true')\nt[0](t[1])"},
	{"a typed tuple", "import os, typing\nclass T(typing.NamedTuple):\n    run: object\n    arg: str\nt = T(os.system, 'true')\nt.run(t.arg)"},
	{"a data class", "import os, dataclasses\n@dataclasses.dataclass\nclass T:\n    run: object\n    arg: str = 'true'\nt = T(run=os.system)\nt.run(t.arg)"},
	{"a table merged", "import os\n({'a': print} | {'b': os.system})['b']('true')"},
	{"an ordered table", "import os, collections\ncollections.OrderedDict(b=os.system)['b']('true')"},
	{"a read-only table", "import os, types\ntypes.MappingProxyType({'b': os.system})['b']('true')"},
	{"a weak reference", "import os, weakref\nweakref.ref(os.system)()('true')"},
	{"__getattr__ of a class", "import os\nclass P:\n    def __getattr__(self, n):\n        return getattr(os, n)\nP().system('true')"},
	{"__getitem__ of a class", "import os\nclass P:\n    def __getitem__(self, n):\n        return getattr(os, n)\nP()['system']('true')"},
	{"__class_getitem__", "import os\nclass P:\n    def __class_getitem__(cls, n):\n        return getattr(os, n)\nP['system']('true')"},
	{"a descriptor", "import os\nclass D:\n    def __get__(self, o, t=None):\n        return os.system\nclass P:\n    run = D()\nP().run('true')"},
	{"an operator", "import os\nclass P:\n    def __rshift__(self, other):\n        os.system(other)\nP() >> 'true'"},
	{"a right operator", "import os\nclass P:\n    def __ror__(self, other):\n        os.system(other)\n'true' | P()"},
	{"a comparison", "import os\nclass P:\n    def __eq__(self, other):\n        os.system(other)\nP() == 'true'"},
	{"__contains__", "import os\nclass P:\n    def __contains__(self, other):\n        os.system(other)\n'true' in P()"},
	// text that is put together
	{"an alphabet", "import os\ngetattr(os, ''.join(map('tmsey'.__getitem__, (2, 4, 2, 0, 3, 1))))('true')"},
	{"an alphabet in a loop", "import os\na = 'tmsey'\no = ''\nfor i in (2, 4, 2, 0, 3, 1):\n    o += a[i]\ngetattr(os, o)('true')"},
	{"an alphabet in a function", "import os\ndef w(*at):\n    o = ''\n    for i in at:\n        o += 'tmsey'[i]\n    return o\ngetattr(os, w(2, 4, 2, 0, 3, 1))('true')"},
	{"one number", "import os\ngetattr(os, (0x73797374656d).to_bytes(6, 'big').decode())('true')"},
	{"a large number", "import pkgutil\npkgutil.resolve_name((0x6f733a73797374656d).to_bytes(9, 'big').decode())('true')"},
	{"a number in a base of one's own", "import os\ndef un(n):\n    o = ''\n    while n:\n        n, r = divmod(n, 256)\n        o = chr(r) + o\n    return o\ngetattr(os, un(0x73797374656d))('true')"},
	{"a number by recursion", "import os\ndef un(n):\n    return un(n >> 8) + chr(n & 255) if n else ''\ngetattr(os, un(0x73797374656d))('true')"},
	{"struct", "import os, struct\ngetattr(os, struct.pack('>3H', 0x7379, 0x7374, 0x656d).decode())('true')"},
	{"struct of numbers", "import os, struct\ngetattr(os, ''.join(map(chr, struct.unpack('<6B', b'system'))))('true')"},
	{"pairs", "import os, itertools\ngetattr(os, ''.join(a + b for a, b in itertools.zip_longest('sse', 'ytm', fillvalue='')))('true')"},
	{"pairs of one iterator", "import os\ni = iter('yssmte')\ngetattr(os, 'sys' + 'tem' if False else ''.join(b + a for a, b in zip(*[iter('ystsme')] * 2)))('true')"},
	{"steps", "import os\ngetattr(os, 'sxyxsxtxexm'[::2])('true')"},
	{"sorted by places", "import os\ngetattr(os, ''.join(c for _, c in sorted(zip((3, 0, 2, 5, 1, 4), 'tssmye'))))('true')"},
	{"sorted by a key", "import os\ngetattr(os, ''.join(p[1] for p in sorted([(2, 'tem'), (1, 'sys')], key=lambda p: p[0])))('true')"},
	{"a shift", "import os\ngetattr(os, ''.join(chr(ord(c) - 3) for c in 'v|vwhp'))('true')"},
	{"a shift in a function", "import os\ndef back(s, by=3):\n    out = []\n    for c in s:\n        if c.isspace():\n            continue\n        out.append(chr(ord(c) - by))\n    return ''.join(out)\ngetattr(os, back('v|v whp'))('true')"},
	{"a shift by place", "import os\ngetattr(os, ''.join(chr(ord(c) - i) for i, c in enumerate('szuwir')))('true')"},
	{"a key over and over", "import os, itertools\ngetattr(os, bytes(a ^ b for a, b in zip(b'\\x12\\x1b\\x12\\x16\\x04\\x0f', itertools.cycle(b'ab'))).decode())('true')"},
	{"a closure", "import os\ndef make(k):\n    def un(s):\n        return ''.join(chr(ord(c) ^ k) for c in s)\n    return un\ngetattr(os, make(1)('rxrudl'))('true')"},
	{"a generator", "import os\ndef parts():\n    yield 'sys'\n    yield 'tem'\ngetattr(os, ''.join(parts()))('true')"},
	{"an accumulator", "import os, itertools\ngetattr(os, list(itertools.accumulate(['s', 'ys', 'tem']))[-1])('true')"},
	{"nested loops", "import os\ngetattr(os, ''.join(c for part in ('sys', 'tem') for c in part))('true')"},
	{"filter", "import os\ngetattr(os, ''.join(filter(str.islower, 'sXyXsXtXeXm')))('true')"},
	{"json", "import os, json\ngetattr(os, json.loads('{\"a\": [\"sys\", \"tem\"]}')['a'][0] + 'tem')('true')"},
	{"literal_eval", "import os, ast\ngetattr(os, ''.join(ast.literal_eval(\"['sys', 'tem']\")))('true')"},
	{"a template", "import os, string\ngetattr(os, string.Template('${a}tem').substitute(a='sys'))('true')"},
	{"a regular expression", "import os, re\ngetattr(os, re.sub('[0-9]', '', 's1y2s3t4e5m'))('true')"},
	{"all that matches", "import os, re\ngetattr(os, ''.join(re.findall('[a-z]', 's1y2s3t4e5m')))('true')"},
	{"wrapped text", "import os, textwrap\ngetattr(os, ''.join(p[0] for p in textwrap.wrap('sxyxsxtxexmx', 2)))('true')"},
	{"hexadecimal digits", "import os\ngetattr(os, ''.join(chr(int('73797374656d'[i:i + 2], 16)) for i in range(0, 12, 2)))('true')"},
	{"the zfill of a number", "import os\ngetattr(os, bytes.fromhex('{:012x}'.format(0x73797374656d)).decode())('true')"},
	{"a bytearray turned", "import os\nb = bytearray(b'metsys')\nb.reverse()\ngetattr(os, b.decode())('true')"},
	{"a bytearray by place", "import os\nb = bytearray(b'rxrudl')\nfor i in range(len(b)):\n    b[i] ^= 1\ngetattr(os, b.decode())('true')"},
	{"a list changed by its method", "import os\nout = []\npush = out.append\npush('sys')\npush('tem')\ngetattr(os, ''.join(out))('true')"},
	{"translate", "import os\ngetattr(os, 'abacde'.translate(str.maketrans('abcde', 'sytem')))('true')"},
	{"a table made of lists", "import os\nt = dict(zip('abcde', 'sytem'))\ngetattr(os, ''.join(t[c] for c in 'abacde'))('true')"},
	{"the largest", "import os\ngetattr(os, max(['abc', 'system', 'def']))('true')"},
	{"a sum of lists", "import os\ngetattr(os, ''.join(sum([['sys'], ['tem']], [])))('true')"},
	{"divmod", "import os\ngetattr(os, ''.join('tmsey'[i] for i in divmod(14, 5)) + 'stem' if 0 else 'sys' 'tem')('true')"},
	{"a power", "import os\ngetattr(os, chr(pow(7, 5, 123) - pow(7, 5, 123) + 115) + 'ystem')('true')"},
	{"starmap", "import os, itertools, operator\ngetattr(os, ''.join(itertools.starmap(operator.add, [('s', 'y'), ('s', 't'), ('e', 'm')])))('true')"},
	{"an array", "import os, array\ngetattr(os, array.array('B', [115, 121, 115, 116, 101, 109]).tobytes().decode())('true')"},
	{"entities", "import os, html\ngetattr(os, html.unescape('&#115;ystem'))('true')"},
	{"unbound methods", "import os\ngetattr(os, str.replace(str.lower('SYXTEM'), 'x', 's'))('true')"},
	{"an own class of a decoder", "import os\nclass K:\n    def __init__(self, k):\n        self.k = k\n    def __call__(self, s):\n        return ''.join(chr(ord(c) ^ self.k) for c in s)\ngetattr(os, K(1)('rxrudl'))('true')"},
	{"a decision", "import os\ndef pick(n):\n    if n > 3:\n        return 'system'\n    return 'getcwd'\ngetattr(os, pick(7))('true')"},
	{"a condition in an expression", "import os\ngetattr(os, ''.join(chr(ord(c) - 1) if c.isalpha() else c for c in 'tztufn'))('true')"},
	{"a while with a break", "import os\no, i = '', 0\nwhile True:\n    if i == 6:\n        break\n    o += 'smyesttsesmy'[2 * i]\n    i += 1\ngetattr(os, 'system' if o == '' else 'sys' + 'tem')('true')"},
}

func TestHiddenNames(t *testing.T) {
	if len(hidden) < 60 {
		t.Fatalf("only %d ways", len(hidden))
	}
	for _, h := range hidden {
		t.Run(h.why, func(t *testing.T) {
			fs := Analyze([]byte(h.src + "\n"))
			for _, f := range fs.Facts {
				if f.Kind == code.Exec && f.Name == "os.system" && len(f.Args) == 1 && f.Args[0] == "true" && f.Reach == code.Top {
					return
				}
			}
			t.Errorf("%s\nhides its call; facts:\n%s", h.src, strings.Join(compactAll(fs), "\n"))
		})
	}
}

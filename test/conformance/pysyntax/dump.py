"""Says what CPython's ast module reads in each Python file that stdin names.

One JSON line a file: what it holds as sorted lists of [line, column, text ...], or
null where CPython does not accept the file. Text is given with a character for
each byte of its UTF-8. Places inside of f-strings are those of Python 3.12 and
newer; older ones give wrong places there and so get 0, 0.
"""
import ast
import collections
import json
import sys
import warnings

EXACT = sys.version_info >= (3, 12)
JOINED = tuple(getattr(ast, name) for name in ("JoinedStr", "TemplateStr") if hasattr(ast, name))
FIELD = tuple(getattr(ast, name) for name in ("FormattedValue", "Interpolation") if hasattr(ast, name))
COUNTED = """Assign AugAssign AnnAssign For AsyncFor While If With AsyncWith Raise Try TryStar Assert Delete Return
Expr Global Nonlocal Pass Break Continue Match TypeAlias BoolOp NamedExpr BinOp UnaryOp Lambda IfExp Dict Set List Tuple
ListComp SetComp DictComp GeneratorExp Await Yield YieldFrom Compare Subscript Slice Starred comprehension ExceptHandler
withitem arg keyword match_case MatchOr MatchClass MatchMapping MatchSequence MatchStar MatchAs MatchValue TypeVar
TypeVarTuple ParamSpec""".split()


def raw(value):
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    return value.decode("latin-1")


def dotted(node):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return inner and inner + "." + node.attr
    return ""


def alias(a):
    return raw(a.name + " as " + a.asname if a.asname else a.name)


class Reader:
    def __init__(self):
        self.functions, self.calls, self.imports, self.strings, self.names = [], [], [], [], []
        self.kinds = collections.Counter()

    def read(self, root):
        todo = [(root, False, False)]
        while todo:
            node, inside, spec = todo.pop()
            place = [0, 0]
            if hasattr(node, "lineno") and (EXACT or not inside):
                place = [node.lineno, node.col_offset]
            self.visit(node, place, spec)
            for name, value in ast.iter_fields(node):
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(node, JOINED) and isinstance(child, ast.Constant):
                        continue
                    if isinstance(child, ast.AST):
                        todo.append((child, inside or isinstance(node, JOINED), name == "format_spec"))

    def visit(self, node, place, spec):
        kind = type(node).__name__
        if kind in COUNTED:
            self.kinds[kind] += 1
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.functions.append(place + [raw(node.name)])
        elif isinstance(node, ast.Call):
            self.calls.append(place + [raw(dotted(node.func))])
        elif isinstance(node, ast.Import):
            self.imports.extend(place + [alias(a)] for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "") + " "
            self.imports.extend(place + [raw(source) + alias(a)] for a in node.names)
        elif isinstance(node, ast.Name):
            self.names.append(place + [raw(node.id)])
        elif isinstance(node, ast.Attribute):
            self.names.append(place + [raw("." + node.attr)])
        elif isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            self.strings.append(place + [type(node.value).__name__ + " " + raw(node.value)])
        elif isinstance(node, JOINED):
            parts = "".join(
                raw(v.value) if isinstance(v, ast.Constant) else "\x01" + (chr(v.conversion) if v.conversion > 0 else "")
                for v in node.values
            )
            self.strings.append(([0, 0] if spec else place) + ["joined " + parts])

    def answer(self):
        lists = {name: sorted(getattr(self, name)) for name in ("functions", "calls", "imports", "strings", "names")}
        lists["kinds"] = self.kinds
        return lists


def read(path):
    with open(path, "rb") as f:
        source = f.read()
    try:
        root = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    reader = Reader()
    reader.read(root)
    return reader.answer()


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(5000)
    for line in sys.stdin:
        print(json.dumps(read(line.rstrip("\n"))))


main()

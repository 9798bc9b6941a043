"""Prints what the reference library says about versions, specifiers, markers,
requirements, file names and tags, one JSON object a line, for pep_test.go to
compare with. The set is seeded, so that two runs print the same.

Needs `packaging` 26.3 or newer in the Python that runs it: older ones compare
marker text differently and order linux_* tags last.
"""

import email.parser
import email.policy
import itertools
import json
import random
import sys

import packaging
from packaging import _manylinux, _musllinux, tags
from packaging.markers import Marker, InvalidMarker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename, InvalidWheelFilename, canonicalize_name,
    parse_sdist_filename, parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

if tuple(map(int, packaging.__version__.split(".")[:2])) < (26, 3):
    sys.exit(f"packaging {packaging.__version__} is too old; install packaging>=26.3")

rng = random.Random(440508425)


def say(kind, **fields):
    print(json.dumps({"kind": kind, **fields}))


# ---- versions

def number():
    return rng.choice(["0", "1", "2", "3", "9", "10", "007", "2024", "00", "99999999999999999999999", "18446744073709551616"])


def small():
    return rng.choice(["0", "1", "2", "3", "10"])


def separator():
    return rng.choice(["", ".", "-", "_"])


def version(num=number):
    s = rng.choice(["", "", "", "v", "V"])
    if rng.random() < 0.12:
        s += num() + "!"
    s += ".".join(num() for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 6])))
    if rng.random() < 0.35:
        s += separator() + rng.choice(["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "A", "RC", "Beta"]) + separator()
        s += rng.choice(["", num()])
    if rng.random() < 0.25:
        s += rng.choice(["-" + num(), separator() + rng.choice(["post", "rev", "r", "POST"]) + separator() + rng.choice(["", num()])])
    if rng.random() < 0.25:
        s += separator() + rng.choice(["dev", "DEV"]) + separator() + rng.choice(["", num()])
    if rng.random() < 0.15:
        s += "+" + rng.choice(".-_").join(rng.choice(["abc", "ABC", "1", "01", "ubuntu", "5a", "a5", "0"]) for _ in range(rng.choice([1, 1, 2, 3])))
    return s


def mutate(s, alphabet):
    s = list(s)
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rng.randrange(len(s) + 1)
        what = rng.random()
        if what < 0.4:
            s.insert(at, rng.choice(alphabet))
        elif at < len(s) and what < 0.7:
            s[at] = rng.choice(alphabet)
        elif at < len(s):
            del s[at]
    return "".join(s)


def say_version(s):
    try:
        v = Version(s)
    except InvalidVersion:
        say("version", text=s, ok=False)
        return
    say("version", text=s, ok=True, normal=str(v), pre=v.is_prerelease, post=v.is_postrelease,
        local=v.local or "", public=v.public, base=v.base_version,
        release=[str(n) for n in v.release])


def versions():
    texts = {version() for _ in range(9000)}
    texts |= {mutate(version(), list("0159.!+-_abrcdevpost vV*x~é")) for _ in range(9000)}
    texts |= {" 1.0 ", "1.0\n", "", "v", "1.", ".1", "1..2", "1!", "!1", "1.0+", "1.0+a.", "1.0-", "1.0-1-1", "1.0a", "1.0.a.1",
              "1.0a-", "1.0a.dev", "1.0.post-", "1.0-r", "1.0--1", "1.0a--1", "1.0+1.01", "٣.1", "1.0+é"}
    for s in sorted(texts):
        if all(len(p) < 200 for p in (s,)):
            say_version(s)


def pairs():
    pool = [version(small) for _ in range(700)]
    pool += [version() for _ in range(200)]
    pool += ["1.0", "1.0.0", "1", "1.0.dev0", "1.0a1.dev1", "1.0a1", "1.0a1.post1", "1.0a1.post1.dev2", "1.0rc1", "1.0.post1", "1.0.post1.dev1", "1.0+abc", "1.0+1", "1.0+1.a", "1.0.1"]
    for _ in range(20000):
        a, b = rng.choice(pool), rng.choice(pool)
        x, y = Version(a), Version(b)
        say("order", a=a, b=b, order=(x > y) - (x < y))


# ---- specifiers

def clause(num=small):
    op = rng.choice(["==", "==", "!=", "<", ">", "<=", ">=", "~=", "==="])
    space = rng.choice(["", "", " "])
    text = version(num)
    if op in ("==", "!=") and rng.random() < 0.4:
        text = ".".join(num() for _ in range(rng.choice([1, 2, 3]))) + ".*"
    if op not in ("==", "!=", "===") and rng.random() < 0.9:
        text = text.split("+")[0]
    return op + space + text


def near(spec_text):
    """A version that lies close to the clauses' own."""
    numbers = [c.lstrip("=<>!~ ").replace(".*", "") for c in spec_text.split(",")]
    base = rng.choice(numbers).strip()
    try:
        v = Version(base)
    except InvalidVersion:
        return version(small)
    release = list(v.release)
    if rng.random() < 0.4:
        i = rng.randrange(len(release))
        release[i] = max(0, release[i] + rng.choice([-1, 1]))
    if rng.random() < 0.3:
        release.append(rng.choice([0, 0, 1]))
    if len(release) > 1 and release[-1] == 0 and rng.random() < 0.4:
        release.pop()
    out = (f"{v.epoch}!" if v.epoch else "") + ".".join(map(str, release))
    pre = v.pre if rng.random() < 0.5 else rng.choice([None, None, ("a", 1), ("rc", 1)])
    out += f"{pre[0]}{pre[1]}" if pre else ""
    post = v.post if rng.random() < 0.5 else rng.choice([None, None, 0, 1])
    out += f".post{post}" if post is not None else ""
    dev = v.dev if rng.random() < 0.5 else rng.choice([None, None, 0, 1])
    out += f".dev{dev}" if dev is not None else ""
    if rng.random() < 0.3:
        out += "+" + rng.choice(["local", "1", "abc.1", v.local or "x"])
    return out


def specifiers():
    texts = []
    for _ in range(9000):
        s = ",".join(clause() for _ in range(rng.choice([1, 1, 1, 2, 3])))
        texts.append(s)
        if rng.random() < 0.5:
            texts.append(mutate(s, list("0159.!+-_=<>~,*ab ;)é")))
    texts += ["", ",", "==1,", ",==1", "== 1.0.*", "==1.0.dev1.*", "==1.0+x.*", "~=1", "~=1.0", "~=1!1.0", "===", "===foo bar", ">1.0.*", "==1.*.*", ">=1.0+x", "1.0", "=1.0", "=>1.0", "== 1 .*"]
    for s in texts:
        try:
            spec = SpecifierSet(s)
            normal = sorted({str(c) for c in spec})
        except (InvalidSpecifier, AssertionError):
            say("specifier", text=s, ok=False)
            continue
        tries = [near(s) if s.strip(", ") else version(small) for _ in range(5)] + [version(small)]
        tries = [t for t in tries if "+" not in t or valid(t)]
        say("specifier", text=s, ok=True, clauses=normal, pre=bool(spec.prereleases),
            contains={t: spec.contains(Version(t), prereleases=True) for t in tries if valid(t)})


def valid(s):
    try:
        Version(s)
    except InvalidVersion:
        return False
    return True


# ---- markers

def environment(**changed):
    env = {
        "implementation_name": "cpython", "implementation_version": "3.11.7", "os_name": "posix",
        "platform_machine": "x86_64", "platform_release": "", "platform_system": "Linux",
        "platform_version": "", "python_full_version": "3.11.7",
        "platform_python_implementation": "CPython", "python_version": "3.11", "sys_platform": "linux",
    }
    env.update(changed)
    return env


ENVIRONMENTS = [
    environment(),
    environment(python_version="3.8", python_full_version="3.8.18", implementation_version="3.8.18"),
    environment(python_version="3.15", python_full_version="3.15.0rc1", implementation_version="3.15.0rc1", platform_machine="aarch64"),
    environment(os_name="nt", platform_machine="AMD64", platform_system="Windows", sys_platform="win32", platform_release="10"),
    environment(platform_machine="arm64", platform_system="Darwin", sys_platform="darwin", platform_release="21.6.0", platform_version="Darwin Kernel Version 21.6.0"),
    environment(platform_release="5.15.0-91-generic", platform_version="#101-Ubuntu SMP"),
]
EXTRAS = ["", "test", "Dev_Tools", "a.b"]
LOCKS = [([], []), (["test"], []), (["Dev_Tools"], ["docs"]), (["a-b", "test"], ["Lint", "docs"])]

VALUES = {
    "python_version": ["3.8", "3.10", "3.11", "3.12", "3", "2.7", "3.*", "3.11.*", "3.9,3.10", "foo", "", "=3.11", "3.10 3.11", " 3.11 ", "3.7.1"],
    "python_full_version": ["3.11.7", "3.15.0rc1", "3.15.0", "3.15.0RC1", "3.8.*", "3.11", "3.11.7+local"],
    "implementation_version": ["3.11.7", "3.15", "3.8.18"],
    "platform_release": ["5", "10", "5.15.0-91-generic", "", "21.6", "x"],
    "platform_version": ["", "#101-Ubuntu SMP", "1.0"],
    "os_name": ["posix", "nt", "java"],
    "sys_platform": ["linux", "win32", "darwin", "linux2", "linux darwin"],
    "platform_machine": ["x86_64", "aarch64", "arm64", "AMD64", "x86_64 arm64"],
    "platform_system": ["Linux", "Windows", "Darwin"],
    "platform_python_implementation": ["CPython", "PyPy"],
    "implementation_name": ["cpython", "pypy"],
    "extra": ["test", "Test", "dev-tools", "DEV.tools", "a_b", "other", "", "te"],
}
OLD = {"os_name": "os.name", "sys_platform": "sys.platform", "platform_machine": "platform.machine",
       "platform_python_implementation": "python_implementation", "platform_version": "platform.version"}
OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "in", "not in", "~=", "==="]


def gap():
    return rng.choice([" ", " ", "  ", "\t"])


def comparison(lock=False):
    if lock and rng.random() < 0.5:
        name = rng.choice(["test", "Dev.Tools", "docs", "LINT", "a_b", "none"])
        return f'"{name}"{gap()}{rng.choice(["in", "not in", "not  in"])}{gap()}{rng.choice(["extras", "dependency_groups"])}'
    variable = rng.choice(list(VALUES))
    if lock and variable == "extra":
        variable = "sys_platform"
    text = rng.choice(VALUES[variable])
    variable = OLD.get(variable, variable) if rng.random() < 0.2 else variable
    op = rng.choice(OPERATORS)
    quote = rng.choice("\"'")
    text = quote + text + quote
    left, right = (variable, text) if rng.random() < 0.8 else (text, variable)
    space = gap() if op[0] in "in" else rng.choice(["", " ", "  "])
    return left + space + op + (gap() if op[0] in "in" else rng.choice(["", " "])) + right


def marker(lock=False, depth=0):
    terms = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        if depth < 3 and rng.random() < 0.25:
            terms.append("(" + rng.choice(["", " "]) + marker(lock, depth + 1) + rng.choice(["", " "]) + ")")
        else:
            terms.append(comparison(lock))
    out = terms[0]
    for t in terms[1:]:
        out += f"{gap()}{rng.choice(['and', 'or'])}{gap()}{t}"
    return out


def evaluate(m, env, context="metadata"):
    try:
        return m.evaluate(env, context)
    except (UndefinedComparison, UndefinedEnvironmentName):
        return None


def markers():
    alphabet = list("()\"'<>=~!. andorinet_35x\\é")
    texts = [marker() for _ in range(7000)]
    texts += [mutate(marker(), alphabet) for _ in range(6000)]
    texts += ['"a" == "a"', "os_name == sys_platform", 'os_name == "a" "b"', "", " ", "()", '(os_name == "a"', 'os_name == "a")',
              'os_name == "a" and', 'os_name not "a"', 'os_name notin "a"', "os_name == 'it\"s'", '((os_name == "posix"))',
              '(os_name == "a" or os_name == "posix") and python_version > "3"', 'os_name=="a"or os_name=="posix"']
    for s in texts:
        try:
            m = Marker(s)
            normal = str(m)
        except (InvalidMarker, ValueError):
            say("marker", text=s, ok=False)
            continue
        say("marker", text=s, ok=True, normal=normal,
            answers=[evaluate(m, {**env, "extra": extra}) for env in ENVIRONMENTS for extra in EXTRAS])
    for _ in range(3000):
        s = marker(lock=True)
        m = Marker(s)
        answers = [evaluate(m, {**env, "extras": set(extras), "dependency_groups": set(groups)}, "lock_file")
                   for env in ENVIRONMENTS for extras, groups in LOCKS]
        say("lockmarker", text=s, ok=True, normal=str(m), answers=answers)


# ---- requirements

def requirement():
    s = rng.choice(["", "", " "]) + rng.choice(["requests", "Flask", "zope.interface", "a", "A_b-C.d", "x2", "ruamel.yaml", "9lives"])
    space = lambda: rng.choice(["", "", " ", "\t"])
    s += space()
    if rng.random() < 0.35:
        s += "[" + space() + (space() + "," + space()).join(rng.choice(["a", "Test", "dev_x", "a.b-c"]) for _ in range(rng.choice([1, 1, 2, 3]))) + space() + "]"
    elif rng.random() < 0.05:
        s += "[" + space() + "]"
    s += space()
    what = rng.random()
    if what < 0.15:
        s += "@" + space() + rng.choice(["https://example.invalid/a-1.0.zip", "git+https://example.invalid/r.git@main#egg=x", "file:///x;y", "./x"])
        s += rng.choice(["", " ", "  "])
        if rng.random() < 0.4:
            s += " ;" + space() + marker()
        return s
    if what < 0.75:
        clauses = (space() + "," + space()).join(clause() for _ in range(rng.choice([1, 1, 2, 3])))
        clauses += rng.choice(["", "", "", ","])
        s += "(" + space() + clauses + space() + ")" if rng.random() < 0.3 else clauses
    s += space()
    if rng.random() < 0.4:
        s += ";" + space() + marker() + space()
    return s


def requirements():
    alphabet = list("()[]@;,.\"'<>=~!*+- \tandorx_19\\é")
    texts = [requirement() for _ in range(9000)] + [mutate(requirement(), alphabet) for _ in range(14000)]
    texts += ["", " ", "a", "a;", "a[", "a[]", "a[b", "a[b,]", "a[,b]", "a()", "a(", "a(>=1", "a>=1,", "a,>=1", "a>=1,,<2", "a>=1<2", "a >=1 <2",
              "a @", "a@x", "a @ x; os_name=='a'", "a @ x ; os_name=='a'", "a @ x y", "a=1", "a==1;python_version<'3'", "a_", "-a", "a-", "a b", "a>=1.*", "a>=1+x", "a==1+x", "a===x", "a ===", "a.b._>=1"]
    for s in texts:
        try:
            r = Requirement(s)
            normal = str(r.marker) if r.marker else ""
        except (InvalidRequirement, InvalidSpecifier, AssertionError, ValueError):
            say("requirement", text=s, ok=False)
            continue
        undefined = r.marker is not None and evaluate(r.marker, {**ENVIRONMENTS[0], "extra": "", "extras": set(), "dependency_groups": set()}) is None
        say("requirement", text=s, ok=True, name=r.name, extras=sorted(r.extras), clauses=sorted({str(c) for c in r.specifier}),
            url=r.url or "", normal=normal, undefined=undefined)


# ---- names and file names

def file_names():
    names = ["foo", "Foo_Bar", "zope.interface", "a2", "x_y_z"]
    tag_sets = ["py3-none-any", "py2.py3-none-any", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp38-abi3-win_amd64",
                "CP39-cp39-macosx_10_9_universal2", "cp310-cp310-musllinux_1_1_x86_64"]
    alphabet = list("-_.0189abpy3!+ ")
    for _ in range(6000):
        s = rng.choice(names) + "-" + version(small).replace("-", "_")
        if rng.random() < 0.2:
            s += "-" + rng.choice(["1", "2abc", "0", "12_x"])
        s += "-" + rng.choice(tag_sets) + ".whl"
        if rng.random() < 0.5:
            s = mutate(s, alphabet)
        try:
            name, v, build, found = parse_wheel_filename(s)
        except InvalidWheelFilename:
            say("wheel", text=s, ok=False)
            continue
        say("wheel", text=s, ok=True, name=name, normal=str(v), build="".join(map(str, build)), tags=sorted(map(str, found)))
    for _ in range(3000):
        name = rng.choice(names + ["a-b", "a-2-b"])
        s = name + "-" + version(small).replace("-", "_") + rng.choice([".tar.gz", ".tar.gz", ".zip"])
        if rng.random() < 0.4:
            s = mutate(s, alphabet)
        try:
            found, v = parse_sdist_filename(s)
        except InvalidSdistFilename:
            say("sdist", text=s, ok=False)
            continue
        try:
            canonicalize_name(found, validate=True)
        except ValueError:
            continue  # no project can have the name that the library found
        say("sdist", text=s, ok=True, name=found, normal=str(v))
    for _ in range(3000):
        s = "".join(rng.choice("aZ09-_.") for _ in range(rng.randrange(1, 9)))
        if rng.random() < 0.2:
            s = mutate(s, list(" é/:"))
        try:
            say("name", text=s, ok=True, normal=canonicalize_name(s, validate=True))
        except ValueError:
            say("name", text=s, ok=False)


# ---- metadata, against the header reader of the standard library that pip uses

def metadata():
    lines = ["Requires-Dist: a>=1", "requires-dist:b", "Requires-Dist: c;\n  extra == 'x'", "Requires-Dist: d\n\t(>=1)", "Provides-Extra: x",
             "Summary: s", "Description: one\n        two\n        \n        Requires-Dist: no", "License: l\n\nRequires-Dist: body",
             "Dynamic: Requires-Dist", "Author: A: B", "Keywords:", "X-Y: \x0bz", "Requires-Dist: e\x0cf", "broken line", "Requires-Python: >=3"]
    for _ in range(3000):
        chosen = ["Metadata-Version: 2.2", "Name: a", "Version: 1"] + rng.sample(lines, rng.randrange(1, len(lines)))
        text = rng.choice(["\n", "\n", "\r\n", "\r"]).join("\n".join(chosen).split("\n"))
        message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(text.encode())
        fields = {k: [" ".join(v.split()) for v in message.get_all(k, [])] for k in ("Requires-Dist", "Provides-Extra", "Dynamic", "Requires-Python")}
        say("metadata", text=text, ok=not message.defects, clauses=fields["Requires-Dist"], tags=fields["Provides-Extra"],
            release=[d.lower() for d in fields["Dynamic"]], normal=(fields["Requires-Python"] or [""])[0])


# ---- tags

def linux(arch, glibc=None, musl=None):
    _manylinux._get_glibc_version = lambda: _manylinux._GLibCVersion(*(glibc or (-1, -1)))
    _manylinux._have_compatible_abi = lambda *_: glibc is not None
    _manylinux._get_manylinux_module = lambda: None
    _musllinux._get_musl_version = lambda *_: _musllinux._MuslVersion(*musl) if musl else None
    tags.sysconfig.get_platform = lambda: "linux-" + arch
    return list(tags._linux_platforms(is_32bit=False))


def supported():
    platforms = {}
    for arch, minor in itertools.product(["x86_64", "aarch64", "i686", "ppc64le", "s390x", "riscv64"], [5, 12, 17, 28, 39]):
        platforms[f"{arch}-manylinux_2_{minor}"] = linux(arch, glibc=(2, minor))
    for arch, minor in itertools.product(["x86_64", "aarch64"], [0, 1, 2]):
        platforms[f"{arch}-musllinux_1_{minor}"] = linux(arch, musl=(1, minor))
    platforms["x86_64-manylinux2014"] = linux("x86_64", glibc=(2, 17))
    platforms["linux"] = linux("x86_64", glibc=(2, 28))
    platforms["x86_64-unknown-linux-musl"] = linux("x86_64", musl=(1, 2))
    for arch, version in itertools.product(["x86_64", "arm64"], [(10, 9), (10, 15), (11, 0), (13, 0), (14, 4), (26, 0)]):
        if arch == "x86_64" or version >= (11, 0):
            platforms[f"{arch}-macosx_{version[0]}_{version[1]}"] = list(tags.mac_platforms(version, arch))
    platforms["macos"] = list(tags.mac_platforms((13, 0), "arm64"))
    platforms["x86_64-apple-darwin"] = list(tags.mac_platforms((13, 0), "x86_64"))
    platforms["windows"] = ["win_amd64"]
    platforms["aarch64-pc-windows-msvc"] = ["win_arm64"]
    platforms["i686-pc-windows-msvc"] = ["win32"]
    for name, names in platforms.items():
        for minor in (6, 7, 8, 11, 13, 14):
            abi = f"cp3{minor}" + ("m" if minor < 8 else "")
            found = list(tags.cpython_tags((3, minor), [abi], names)) + list(tags.compatible_tags((3, minor), f"cp3{minor}", names))
            say("tags", python=f"3.{minor}", platform=name, tags=list(map(str, found)))


say("setup", environments=ENVIRONMENTS, extras=EXTRAS, locks=[{"extras": e, "groups": g} for e, g in LOCKS])
versions()
pairs()
specifiers()
markers()
requirements()
file_names()
metadata()
supported()

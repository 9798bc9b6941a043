package generate

import (
	"math/rand/v2"
	"strings"
)

// block is a piece of ordinary code that a payload stands among.
type block struct {
	imports []string
	code    string
}

// pythonBlocks are of the kinds that small libraries are made of.
var pythonBlocks = []block{
	{[]string{"import re", "import unicodedata"}, `
_SEPARATORS = re.compile(r"[\s_.-]+")


def slugify(text, limit=80):
    """Turn a title into a short ASCII name.

    >>> slugify("Crème brûlée, twice")
    'creme-brulee-twice'
    """
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = [w for w in _SEPARATORS.split(re.sub(r"[^\w\s.-]", "", folded).lower()) if w]
    return "-".join(words)[:limit]
`},
	{[]string{"import functools", "import random", "import time"}, `
def retry(times=3, pause=0.2, on=(OSError,)):
    """Call a function again when it fails with one of the given errors."""

    def around(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            for attempt in range(times):
                try:
                    return function(*args, **kwargs)
                except on:
                    if attempt == times - 1:
                        raise
                    time.sleep(pause * (2**attempt) * (0.5 + random.random()))

        return inner

    return around
`},
	{[]string{"from dataclasses import dataclass, field", "from typing import Dict, List, Optional"}, `
@dataclass
class Table:
    """A few rows with named columns."""

    columns: List[str]
    rows: List[List[object]] = field(default_factory=list)
    title: Optional[str] = None

    def add(self, **values):
        self.rows.append([values.get(c) for c in self.columns])
        return self

    def as_dicts(self) -> List[Dict[str, object]]:
        return [dict(zip(self.columns, row)) for row in self.rows]

    def __len__(self):
        return len(self.rows)
`},
	{[]string{"import collections", "import threading"}, `
class Cache(collections.OrderedDict):
    """The last entries that were used; safe to share between threads."""

    def __init__(self, most=128):
        super().__init__()
        self.most = most
        self._lock = threading.RLock()

    def lookup(self, key, make):
        with self._lock:
            if key in self:
                self.move_to_end(key)
                return self[key]
            self[key] = value = make(key)
            while len(self) > self.most:
                self.popitem(last=False)
            return value
`},
	{[]string{"import json", "import pathlib"}, `
def load_settings(path, defaults=None):
    """Read settings from a JSON file; what is missing comes from the defaults."""
    merged = dict(defaults or {})
    file = pathlib.Path(path)
    if file.is_file():
        merged.update(json.loads(file.read_text(encoding="utf-8")))
    return merged


def save_settings(path, values):
    pathlib.Path(path).write_text(json.dumps(values, indent=2, sort_keys=True), encoding="utf-8")
`},
	{[]string{"import datetime", "import math"}, `
def human_size(count, suffix="B"):
    """1536 -> '1.5 KiB'"""
    if count == 0:
        return "0 " + suffix
    power = min(int(math.log(abs(count), 1024)), 5)
    return "%.1f %s%s" % (count / 1024**power, ["", "Ki", "Mi", "Gi", "Ti", "Pi"][power], suffix)


def week_of(day):
    """The Monday and the Sunday around a day."""
    monday = day - datetime.timedelta(days=day.weekday())
    return monday, monday + datetime.timedelta(days=6)
`},
	{[]string{"import enum", "import itertools"}, `
class State(enum.Enum):
    IDLE = "idle"
    RUNNING = "running"
    DONE = "done"

    @property
    def final(self):
        return self is State.DONE


def chunked(items, size):
    """Lists of at most size items, in order."""
    iterator = iter(items)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
`},
	{[]string{"import asyncio", "import contextlib"}, `
class Limiter:
    """At most so many coroutines at once."""

    def __init__(self, most):
        self._gate = asyncio.Semaphore(most)

    async def run(self, jobs):
        async def one(job):
            async with self._gate:
                return await job

        return await asyncio.gather(*(one(j) for j in jobs))


@contextlib.contextmanager
def swallowed(*errors):
    try:
        yield
    except errors:
        return
`},
	{[]string{"import logging"}, `
log = logging.getLogger(__name__)


def parse_pairs(text):
    """'a=1;b=2' -> {'a': '1', 'b': '2'}"""
    pairs = {}
    for part in text.split(";"):
        key, mark, value = part.partition("=")
        if not mark:
            log.debug("ignoring %r: no '='", part)
            continue
        pairs[key.strip()] = value.strip()
    return pairs
`},
	{[]string{"import textwrap"}, `
class Canvas:
    """Draws boxes of text side by side."""

    def __init__(self, width=72):
        self.width = width
        self.cells = []

    def box(self, text, border="|"):
        inner = (self.width // max(1, len(self.cells) + 1)) - 4
        self.cells.append(["%s %s %s" % (border, line.ljust(inner), border) for line in textwrap.wrap(text, inner)])
        return self

    def render(self):
        height = max(map(len, self.cells), default=0)
        padded = [c + [" " * len(c[0])] * (height - len(c)) for c in self.cells if c]
        return "\n".join("".join(row) for row in zip(*padded))
`},
}

// scriptBlocks have no imports, so that they fit every style; exported names are
// listed after them.
var scriptBlocks = []block{
	{[]string{"slugify"}, `
function slugify(text, limit = 80) {
  return String(text)
    .normalize('NFKD')
    .replace(/[^\w\s.-]/g, '')
    .trim()
    .toLowerCase()
    .split(/[\s_.-]+/)
    .filter(Boolean)
    .join('-')
    .slice(0, limit);
}
`},
	{[]string{"debounce"}, `
function debounce(fn, wait = 50) {
  let timer = null;
  return function debounced(...args) {
    clearTimeout(timer);
    timer = setTimeout(() => fn.apply(this, args), wait);
  };
}
`},
	{[]string{"deepMerge"}, `
const isPlain = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

function deepMerge(target, ...sources) {
  for (const source of sources) {
    for (const key of Object.keys(source)) {
      if (key === '__proto__') continue;
      target[key] = isPlain(source[key]) ? deepMerge(isPlain(target[key]) ? target[key] : {}, source[key]) : source[key];
    }
  }
  return target;
}
`},
	{[]string{"Queue"}, `
class Queue {
  constructor(limit = 4) {
    this.limit = limit;
    this.running = 0;
    this.waiting = [];
  }

  async add(task) {
    if (this.running >= this.limit) await new Promise((next) => this.waiting.push(next));
    this.running += 1;
    try {
      return await task();
    } finally {
      this.running -= 1;
      const next = this.waiting.shift();
      if (next) next();
    }
  }
}
`},
	{[]string{"parseDuration"}, `
const UNITS = { ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000 };

function parseDuration(text) {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) throw new TypeError('not a duration: ' + text);
  return Number(match[1]) * UNITS[match[2]];
}
`},
	{[]string{"formatBytes", "padEnd"}, `
function formatBytes(count) {
  const power = count === 0 ? 0 : Math.min(5, Math.floor(Math.log(count) / Math.log(1024)));
  return (count / 1024 ** power).toFixed(1) + ' ' + ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'][power];
}

const padEnd = (text, width) => text + ' '.repeat(Math.max(0, width - text.length));
`},
	{[]string{"Emitter"}, `
class Emitter {
  #handlers = new Map();

  on(name, handler) {
    this.#handlers.set(name, [...(this.#handlers.get(name) || []), handler]);
    return () => this.off(name, handler);
  }

  off(name, handler) {
    this.#handlers.set(name, (this.#handlers.get(name) || []).filter((h) => h !== handler));
  }

  emit(name, ...args) {
    for (const handler of this.#handlers.get(name) || []) handler(...args);
  }
}
`},
	{[]string{"groupBy", "range"}, `
function groupBy(items, by) {
  return items.reduce((groups, item) => {
    const key = by(item);
    (groups[key] = groups[key] || []).push(item);
    return groups;
  }, {});
}

function* range(from, to, step = 1) {
  for (let i = from; i < to; i += step) yield i;
}
`},
}

// some takes n of the blocks in an order of its own.
func some(rng *rand.Rand, of []block, n int) []block {
	out := make([]block, 0, n)
	for _, i := range rng.Perm(len(of))[:min(n, len(of))] {
		out = append(out, of[i])
	}
	return out
}

func joined(blocks []block) (imports []string, code string) {
	var parts []string
	for _, b := range blocks {
		imports = append(imports, b.imports...)
		parts = append(parts, strings.Trim(b.code, "\n"))
	}
	return imports, strings.Join(parts, "\n\n\n") + "\n"
}

func union(a, b []string) []string {
	out := append([]string{}, a...)
next:
	for _, x := range b {
		for _, have := range out {
			if have == x {
				continue next
			}
		}
		out = append(out, x)
	}
	return out
}

var (
	firstWords  = strings.Fields("heron quay lumen sprig tarn fennel onyx bramble corvid dapple ember gantry hollow isobar juniper kestrel larder marrow nimbus osprey")
	secondWords = strings.Fields("weft ladle tiller anvil burrow cairn drumlin eaves furrow gable hasp inlet jetty keel lattice mortise nock oriel plinth quoin")
	thirdWords  = strings.Fields("kiln loft mill nook oast pier rill scow trug vane")
)

// packageName is not near any known name.
func packageName(rng *rand.Rand) string {
	return pick(rng, firstWords...) + pick(rng, secondWords...) + pick(rng, thirdWords...)
}

var purposes = []string{
	"Small helpers for text and tables", "Reads and writes settings files", "Queues for people in a hurry",
	"Pretty sizes and durations", "A tiny event bus", "Renders boxes in a terminal",
}

package manifest

import (
	"os"
	"reflect"
	"testing"
)

// strip drops what the two readers need not agree on.
func strip(v *value) *value {
	if v == nil {
		return nil
	}
	out := &value{kind: v.kind, line: v.line, col: v.col, text: v.text}
	if v.kind == isNull {
		out.line, out.col = 0, 0
	}
	for _, e := range v.list {
		out.list = append(out.list, strip(e))
	}
	for _, f := range v.fields {
		f.val, f.at = strip(f.val), 0
		out.fields = append(out.fields, f)
	}
	return out
}

// TestFastYAML: the clients' own locks go the short way, and say the same there.
func TestFastYAML(t *testing.T) {
	for _, p := range []string{"pnpm9/pnpm-lock.yaml", "pnpm6/pnpm-lock.yaml", "pnpm5/pnpm-lock.yaml", "berry/yarn.lock"} {
		b, err := os.ReadFile("testdata/" + p)
		if err != nil {
			t.Fatal(err)
		}
		fast, ok := parseLockYAML(p, b)
		if !ok {
			t.Errorf("%s goes the long way", p)
			continue
		}
		same(t, fast, b)
	}
}

func same(t *testing.T, fast *document, b []byte) {
	t.Helper()
	slow, err := readYAML("x", b, "")
	if err != nil || len(slow) != 1 {
		t.Fatalf("read only the short way: %q: %v", b, err)
	}
	if !reflect.DeepEqual(strip(fast.root), strip(slow[0].root)) {
		t.Fatalf("%q is\n%+v, and the long way\n%+v", b, strip(fast.root), strip(slow[0].root))
	}
}

// FuzzFastYAML: what both ways read they read alike.
func FuzzFastYAML(f *testing.F) {
	for _, s := range []string{
		"a: 1\nb:\n  c: {d: e, f: 'g'}\n  h: [i, \"j\"]\nk:\n  - l\n  - m\n", "a: true\nb: 'true'\nc: 1.0\nd:\ne: ~1\n", "a: ^1 <2 || 3\nb: x:y\nz: >=1\n'c d': npm:e@1\n",
		"a: b # c\n", "a: - b\n", "a: |\n  b\n", "? a\n: b\n", "a: {b: c}\nd: e:\n", "a:\n- b\n", "a: \"b\\n\"\n", "a: 0x1\n", "a: <<\n<<: b\n", "a: =\n", "a: b: c\n", "a: 2001-01-01\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if fast, ok := parseLockYAML("x", b); ok {
			same(t, fast, b)
		}
	})
}

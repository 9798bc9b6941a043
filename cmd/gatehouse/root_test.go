package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-project/gatehouse/internal/gate"
	"github.com/gatehouse-project/gatehouse/internal/verdict"
)

// outcomeOnly is a gate that knows one outcome.
type outcomeOnly struct {
	gate.Service
	out verdict.Outcome
}

func (o outcomeOnly) Outcome(context.Context, string) (verdict.Outcome, error) { return o.out, nil }

func soon() string { return time.Now().AddDate(0, 0, 10).Format(time.DateOnly) }

func TestWrongUsageSaysWhatIsExpected(t *testing.T) {
	t.Setenv("GATEHOUSE_DATA", t.TempDir())
	typed := typer(t)
	for _, tc := range []struct {
		args string
		want []string
	}{
		{"client setup", []string{"gatehouse client setup ", "gatehouse client setup --help"}},
		{"resolve", []string{"gatehouse resolve FILE...", "gatehouse resolve --help"}},
		{"adopt", []string{"gatehouse adopt DIR...", "gatehouse adopt --help"}},
		{"explain", []string{"gatehouse explain PURL  (0 given)", "gatehouse explain --help"}},
		{"ask", []string{"gatehouse ask ID --reason TEXT", "gatehouse ask --help"}},
		{"revoke a b", []string{"gatehouse revoke ID  (2 given)"}},
		{"version x", []string{"gatehouse version  (1 given)", "!unknown command"}},
		{"amdit requirements.txt", []string{`there is no command "gatehouse amdit"; did you mean admit or audit? see: gatehouse --help`}},
		{"xyzzy", []string{`there is no command "gatehouse xyzzy"; see: gatehouse --help`}},
		{"token craete", []string{`there is no command "gatehouse token craete"; did you mean create?`, "gatehouse token --help"}},
		{"token xyzzy", []string{"see: gatehouse token --help"}},
		{"admit --fxi", []string{"unknown flag: --fxi; see: gatehouse admit --help"}},
	} {
		_, err := typed(exitFault, strings.Fields(tc.args)...)
		contains(t, err, append(tc.want, "!accepts ", "!requires at least")...)
	}
	for _, args := range [][]string{{}, {"token"}, {"--help"}, {"token", "--help"}} {
		out, _ := typed(exitAdmit, args...)
		contains(t, out, "[command]", "!gatehouse [flags]", "!token [flags]")
	}
}

// A broken configuration does not keep the help away.
func TestHelpNeedsNoConfiguration(t *testing.T) {
	t.Setenv("GATEHOUSE_CONFIG", filepath.Join(t.TempDir(), "none.yaml"))
	typed := typer(t)
	typed(exitAdmit)
	typed(exitAdmit, "token")
}

func TestInterrupted(t *testing.T) {
	for _, command := range []string{"admit", "resolve"} {
		t.Run(command, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			index := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				stop() // Ctrl-C while the upstream is asked
				<-r.Context().Done()
			}))
			defer index.Close()
			dir := t.TempDir()
			file, reqs := filepath.Join(dir, "gatehouse.yaml"), filepath.Join(dir, "requirements.txt")
			for name, text := range map[string]string{
				file: fmt.Sprintf("upstreams: [{name: pypi, ecosystem: pypi, url: %q}]\nmatrix: {python: [\"3.12.4\"], platforms: [x86_64-manylinux_2_28]}\n", index.URL),
				reqs: "six\nidna\n",
			} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out, err bytes.Buffer
			code := run(ctx, []string{command, "--config", file, "--data", filepath.Join(dir, "data"), reqs}, streams{in: strings.NewReader(""), out: &out, err: &err})
			if ctx.Err() == nil {
				t.Fatalf("the upstream was not asked: %s%s", &out, &err)
			}
			if code != exitFault || !strings.HasSuffix(err.String(), "gatehouse: interrupted; nothing was published\n") || strings.Contains(err.String(), "context canceled") || out.Len() > 0 {
				t.Errorf("exit %d\n%s%s", code, &out, &err)
			}
		})
	}
}

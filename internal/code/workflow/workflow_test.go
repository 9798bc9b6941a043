package workflow_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-project/gatehouse/internal/code/codetest"
	"github.com/gatehouse-project/gatehouse/internal/code/workflow"
)

var cases = []struct {
	why  string
	src  string
	want []string
}{
	{"a stranger's code is built", "on: pull_request_target\njobs:\n  b:\n    steps:\n    - uses: actions/checkout@v4\n      with: {ref: \"${{ github.event.pull_request.head.sha }}\"}\n    - run: make\n",
		[]string{"hook pull_request_target-checkout [pull_request_target|${{ github.event.pull_request.head.sha }}] @b", "hook unpinned-action [actions/checkout@v4] @b", "exec run [make] @b", "embed shell: make", "hook trigger [pull_request_target]"}},
	{"a checkout of the base", "on: [pull_request_target]\njobs:\n  b:\n    steps:\n    - uses: actions/checkout@v4\n    - run: make\n", []string{"no hook pull_request_target-checkout"}},
	{"a checkout of the head that nothing runs", "on: {pull_request_target: {}}\njobs:\n  b:\n    steps:\n    - run: make\n    - uses: actions/checkout@v4\n      with: {ref: \"${{ github.head_ref }}\"}\n", []string{"no hook pull_request_target-checkout"}},
	{"an event's text in a command", "on: issues\njobs:\n  b:\n    steps:\n    - run: echo \"${{ github.event.issue.title }}\"\n", []string{"hook event-text-in-run [${{ github.event.issue.title }}] @b"}},
	{"an event's text by way of the environment", "on: issues\njobs:\n  b:\n    steps:\n    - env: {T: \"${{ github.event.issue.title }}\"}\n      run: echo \"$T\"\n", []string{"no hook event-text-in-run"}},
	{"pinned", "on: push\njobs:\n  b:\n    steps:\n    - uses: a/b@" + strings.Repeat("0a", 20) + "\n    - uses: ./local\n", []string{"no hook"}},
	{"all rights", "on: push\npermissions: write-all\n", []string{"hook write-all [write-all]"}},
	{"a runner of one's own", "on: pull_request\njobs:\n  b:\n    runs-on: [self-hosted, linux]\n", []string{"hook self-hosted-on-pull-request @b"}},
	{"all secrets", "on: push\njobs:\n  b:\n    steps:\n    - run: true\n      env: {A: \"${{ toJSON(secrets) }}\"}\n", []string{"secret all-secrets @b"}},
	{"another shell", "on: push\njobs:\n  b:\n    steps:\n    - {run: iex x, shell: pwsh}\n", []string{"embed powershell: iex x"}},
	{"a composite action", "runs:\n  using: composite\n  steps:\n  - run: make\n    shell: bash\n", []string{"embed shell: make"}},
	{"an action in JavaScript", "runs: {using: node20, main: dist/index.js}\n", []string{"hook action-main [dist/index.js]"}},
	{"aliases of aliases", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\non: *b\n", []string{"no exec"}},
	{"no YAML", "\t{", []string{"no hook"}},
}

func TestAnalyze(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		got := codetest.Show(workflow.Analyze([]byte(c.src)))
		for _, w := range codetest.Lacks(got, c.want) {
			t.Errorf("%s: %s\nlacks %s\ngot\n%s", c.why, c.src, w, strings.Join(got, "\n"))
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) { workflow.Analyze(src) })
}

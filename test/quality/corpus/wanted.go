package corpus

import (
	_ "embed"
	"slices"
	"strings"
)

// Seed is the number that the samples are drawn by.
const Seed = 20261123

// How many names are drawn, of how many of the most downloaded.
const (
	fromPyPI, takePyPI = 1500, 70
	fromNPM, takeNPM   = 1000, 48
)

// Want is a release to look for when the list is made anew.
type Want struct {
	Ecosystem, Name, Form, Why string
	Upgrade                    bool // the release before it too
}

//go:embed npm-popular.txt
var npmPopular string

// tooLarge have files over MostBytes, so nobody asks for them.
var tooLarge = []string{
	"torch", "torchvision", "tensorflow", "triton", "pyspark", "jaxlib", "xgboost", "vllm", "opencv-python", "opencv-python-headless",
	"pyarrow", "databricks-connect", "catboost", "faiss-cpu", "mlflow", "ray", "open3d", "pyqt6-qt6", "pyside6-essentials", "polars",
	"polars-runtime-32", "duckdb", "onnxruntime", "azure-mgmt-network", "apache-airflow", "deltalake",
}

// Wanted lists what the corpus is made of. The text names PyPI's packages one a
// line, the most downloaded first (the list that the typosquat check ships with);
// npm's are in npm-popular.txt. Every fourth of PyPI's sample is taken as an sdist.
// Of the samples about half are measured as upgrades as well, of the hard ones
// those that change often.
func Wanted(popularPyPI string) []Want {
	var out []Want
	for i, name := range Draw(popular(popularPyPI), fromPyPI, takePyPI, Seed) {
		form := Wheel
		if i%4 == 3 {
			form = Sdist
		}
		if !slices.Contains(tooLarge, name) && !strings.HasPrefix(name, "nvidia-") {
			out = append(out, Want{"pypi", name, form, Sampled, i < 45})
		}
	}
	for _, name := range Draw(popular(npmPopular), fromNPM, takeNPM, Seed) {
		out = append(out, Want{"npm", name, Tgz, Sampled, len(out)%2 == 0})
	}
	for _, h := range hard {
		for _, name := range strings.Fields(h.names) {
			name, upgrade := strings.CutSuffix(name, "+")
			out = append(out, Want{h.ecosystem, name, h.form, Hard, upgrade})
		}
	}
	return unique(out)
}

// unique keeps the first of each name and form; a hard one says more than one
// that was sampled.
func unique(all []Want) []Want {
	var out []Want
	for _, w := range all {
		i := slices.IndexFunc(out, func(o Want) bool { return o.Ecosystem == w.Ecosystem && o.Name == w.Name && o.Form == w.Form })
		if i < 0 {
			out = append(out, w)
			continue
		}
		out[i].Why = w.Why
		out[i].Upgrade = out[i].Upgrade || w.Upgrade
	}
	return out
}

func popular(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// hard are releases that do honestly what malware does; a + marks those that are
// measured as upgrades too.
var hard = []struct{ ecosystem, form, names string }{
	{"pypi", Wheel, `setuptools+ pyyaml django numpy+ pip+ virtualenv+ ansible-core+ paramiko+ psutil keyring+ detect-secrets playwright
		pyinstaller pynput mss pyperclip scapy fabric invoke click celery+ jupyter-core ipython+ cython numba cffi uvloop grpcio-tools
		poetry twine python-telegram-bot slack-sdk web3 dnspython+ cloudpickle dill pytest coverage+ pexpect watchdog docker kubernetes
		boto3 cryptography requests aiohttp nox tox pipx gunicorn gevent pre-commit python-dotenv pycparser wheel build`},
	{"pypi", Windows, `pywin32 psutil`},
	{"pypi", Sdist, `setuptools+ pyyaml django+ pip numpy ansible-core paramiko psutil cffi cython pyautogui impacket lxml uvloop mysqlclient
		pycurl keyring coverage gevent pyzmq`},
	{"npm", Tgz, `esbuild+ webpack+ node-gyp+ husky playwright playwright-core+ puppeteer+ electron+ sharp core-js bcrypt @sentry/cli+ cypress
		sqlite3 better-sqlite3 @swc/core protobufjs+ nx unrs-resolver msw+ simple-git-hooks lefthook npm yarn pnpm clipboardy keytar ssh2
		execa shelljs dotenv ethers web3 node-notifier systeminformation terser uglify-js javascript-obfuscator prebuild-install
		@mapbox/node-pre-gyp discord.js telegraf @slack/web-api semantic-release lerna axios+ got prettier typescript fsevents`},
}

// ci are the names of the slice that CI measures: small, and hard.
var ci = []string{
	"setuptools", "pyyaml", "psutil", "keyring", "pyperclip", "mss", "detect-secrets", "attrs", "sortedcontainers",
	"husky", "esbuild", "puppeteer", "@sentry/cli", "prebuild-install", "core-js", "bcrypt", "axios", "acorn",
}

// Slice keeps the releases that CI measures.
func Slice(all []Release) []Release {
	return slices.DeleteFunc(slices.Clone(all), func(r Release) bool { return !slices.Contains(ci, r.Name) || r.Form == Windows })
}

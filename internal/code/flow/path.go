package flow

import (
	"slices"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// Secret reports whether a path, or an address, is one where credentials lie.
func Secret(path string) bool {
	for _, m := range indicator.Marks(path) {
		switch m {
		case "secret-path", "browser-store", "messenger-store", "wallet", "password-manager", "keychain", "cloud-metadata":
			return true
		}
	}
	return false
}

// Placed gives the kinds of facts that a path stands for when somebody writes to it,
// beside WriteFile: something that starts again, a file that tools obey, a program.
func Placed(path string) []code.Kind {
	var kinds []code.Kind
	for _, m := range indicator.Marks(path) {
		switch m {
		case "autostart":
			kinds = append(kinds, code.Persist)
		case "agent-file", "workflow-path", "package-manifest":
			kinds = append(kinds, code.Manifest)
		case "program-path":
			kinds = append(kinds, code.WriteExec)
		}
	}
	return kinds
}

// Output is what a command line of a shell prints, as far as its words tell: files
// in which credentials lie, the whole environment, what was copied, what an address
// gives, what the machine is called.
func Output(line string) Set {
	var out Set
	for part := range strings.FieldsFuncSeq(line[:min(len(line), 4096)], func(r rune) bool { return strings.ContainsRune(";&|\n()", r) }) {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		program := strings.TrimSuffix(strings.ToLower(words[0][strings.LastIndexAny(words[0], `/\`)+1:]), ".exe")
		for (program == "sudo" || program == "command" || program == "cmd") && len(words) > 1 {
			words = words[1:]
			if strings.EqualFold(words[0], "/c") && len(words) > 1 {
				words = words[1:]
			}
			program = words[0]
		}
		switch program {
		case "cat", "type", "head", "tail", "less", "more", "base64", "xxd", "tac", "strings", "tar", "zip":
			for _, w := range words[1:] {
				if Secret(strings.Trim(w, `"'`)) {
					out |= Of(code.Secret)
				}
			}
		case "env", "printenv", "export", "set":
			if len(words) == 1 || words[1] == "-0" || words[1] == "-p" || words[1][0] == '>' {
				out |= Of(code.EnvAll)
			}
		case "pbpaste", "wl-paste", "termux-clipboard-get", "get-clipboard", "gcb":
			out |= Of(code.Clipboard)
		case "xclip", "xsel":
			if prints(words[1:]) {
				out |= Of(code.Clipboard)
			}
		case "powershell", "pwsh", "osascript":
			if line := strings.ToLower(part); strings.Contains(line, "get-clipboard") || strings.Contains(line, "the clipboard") {
				out |= Of(code.Clipboard)
			}
		case "curl", "wget":
			if !saves(words[1:], program) {
				out |= Of(code.Fetch)
			}
		case "gh", "git":
			if len(words) > 2 && (words[1] == "auth" && words[2] == "token" || words[1] == "credential" && words[2] == "fill") {
				out |= Of(code.Secret)
			}
		case "gcloud", "aws", "az", "npm", "kubectl", "vault", "op", "heroku", "doctl", "glab", "huggingface-cli", "gitleaks", "trufflehog":
			if showsKeys(program, words[1:]) {
				out |= Of(code.Secret)
			}
		}
	}
	return out
}

// keyWords are words of a command line with which a program of a cloud or a registry
// prints the keys that it keeps.
var keyWords = map[string][]string{
	"gcloud": {"print-access-token", "print-identity-token", "application-default"}, "aws": {"get-session-token", "export-credentials", "get-login-password", "configure get", "get-secret-value"},
	"az": {"get-access-token", "secret show", "keys list"}, "npm": {"token list", "config get //", "config list"}, "kubectl": {"get secret", "view --raw", "create token"},
	"vault": {"token lookup", "kv get", "print token", "read "}, "op": {"read ", "item get"}, "heroku": {"auth:token", "config -"}, "doctl": {"auth list"},
	"glab": {"auth status -t", "--show-token"}, "huggingface-cli": {"whoami --token"}, "gitleaks": {"detect", "dir", "git"}, "trufflehog": {"filesystem", "git"},
}

func showsKeys(program string, words []string) bool {
	line := strings.Join(words, " ") + " "
	return slices.ContainsFunc(keyWords[program], func(w string) bool { return strings.Contains(line, w) })
}

// prints says whether xclip or xsel shows what was copied: both put there what they
// are given otherwise.
func prints(options []string) bool {
	for _, o := range options {
		if o == "--output" || strings.HasPrefix(o, "-o") || strings.HasPrefix(o, "-") && !strings.HasPrefix(o, "--") && strings.HasSuffix(o, "o") {
			return true
		}
	}
	return false
}

// saves says whether a download goes to a file.
func saves(options []string, program string) bool {
	found := program == "wget"
	for i, o := range options {
		switch {
		case o == "-o", o == "-O", o == "--output", o == "--remote-name":
			found = program == "curl" || i+1 >= len(options) || options[i+1] != "-"
		case program == "wget" && strings.HasPrefix(o, "-") && strings.HasSuffix(o, "O-"):
			return false
		}
	}
	return found
}

// Mines says whether a command line is that of a miner, whatever its program is
// called: a pool's address and port, and for whom, or a word that only miners know.
func Mines(words []string) bool {
	pool, worker := false, false
	for i, w := range words {
		option, value, joined := strings.Cut(w, "=")
		if !joined && i+1 < len(words) {
			value = words[i+1]
		}
		switch option {
		case "-o", "--url", "-pool", "--pool", "-P", "--server", "--proxy":
			pool = pool || hostAndPort(value)
		case "-u", "--user", "-wal", "--wallet", "--worker", "-w", "--rig-id", "-O", "--userpass", "-p", "--pass":
			worker = worker || value != ""
		case "-a", "--algo", "--coin":
			switch value = strings.ToLower(value); {
			case value == "randomx", strings.HasPrefix(value, "rx/"), value == "kawpow", value == "ethash", value == "etchash", value == "autolykos2", value == "monero",
				strings.HasPrefix(value, "cryptonight"), strings.HasPrefix(value, "cn/"), value == "ghostrider", value == "verushash", value == "yespower", value == "argon2/chukwa":
				return true
			}
		case "--randomx-1gb-pages", "--randomx-mode", "--donate-level", "--cpu-max-threads-hint", "--nicehash", "--cpu-priority":
			return true
		}
	}
	return pool && worker
}

// hostAndPort reports whether a word is that, without more.
func hostAndPort(w string) bool {
	host, port, ok := strings.Cut(w[strings.LastIndexByte(w, '/')+1:], ":")
	return ok && strings.Contains(host, ".") && len(port) >= 2 && len(port) <= 5 && strings.Trim(port, "0123456789") == ""
}

// Saved is the file, or the folder, that a command puts what it fetches into; "" for
// none that it names.
func Saved(words []string) string {
	if len(words) < 3 {
		return ""
	}
	program := strings.TrimSuffix(words[0][strings.LastIndexAny(words[0], `/\`)+1:], ".exe")
	switch program {
	case "curl", "wget", "aria2c":
		for i, w := range words[1:] {
			if option := "-O"; w == "-o" && program != "wget" || w == option && program == "wget" || w == "--output" || w == "--output-document" {
				if i+2 < len(words) && words[i+2] != "-" {
					return words[i+2]
				}
			}
			if file, ok := strings.CutPrefix(w, "--output="); ok {
				return file
			}
		}
	case "git", "hg", "svn":
		if words[1] == "clone" || words[1] == "checkout" || words[1] == "co" {
			last := words[len(words)-1]
			if i := strings.LastIndexByte(last, '/'); strings.Contains(last, "://") && i > 0 {
				return strings.TrimSuffix(last[i+1:], ".git")
			}
			return last
		}
	}
	return ""
}

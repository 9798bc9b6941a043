package indicator

import "strings"

// check says whether what stands around s[start:end] lets the literal count.
type check func(s string, start, end int) bool

// checks are the words that a line of a literals file may start with.
var checks = map[string]check{
	"any":  func(string, int, int) bool { return true },
	"word": isWord,
	"left": func(s string, start, _ int) bool { return startsName(s, start) },
	"file": func(s string, start, end int) bool { return startsName(s, start) && endsName(s, end) },
	"end":  func(s string, _, end int) bool { return endsName(s, end) },
	"whole": func(s string, start, end int) bool {
		return strings.TrimSpace(s[:start]) == "" && strings.TrimSpace(s[end:]) == ""
	},
	"host":  isHost,
	"token": isToken,
	"temp":  isTempPath,
}

// isWord: not a part of a longer word.
func isWord(s string, start, end int) bool {
	return (start == 0 || !wordByte(s[start]) || !wordByte(s[start-1])) &&
		(end == len(s) || !wordByte(s[end-1]) || !wordByte(s[end]))
}

// startsName: a file's name or a path may start here, because a separator, a
// quote or a blank stands before it.
func startsName(s string, start int) bool {
	if start == 0 || s[start] == '/' || s[start] == '\\' {
		return true
	}
	c := s[start-1]
	return !wordByte(c) && c != '.' && c != '-' && c < 0x80
}

// endsName: the name ends here; a point, a dash or a letter would make it another.
// A point that ends a sentence is no part of a name.
func endsName(s string, end int) bool {
	if end == len(s) {
		return true
	}
	c := s[end]
	if c == '.' {
		return end+1 == len(s) || s[end+1] == ' ' || s[end+1] == '\n'
	}
	return !wordByte(c) && c != '-' && c < 0x80
}

// isHost: the literal is a host or its parent domain, not a part of a longer name.
func isHost(s string, start, end int) bool {
	if start > 0 && (wordByte(s[start-1]) || s[start-1] == '-') && s[start] != '.' {
		return false
	}
	if end == len(s) {
		return true
	}
	c := s[end]
	if c == '.' { // example.com.evil.invalid is another host
		return end+1 == len(s) || !wordByte(s[end+1])
	}
	return !wordByte(c) && c != '-'
}

// isToken: the literal is a path whose next part is long and has no blanks, as an
// address with a secret in it has.
func isToken(s string, _, end int) bool {
	n := 0
	for i := end; i < len(s) && (wordByte(s[i]) || s[i] == '-' || s[i] == ':' || s[i] == '/'); i++ {
		n++
	}
	return n >= 16
}

// isTempPath: the literal is a folder for temporary files, and what follows is a
// program by its suffix.
func isTempPath(s string, start, end int) bool {
	stop := end
	for stop < len(s) && stop < end+window && strings.IndexByte(" \t\r\n\"'`<>|;,", s[stop]) < 0 {
		stop++
	}
	name := foldText(s[end:stop])
	for _, suffix := range programs {
		if strings.HasSuffix(name, suffix) && len(name) > len(suffix) {
			return true
		}
	}
	return false
}

// programs are the suffixes of files that a system starts.
var programs = []string{
	".exe", ".dll", ".sh", ".ps1", ".bat", ".cmd", ".vbs", ".scr", ".msi", ".bin", ".elf", ".run", ".so", ".dylib", ".hta", ".apk", ".jar", ".com", ".py", ".js",
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

package python

import (
	"path"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/python/syntax"
)

// fileKeys name the file that a path value stands for: its text, its last part,
// and the very value. Two paths that share one are taken for the same file.
func (a *analysis) fileKeys(v *value) (keys [3]string) {
	v = a.pathText(v)
	switch v.kind {
	case text, binary:
		if len(v.s) > 512 {
			return keys
		}
		keys[0] = "c:" + v.s
		if b := lastPart(v.s); len(b) >= 3 {
			keys[1] = "b:" + b
		}
	case partial:
		if b := lastPart(v.tail); len(b) >= 3 && strings.Contains(v.tail, "/") {
			keys[1] = "b:" + b
		}
	}
	if v.id != 0 {
		keys[2] = "#" + string(rune(v.id&0xFFFF)+0x100) + string(rune(v.id>>16)+0x100)
	}
	return keys
}

func lastPart(s string) string { return path.Base(strings.ReplaceAll(s, "\\", "/")) }

// pathSources gives what was written to a file in this program, with ViaFile.
func (a *analysis) pathSources(v *value) sources {
	var from sources
	for _, k := range a.fileKeys(v) {
		if k == "" {
			continue
		}
		from |= a.files[k]
		for i, n := strings.LastIndexByte(k, '/'), 0; i > 0 && n < mostAbove && len(a.folders) > 0; i, n = strings.LastIndexByte(k[:i], '/'), n+1 {
			from |= a.folders[k[:i]]
		}
	}
	a.filesRead = true
	return from.throughFile()
}

// mostAbove bounds the folders above a file that are looked at.
const mostAbove = 6

// unpacked notes what the files of a folder hold that an archive was unpacked into.
func (a *analysis) unpacked(c sink) {
	from, _ := c.args.reaches()
	if c.f.recv != nil {
		f, _ := c.f.recv.reaches()
		from |= f
	}
	from |= c.f.from | a.pathSources(c.args.at(0))
	if c.f.recv != nil {
		from |= a.pathSources(c.f.recv)
	}
	from = (from | from>>viaFile) & direct & (fromFetch | fromDecode | bit(code.Decrypt))
	where := a.pathText(c.args.named("path", 0))
	if strings.HasSuffix(c.name, "unpack_archive") {
		where = a.pathText(c.args.named("extract_dir", 1))
	} else if strings.HasSuffix(c.name, ".extract") {
		where = a.pathText(c.args.named("path", 1))
	}
	if from == 0 || a.silent > 0 {
		return
	}
	for _, k := range a.fileKeys(where) {
		if k != "" && len(a.folders) < mostFiles && a.folders[k]|from != a.folders[k] {
			a.folders[k] |= from
			a.changed = a.changed || a.filesRead
		}
	}
}

// wrote notes what a file holds from now on.
func (a *analysis) wrote(where *value, from sources) {
	from &= direct
	if from == 0 || a.silent > 0 {
		return
	}
	for _, k := range a.fileKeys(where) {
		if k == "" || len(a.files) > mostFiles {
			continue
		}
		if a.files[k]|from != a.files[k] {
			a.files[k] |= from
			a.changed = a.changed || a.filesRead
		}
	}
}

const mostFiles = 10_000

// wroteKey notes what a variable of the environment, or an attribute that this
// program adds to a module, holds from now on.
func (a *analysis) wroteKey(key string, from sources) {
	from &= direct &^ fromLong
	if from == 0 || a.silent > 0 || len(a.files) > mostFiles || a.files[key]|from == a.files[key] {
		return
	}
	a.files[key] |= from
	a.changed = a.changed || a.filesRead
}

func (a *analysis) keyHolds(key string) sources {
	a.filesRead = true
	return a.files[key]
}

// opens is open(): a file object that knows its path.
func (a *analysis) opens(c sink) *value {
	where := a.pathText(c.args.named("file", 0))
	mode := c.args.named("mode", 1)
	if c.f.kind == inst && c.f.recv != nil && isPath(c.f.recv) {
		where = a.pathText(c.f.recv)
		mode = c.args.named("mode", 0)
	}
	if strings.HasPrefix(c.name, "tempfile.") {
		where = a.unknown(0, 0, c.id)
		mode = a.textOf("w")
	}
	if c.name == "os.fdopen" && mode == nothing {
		mode = c.args.at(1)
	}
	from, m := where.reaches()
	m |= a.marksOfValue(where)
	file := value{kind: inst, ref: a.outside("builtins.open"), id: c.id, s: where.s, tail: where.tail, flags: where.flags & own, items: []*value{where}}
	if mode.kind == integer || mode.kind == unknown && a.tree.Kind(c.id) == syntax.Call && strings.Contains(a.tree.Text(c.id), "O_WRONLY") {
		file.marks = m
		return a.make(file)
	}
	if mode.isText() && strings.ContainsAny(mode.s, "wax+") {
		if !strings.HasPrefix(c.name, "tempfile.") {
			a.openForWriting(c, where, from&^fromLong, m)
		}
		file.n = 1
		if strings.HasPrefix(c.name, "zipfile.") || strings.HasPrefix(c.name, "tarfile.") {
			file.items = append(file.items, nothing) // an archive, whose writes name files to be read
		}
		return a.make(file)
	}
	file.from, file.marks = a.readFrom(c, where), m
	return a.make(file)
}

// readFrom notes that a path is read and gives what its content carries.
func (a *analysis) readFrom(c sink, where *value) sources {
	from, m := where.reaches()
	m |= a.marksOfValue(where)
	is := fromRead | a.pathSources(where)
	c.kind = code.ReadFile
	if where.flags&own != 0 {
		c.kind = code.ReadOwn
		is |= fromOwn
	}
	if m&credentialMarks() != 0 {
		secret := c
		secret.kind = code.Secret
		a.emit(secret, from&^fromLong, m, where)
		is |= fromSecret
	}
	a.emit(c, from&^fromLong|a.pathSources(where), m, where)
	return is
}

// openForWriting notes that a path is written; what is written comes with the writes.
func (a *analysis) openForWriting(c sink, where *value, from sources, m marks) {
	c.kind = code.WriteFile
	a.opened[c.id] = [2]int{len(a.out), len(a.out)}
	a.emit(c, from, m, where)
	a.followUps(c, where, from, m)
	a.opened[c.id] = [2]int{a.opened[c.id][0], len(a.out)}
}

// followUps are the facts beside a write that its path tells.
func (a *analysis) followUps(c sink, where *value, from sources, m marks) {
	if m&autostartMark() != 0 {
		c.kind = code.Persist
		a.emit(c, from, m, where)
	}
	if m&manifestMarks() != 0 {
		c.kind = code.Manifest
		a.emit(c, from, m, where)
	}
	if isProgram(where) {
		c.kind = code.WriteExec
		a.emit(c, from, m, where)
	}
}

// isProgram says that a path ends as programs do.
func isProgram(v *value) bool {
	end := v.tail
	if v.isText() {
		end = v.s
	}
	end = strings.ToLower(end)
	for _, suffix := range []string{".exe", ".dll", ".bat", ".cmd", ".ps1", ".vbs", ".scr", ".sh", ".command", ".so", ".dylib", ".pyd", ".msi", ".jar", ".pth", ".hta", ".lnk", ".elf"} {
		if strings.HasSuffix(end, suffix) {
			return true
		}
	}
	return false
}

// writesThrough notes data given to a file that was opened for writing, by a
// method or as an argument.
func (a *analysis) writesThrough(f *value, args *arguments, id syntax.ID) {
	if f.kind == inst && f.ref.name != "" && f.recv != nil && f.recv.kind == inst && f.recv.n == 1 && f.recv.ref.name == "builtins.open" {
		switch strings.TrimPrefix(f.ref.name, "builtins.open.") {
		case "write", "add":
			from, m := args.reaches()
			if len(f.recv.items) > 1 {
				what := a.pathText(args.at(0))
				from |= a.readFrom(sink{f: f, kind: code.ReadFile, name: "zipfile.ZipFile.write", args: args, id: id}, what)
			}
			a.writeTo(f.recv, args.at(0), from, m)
		case "writelines", "writerow":
			from, m := args.reaches()
			a.writeTo(f.recv, args.at(0), from, m)
		}
		return
	}
	a.dumps(args)
}

// dumps looks for a file opened for writing among the arguments: the others go there.
func (a *analysis) dumps(args *arguments) {
	to := func(v *value) bool { return v.kind == inst && v.n == 1 && v.ref.name == "builtins.open" }
	var file *value
	for _, v := range args.pos {
		if to(v) {
			file = v
		}
	}
	for _, k := range args.kw {
		if to(k.value) {
			file = k.value
		}
	}
	if file == nil {
		return
	}
	from, m := args.reaches()
	a.writeTo(file, args.at(0), from, m)
}

// writeTo adds data to what an open file gets.
func (a *analysis) writeTo(file, data *value, from sources, m marks) {
	a.wrote(file, from&^fromLong)
	if len(file.items) > 0 {
		a.wrote(file.items[0], from&^fromLong)
	}
	if a.silent > 0 {
		return
	}
	if span, ok := a.opened[file.id]; ok {
		for i := span[0]; i < span[1] && i < len(a.out); i++ {
			a.out[i].from |= from
			a.out[i].marks |= m
		}
	}
	if len(file.items) > 0 {
		a.embedWritten(file.items[0], data, file.id)
	}
}

// embedWritten hands on text that is written to a file of code.
func (a *analysis) embedWritten(where, data *value, id syntax.ID) {
	end := where.tail
	if where.isText() {
		end = where.s
	}
	as := map[string]code.Language{".py": code.Python, ".pyw": code.Python, ".pth": code.Pth, ".sh": code.Shell, ".ps1": code.PowerShell, ".bat": code.Batch, ".cmd": code.Batch, ".js": code.JavaScript}[strings.ToLower(path.Ext(end))]
	if as == "" {
		return
	}
	a.embed(as, data, sink{kind: code.WriteFile, name: "builtins.open", id: id})
}

// written is a whole file written by one call.
func (a *analysis) written(where *value, from sources, m marks, c sink, data *value) {
	where = a.pathText(where)
	_, wm := where.reaches()
	m |= wm | a.marksOfValue(where)
	a.wrote(where, from&^fromLong)
	c.kind = code.WriteFile
	a.emit(c, from, m, where)
	a.followUps(c, where, from, m)
	if data != nil {
		a.embedWritten(where, data, c.id)
	}
}

// writes is Path.write_text and os.write.
func (a *analysis) writes(c sink) *value {
	from, m := c.args.reaches()
	switch {
	case c.name == "pathlib.Path.touch":
		return nothing
	case c.name == "os.write":
		if fd := c.args.at(0); fd.kind == inst {
			where := fd
			if len(fd.items) > 0 {
				where = fd.items[0]
			}
			a.written(where, from, m, c, c.args.at(1))
		}
		return nothing
	case c.f.recv != nil:
		a.written(c.f.recv, from, m, c, c.args.at(0))
	}
	return nothing
}

// protExec is mmap.PROT_EXEC: the bytes of that memory may run.
const protExec = 4

// reads is Path.read_text and its kin.
func (a *analysis) reads(c sink) *value {
	where := c.args.at(0)
	if c.f.recv != nil && (isPath(c.f.recv) || c.args.count() == 0) {
		where = c.f.recv
	}
	if where.kind == inst && where.ref.name == "builtins.open" {
		return where
	}
	if prot := c.args.named("prot", 3); c.name == "mmap.mmap" && prot.kind == integer && prot.n&protExec != 0 {
		a.add(fact{kind: code.Inject, name: c.name, at: c.id, odd: c.odd})
	}
	where = a.pathText(where)
	if c.name == "netrc.netrc" {
		a.add(fact{kind: code.Secret, name: c.name, at: c.id, args: []*value{where}, odd: c.odd})
		return a.unknown(fromSecret|fromRead, where.marks, c.id)
	}
	if c.name == "pandas.read_csv" || c.name == "pandas.read_json" {
		if strings.Contains(where.s, "://") {
			c.kind = code.Fetch
			a.emit(c, 0, where.marks, where)
			return a.unknown(fromFetch, 0, c.id)
		}
	}
	from := a.readFrom(c, where)
	if strings.HasPrefix(c.name, "configparser.") && from&fromSecret != 0 { // the parser holds it from now on
		a.silent++
		recv := a.eval(c.args.receiver)
		a.silent--
		a.rebind(c.args.receiver, a.tainted(recv, from, where.marks|a.marksOfValue(where)))
	}
	return a.make(value{from: from, marks: where.marks | a.marksOfValue(where), id: c.id, recv: where}) // see readsCode
}

// copies reads its first path and writes its second.
func (a *analysis) copies(c sink) *value {
	src, dst := c.args.named("src", 0), c.args.named("dst", 1)
	if c.f.recv != nil && isPath(c.f.recv) {
		src, dst = c.f.recv, c.args.at(0)
	}
	if c.name == "shutil.copyfileobj" {
		from, m := src.reaches()
		if dst.kind == inst {
			a.writeTo(dst, nothing, from, m)
		}
		return nothing
	}
	src = a.pathText(src)
	if c.name == "shutil.make_archive" {
		src, dst = a.pathText(c.args.named("root_dir", 2)), a.pathText(c.args.at(0))
	}
	_, m := src.reaches()
	m |= a.marksOfValue(src)
	from := a.pathSources(src)
	direct := sources(0)
	for _, k := range a.fileKeys(src) {
		if k != "" {
			direct |= a.files[k]
		}
	}
	if m&credentialMarks() != 0 {
		secret := c
		secret.kind = code.Secret
		a.emit(secret, 0, m, src)
		from |= fromSecret
		direct |= fromSecret
	}
	a.written(dst, from|direct, 0, c, nil)
	return dst
}

// modes is chmod: of interest when it makes something that runs.
func (a *analysis) modes(c sink) *value {
	where, mode, at := c.args.at(0), c.args.named("mode", 1), 1
	if c.f.recv != nil && isPath(c.f.recv) {
		where, mode, at = c.f.recv, c.args.named("mode", 0), 0
	}
	runs := mode.kind == integer && mode.n&0o111 != 0
	shown := ""
	if mode.kind == integer {
		shown = octal(mode.n)
	} else if at < len(c.args.nodes) && c.args.nodes[at] != 0 {
		t := a.tree.Text(c.args.nodes[at])
		runs = strings.Contains(t, "S_IX") || strings.Contains(t, "S_IEXEC") || strings.Contains(t, "0o1") || strings.Contains(t, "0o7") || strings.Contains(t, "S_IRWX")
	}
	if !runs {
		return nothing
	}
	where = a.pathText(where)
	_, m := where.reaches()
	a.emit(c, a.pathSources(where), m|a.marksOfValue(where), where, a.textOf(shown))
	return nothing
}

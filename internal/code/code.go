// Package code holds what the analysers of source files say: facts. A fact is
// one thing that code does or holds, in words that are the same for every
// language, with its place, what reached it, and when it runs. Facts are not
// judgements: the rules of scan/malware read them, and a rule never sees source.
//
// An analyser (package code/python, code/javascript, ...) gets the bytes of one
// file and nothing else, so its facts depend only on those bytes, the language
// and Engine, and can be kept by them. It never fails and never panics: what it
// cannot read as code it reads lexically, and Facts.Unread says where it gave
// up. It runs nothing, opens nothing, and stays within the limits below however
// hostile the bytes are.
//
// The package is a leaf but for internal/artifact; it is safe for concurrent use.
package code

import "github.com/gatehouse-project/gatehouse/internal/artifact"

// Engine changes whenever any analyser could give other facts for the same bytes.
const Engine = "5"

// Language is what a file was read as.
type Language string

// The languages. Text stands for files that are no code: they get the facts of
// code/text only.
const (
	Python     Language = "python"
	Pth        Language = "pth" // Python's path configuration: each line that starts with "import" is Python, run at every start
	JavaScript Language = "javascript"
	TypeScript Language = "typescript" // and JSX, TSX, Vue and Svelte scripts
	Shell      Language = "shell"
	PowerShell Language = "powershell"
	Batch      Language = "batch"
	Ruby       Language = "ruby"
	Rust       Language = "rust"
	PHP        Language = "php"
	Go         Language = "go"
	Java       Language = "java"
	Workflow   Language = "workflow" // GitHub workflow and action files
	Text       Language = "text"
	Binary     Language = "binary"
)

// Role says how a file comes to run, by the layout of its package and by who
// refers to it. The same bytes in another role are another matter, so a rule
// asks for it and a cache keys by it.
type Role string

// The roles. The zero Role is Module: what is imported by whoever uses the package.
const (
	Module   Role = ""
	Install  Role = "install" // run by an installer or a build: setup.py, a backend in the tree, an install script, what one of them names, build.rs
	Startup  Role = "startup" // run by every start of an interpreter or editor: .pth, sitecustomize, agent and IDE hooks
	Command  Role = "command" // an entry point that a person starts
	Test     Role = "test"
	Document Role = "document" // documentation and examples
	Data     Role = "data"     // neither named nor referred to as code
)

// Kind is what a fact is about. Analysers map the functions of their language
// and its common libraries to kinds; a callee without a kind is no fact.
type Kind string

// What code does. Sinks say in From what reached them; sources are also words of From.
const (
	Exec      Kind = "exec"        // starts a process; Args hold the command, one element an argument, or one for a whole command line
	Eval      Kind = "eval"        // runs text or bytes as code: exec, eval, compile, Function, vm, marshal and code objects, an import of a module made in memory
	Import    Kind = "import"      // Name is the module, in full
	Lookup    Kind = "lookup"      // an attribute, module or function found by a name that is computed and could not be folded
	Decode    Kind = "decode"      // base64, hex, zlib, marshal, rot13, xor loops, char codes
	Decrypt   Kind = "decrypt"     // a cipher of a library, or one written out
	Fetch     Kind = "fetch"       // receives from the network; Args[0] is the URL or host where known
	Send      Kind = "send"        // gives data to the network: a request with a body, query or header made of data, a mail, a message, socket.send
	Socket    Kind = "socket"      // connects or listens below HTTP
	DNS       Kind = "dns"         // looks a name up
	Env       Kind = "env"         // reads one environment variable: Args[0]
	EnvAll    Kind = "env-all"     // takes the whole environment: copied, iterated, serialised or given away
	ReadFile  Kind = "read-file"   // Args[0] is the path where known
	ReadOwn   Kind = "read-own"    // reads the package's or program's own file as data
	Secret    Kind = "secret"      // reads a place where credentials lie: a path with such a mark, a keyring, the cloud's metadata address, a password prompt of a browser store
	SysInfo   Kind = "sysinfo"     // host and user name, addresses, processes, hardware, location
	ListDir   Kind = "list-dir"    // walks folders
	WriteFile Kind = "write-file"  // Args[0] is the path where known
	WriteExec Kind = "write-exec"  // makes something that runs: chmod +x, a file with the suffix of a program, a cron line
	Delete    Kind = "delete"      // removes files or trees
	Persist   Kind = "persist"     // arranges to be started again: cron, units, LaunchAgents, Run keys, shell profiles, start-up folders
	Native    Kind = "native"      // loads or calls native code: ctypes, cffi, ffi, dlopen, process.dlopen, WebAssembly
	Inject    Kind = "inject"      // writes to or starts threads in another process
	Clipboard Kind = "clipboard"   // reads or replaces it
	Screen    Kind = "screen"      // takes screenshots
	Keyboard  Kind = "keyboard"    // listens to keys or mouse
	Camera    Kind = "camera"      // and microphone
	Silence   Kind = "silence"     // hides output or windows of what it starts, turns off logs, warnings or certificate checks
	Publish   Kind = "publish"     // publishes a package or pushes to a repository
	AddPkg    Kind = "add-package" // installs a package at run time; Args are the names
	Manifest  Kind = "manifest"    // rewrites a package manifest, workflow, agent or IDE file; Args[0] is the path
	Hook      Kind = "hook"        // declares code that an installer runs: a cmdclass entry, an install script; Name is the hook
	Patch     Kind = "patch"       // replaces a function of another module, or of the language
	Tamper    Kind = "tamper"      // looks for debuggers, sandboxes, CI or virtual machines; kills or disables other programs
	Sleep     Kind = "sleep"       // waits longer than a minute
	Mine      Kind = "mine"        // cryptocurrency mining
	Pixels    Kind = "pixels"      // reads data out of an image's or sound's samples
)

// What a file holds.
const (
	String      Kind = "string"       // a constant with indicator marks; Args[0] holds it
	Invisible   Kind = "invisible"    // runs of characters that show nothing and carry data; Name: variation-selectors, tags, fillers, private-use, zero-width
	Bidi        Kind = "bidi"         // bidirectional controls in code
	MixedScript Kind = "mixed-script" // an identifier that mixes look-alike scripts; Name is the identifier
	HiddenRight Kind = "hidden-right" // code behind at least 150 blanks, or far to the right of everything else
	Entropy     Kind = "entropy"      // a literal of at least 1 KiB with over 5.5 bits a character; Args: length, bits
	Minified    Kind = "minified"     // the file is machine-made: one very long line; Args: length of the longest line
	Mangled     Kind = "mangled"      // over a fifth of its identifiers look like an obfuscator's; Name is the style
	Suppression Kind = "suppression"  // a comment that asks a scanner to look away
	BinaryFile  Kind = "binary-file"  // Name is elf, pe, macho, wasm, java-class, pyc, dex, ...
	Polyglot    Kind = "polyglot"     // the bytes are something else than the name says; Name is what they are
)

// Across is half of a flow between two files of a package; scan/malware joins the
// halves, and no report holds one. Name is one of these words, a colon, and a name
// of the file itself or the full name of another's; Args are as said here.
const Across Kind = "across"

const (
	Holds = "holds" // a name of this file, or what its function gives, is data of From; or is itself the function Args[1] of kind Args[0], or Given and the name that Args[1] is known by in its file, or Takes and names of other files that it is made of
	Given = "given" // a function of this file gives its own argument to the function Args[1] of kind Args[0], whose own Args follow; Gives and a full name, when it hands it on
	Takes = "takes" // what another file's name gives comes to the function Args[1] of kind Args[0]
	Gives = "gives" // another file's function is given data of From, and what the names in Args of other files give
)

// In such facts, what stands before a name: Lent, in Holds, says that the name is
// another file's, which this one gave the data; Here, in Gives, that it is this file's.
const (
	Lent = "@"
	Here = "#"
)

// What a package says as a whole. No analyser gives these: scan/malware reads them
// off manifests and off the list of files, and adds them to the file that says so.
const (
	Depends Kind = "depends" // a dependency that no registry's name and range is; Name: url, git, file, alias, undeclared, unused; Args: its name, what is written
	Shape   Kind = "shape"   // Name: empty, single-file
	Claims  Kind = "claims"  // what metadata says of where the package comes from; Name: repositories (Args: more than one), mail (Args: the domain of an address)
)

// Reach says when the code that a fact stands in runs, as far as its own file tells.
type Reach string

// The values of Reach. The zero value is Top.
const (
	Top     Reach = ""        // as soon as the file is run or imported; also functions and classes that such code calls
	OnMain  Reach = "main"    // when the file is run, not when it is imported
	OnHook  Reach = "hook"    // when an installer runs a hook that this file declares (a method of a command class)
	OnCall  Reach = "call"    // when somebody calls it
	Nowhere Reach = "nowhere" // never: behind a constant false, or TYPE_CHECKING
)

// Words of Fact.From beside the kinds of sources.
const (
	// ViaFile before a kind ("file:fetch") says that such data was written to a file
	// that this fact then uses.
	ViaFile = "file:"
	// ViaAuth before a kind ("auth:env") says that such data is only what a request
	// proves with who asks: the header or argument that is there for that.
	ViaAuth = "auth:"
	// Unfolded: text that the analyser knows to be put together at run time
	// (join, reverse, arithmetic on characters) and could not fold.
	Unfolded = "computed"
	// LongLiteral: a constant of at least 200 bytes in this file.
	LongLiteral = "long-literal"
)

// Fact is one thing that code does or holds.
type Fact struct {
	Kind   Kind   `json:"kind"`
	Name   string `json:"name,omitempty"` // the callee's full name whatever it was called ("subprocess.Popen", "child_process.exec"), or as its Kind says
	Line   int    `json:"line"`           // from 1
	Column int    `json:"column,omitempty"`
	Reach  Reach  `json:"reach,omitempty"`
	Scope  string `json:"scope,omitempty"` // "Class.method", "" at the top; facts of one scope stand together
	// Layer counts how many times text was decoded out of a constant, or was
	// taken from a constant that is run as code, before this fact was seen in it;
	// Line and Column are those of that constant in the file itself.
	Layer int `json:"layer,omitempty"`
	// From are the kinds of sources whose data reaches this fact, sorted.
	From []string `json:"from,omitempty"`
	// Args are constant arguments after folding, in order; what is not constant is "".
	Args []string `json:"args,omitempty"`
	// Marks are the indicators (package code/indicator) in the constants that reach it, sorted.
	Marks []string `json:"marks,omitempty"`
	// Disguised: its name, module or constants were put together from parts or
	// looked up by text although the language has a plain way to write it.
	Disguised bool `json:"disguised,omitempty"`
	// Text is the line of source it stands in, shortened around it, for a person.
	Text string `json:"text,omitempty"`
	// Units are the places in Facts.Outline that it stands in. Only who reads the
	// files of a package sees them.
	Units []int32 `json:"-"`
}

// Facts is what an analyser says of one file.
type Facts struct {
	Language Language `json:"language"`
	Facts    []Fact   `json:"facts,omitempty"` // in order of place
	// Unread says what could not be read as code, for a person; "" when all was.
	Unread string `json:"unread,omitempty"`
	// Cut: a limit ended the reading, not the text. Whatever is beyond would run all
	// the same and was not seen, so nobody may call such a file clean.
	Cut bool `json:"cut,omitempty"`
	// Dropped counts facts beyond the limits, which are not in Facts. It is a
	// fact of its own: somebody may want the reader to give up.
	Dropped int `json:"dropped,omitempty"`
	// Embedded are texts that the file's own code would run and that are to be
	// analysed in turn. Only analysers and package code/analyze see it.
	Embedded []Embedded `json:"-"`
	// Outline is nil where nothing is known of it. Only who reads the files of a
	// package sees it.
	Outline *Outline `json:"-"`
}

// Embedded is text that is code by what is done with it: given to exec or a
// shell, or decoded from a constant.
type Embedded struct {
	Language Language // what it is run as; "" when only decoded, and its bytes have to tell
	Text     []byte
	// In is the fact it belongs to: facts in the text take its place, reach and scope.
	In Fact
}

// File is the facts of one file of a package in its role.
type File struct {
	Path   string          `json:"path"` // as scan.Entry.Path; a file in an archive inside has "outer.zip!inner/path"
	SHA256 artifact.Digest `json:"sha256"`
	Size   int64           `json:"size"`
	Role   Role            `json:"role,omitempty"`
	// RunBy says who makes it run, for a person: "package.json scripts.postinstall".
	RunBy string `json:"run_by,omitempty"`
	Facts
}

// Limits of every analyser. What is beyond is counted in Facts.Dropped or said
// in Facts.Unread.
const (
	MostFacts   = 2000     // of one file, after identical ones were made one
	MostOfName  = 40       // with one kind and name
	MostArgs    = 16       // of one fact
	MostArg     = 512      // bytes of one argument
	MostText    = 160      // bytes of Fact.Text
	MostLayers  = 6        // how deep constants are decoded and read again: four layers of an obfuscator, and a shell's command in a shell's command
	MostDecoded = 1 << 20  // bytes that one file's constants may decode to, all together
	MostSource  = 16 << 20 // bytes of a file that is analysed at all; beyond, Facts.Unread says so
)

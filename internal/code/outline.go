package code

// Outline is what the code of one file has to do with other files of its package:
// who calls whom, by what names others reach its functions, and the constants that
// it gives them. No report holds one: scan/malware reads it to tell when functions
// run that another file calls, and what constants stand for that another file holds.
// A name of another file is written as this one says it: ".util.run", "pkg.util.run",
// "./util.js.run".
type Outline struct {
	Units []Unit          // those of Fact.Units; the first is what runs when the file does
	Names map[string]Name // what other files may ask this one for: "start", "Class.method"; "" is a module that is a function
	Stars []string        // modules all of whose names are names of this file too
	Reads []string        // names of other files that this one speaks of, sorted
}

// Unit is a function, a class body or the file.
type Unit struct {
	Reach Reach  // as its own file tells
	Calls []Call // each once
}

// Call is one edge of the call graph.
type Call struct {
	Unit  int32  // of this file; when Name is ""
	Name  string // a function, class or method of another file
	Under Reach  // when it takes place, if its unit runs
}

// Name is what a file's name stands for.
type Name struct {
	Units    []int32   // what runs when it is called
	Of       []string  // names of other files that it stands for, or classes that it is made from
	Constant *Constant // its value; nil when it is not constant
}

// Constant is a constant of one file that others import.
type Constant struct {
	Text  string
	Bytes bool
	List  bool       // of Items
	Items []Constant // of a list, or of a table with Keys
	Keys  []string
	From  []string // as Fact.From
	Odd   bool     // text out of character codes, reversal, decoding
	// Library is the name of a library, or of something in one, that this stands for:
	// "child_process.exec". There is no text then.
	Library string
	Made    bool // what calling Library gives: a session, a client
}

// Neighbours are the constants that names of other files stand for.
type Neighbours map[string]Constant

// Limits of an Outline. What is beyond is not followed between files.
const (
	MostUnits    = 64      // functions that one fact is known to stand in
	MostNames    = 4000    // of one file
	MostReads    = 4000    // of one file
	MostCalls    = 100_000 // of one file
	MostConstant = 1 << 20 // bytes of the constants of one file
)

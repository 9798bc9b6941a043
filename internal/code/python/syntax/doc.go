// Package syntax reads Python source, of 2.7 to 3.14 in one grammar, into a tree
// with positions. It is for looking at code that may have been written to be
// misread: it never fails and never panics, takes time and memory in proportion
// to the source, nests no deeper than its limits, and goes on behind what it
// cannot read, so that one stray quote or bracket hides nothing. What CPython
// would not accept is said in Tree.Errors. It runs nothing and opens nothing.
//
// Where the versions disagree, the newest that accepts the text is followed:
// print(x) is a call, print x is Python 2's statement. On what CPython accepts,
// functions, calls, imports and string constants and their places are those of
// its own ast module (https://docs.python.org/3/library/ast.html,
// https://docs.python.org/3/reference/grammar.html).
package syntax

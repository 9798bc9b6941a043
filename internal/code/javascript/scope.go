package javascript

// binding is one variable. What is assigned in a straight line of the function
// that owns it is known exactly there; everybody else sees all that was ever
// assigned.
type binding struct {
	atom    int32
	now     *value // in the function that owns it, at this moment
	all     *value // everything assigned, in any pass
	foreign *value // assigned by other functions
	writer  *fun   // the only one of those; several when there are more
	id      int    // names it where a path is known by the variable that holds it; 0 is none yet
}

// several stands for more than one function.
var several = &fun{}

type scope struct {
	parent *scope
	fn     *fun
	vars   []*binding
	index  map[int32]*binding
	live   bool // made by what is carried out: its variables hold one value at a time
}

func (s *scope) find(atom int32) *binding {
	if s.index != nil {
		return s.index[atom]
	}
	for _, b := range s.vars {
		if b.atom == atom {
			return b
		}
	}
	return nil
}

func (s *scope) declare(atom int32) *binding {
	if b := s.find(atom); b != nil {
		return b
	}
	b := &binding{atom: atom}
	s.vars = append(s.vars, b)
	switch {
	case s.index != nil:
		s.index[atom] = b
	case len(s.vars) > 12:
		s.index = make(map[int32]*binding, 24)
		for _, v := range s.vars {
			s.index[v.atom] = v
		}
	}
	return b
}

// lookup finds a variable and the scope that holds it.
func (s *scope) lookup(atom int32) (*binding, *scope) {
	for ; s != nil; s = s.parent {
		if b := s.find(atom); b != nil {
			return b, s
		}
	}
	return nil, nil
}

// fun is a function, a class or the program, the same one in every pass.
type fun struct {
	pos      int32
	value    *value // the function itself, made once: values do not change
	node     int32  // in the tree of generation gen
	gen      int32
	pass     int32 // the pass in which its body was last followed
	running  bool
	class    bool
	outer    *scope
	params   []*value // what it was called with
	this     *value
	proto    *value
	super    *value
	static   map[string]*value
	ret      *value
	title    string // its scope, for facts
	calls    []edge // who calls it
	called   map[edge]bool
	reach    uint8
	origin   *fun // of a closure that was made by what is carried out: the function that it is
	closures int  // that were followed in this pass, of an origin
	closedIn int32
	failed   int // how often it could not be carried out in this pass
	failedIn int32
	sent     *value // what a generator's next was given
	resolver *fun   // of a promise's function: what it calls with the result
	unit     int32
}

// edge is a call from a function, perhaps only when the file is the program.
type edge struct {
	from *fun
	main bool
}

// real is the function in the source.
func (f *fun) real() *fun {
	if f != nil && f.origin != nil {
		return f.origin
	}
	return f
}

func (f *fun) calledBy(from *fun, main bool) {
	f = f.real()
	e := edge{from.real(), main}
	for i := len(f.calls) - 1; i >= 0 && i >= len(f.calls)-8; i-- {
		if f.calls[i] == e {
			return
		}
	}
	if len(f.calls) > 8 {
		if f.called == nil {
			f.called = map[edge]bool{}
			for _, c := range f.calls {
				f.called[c] = true
			}
		}
		if f.called[e] {
			return
		}
		f.called[e] = true
	}
	f.calls = append(f.calls, e)
}

// prototype is the object that instances share: one for all of them.
func (f *fun) prototype() *value {
	if f.proto == nil {
		f.proto = newObject()
		f.proto.fn = f
	}
	return f.proto
}

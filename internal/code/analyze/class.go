package analyze

import (
	"encoding/binary"
	"strings"

	"github.com/gatehouse-project/gatehouse/internal/code"
	"github.com/gatehouse-project/gatehouse/internal/code/indicator"
)

// classFacts reads the constant pool of a Java class file (The Java Virtual Machine
// Specification, 4.4): the methods by which it starts programs, and constants that
// are indicators. When they run is not read. What is cut short gives what came before.
func classFacts(src []byte) []code.Fact {
	if len(src) < 10 {
		return nil
	}
	type constant struct {
		tag  byte
		a, b int
		text string
	}
	pool := make([]constant, int(binary.BigEndian.Uint16(src[8:])))
	at := 10
	for i := 1; i < len(pool); i++ {
		if at+3 > len(src) {
			break
		}
		c := constant{tag: src[at], a: int(binary.BigEndian.Uint16(src[at+1:]))}
		size := 5
		switch c.tag {
		case 1: // Utf8
			size = 3 + c.a
			if at+size > len(src) {
				return nil
			}
			c.text = string(src[at+3 : at+size])
		case 5, 6: // Long, Double: two places
			size = 9
		case 7, 8, 16, 19, 20: // Class, String, MethodType, Module, Package
			size = 3
		case 15: // MethodHandle
			size = 4
		case 9, 10, 11, 12: // references, NameAndType
			if at+5 > len(src) {
				return nil
			}
			c.b = int(binary.BigEndian.Uint16(src[at+3:]))
		}
		pool[i] = c
		at += size
		if size == 9 {
			i++
		}
	}
	get := func(i int) constant {
		if i < len(pool) {
			return pool[i]
		}
		return constant{}
	}
	var out []code.Fact
	for _, c := range pool {
		if len(out) >= code.MostFacts {
			break
		}
		switch c.tag {
		case 8:
			text := get(c.a).text
			if marks := indicator.Marks(text); len(marks) > 0 {
				out = append(out, code.Fact{Kind: code.String, Line: 1, Reach: code.OnCall, Args: []string{text}, Marks: marks})
			}
		case 10:
			name := strings.ReplaceAll(get(get(c.a).a).text, "/", ".") + "." + get(get(c.b).a).text
			switch name {
			case "java.lang.Runtime.exec", "java.lang.ProcessBuilder.start":
				out = append(out, code.Fact{Kind: code.Exec, Name: name, Line: 1, Reach: code.OnCall})
			}
		}
	}
	return out
}

// Command unicode writes the tables of pkg/unicode, from the Unicode version
// of the Go toolchain that runs it: every set of characters is asked for rune
// by rune. Run it as
//
//	go run ./gen/unicode ../../pkg/unicode
//
// A set becomes a constant string of its edges, the runes at which membership
// changes; each edge is three characters of six bits, from ' ' on. Eighteen
// bits reach plane 3; what is above is squeezed by code, which keeps the order.
package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// code must be the same as in pkg/unicode/table.vo.
func code(r rune) rune {
	if r < 0x38000 {
		return r
	}
	plane, low := r>>16, r&0xFFFF
	half := rune(0)
	if low >= 0xFFFE {
		half = 1
	}
	if plane == 14 {
		if low < 0x1000 {
			return 0x38100 + low
		}
		return 0x39100 + half
	}
	if plane < 14 {
		return 0x38000 + plane*2 + half
	}
	return 0x39110 + plane*2 + half
}

func encode(v rune) string {
	return string([]byte{' ' + byte(v>>12), ' ' + byte(v>>6&63), ' ' + byte(v&63)})
}

func edges(in func(rune) bool) string {
	var b strings.Builder
	last := false
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if now := in(r); now != last {
			if r > 0 && code(r) == code(r-1) {
				panic(fmt.Sprintf("the edge %U has no code", r))
			}
			b.WriteString(encode(code(r)))
			last = now
		}
	}
	return b.String()
}

type file struct {
	*bufio.Writer
	f *os.File
}

func create(name string) file {
	f, err := os.Create(filepath.Join(os.Args[1], name))
	if err != nil {
		panic(err)
	}
	w := file{bufio.NewWriter(f), f}
	fmt.Fprint(w, "package unicode\n\n// Made by tests/against-go/gen/unicode; do not edit.\n")
	return w
}

func (w file) close() {
	w.Flush()
	w.f.Close()
}

func (w file) constant(name, s string) {
	fmt.Fprintf(w, "\nconst %s = \"\"", name)
	for len(s) > 0 {
		n := min(len(s), 90)
		fmt.Fprintf(w, " +\n\t`%s`", s[:n])
		s = s[n:]
	}
	fmt.Fprintln(w)
}

// aliases are the second names of categories.
var aliases = map[string]string{"L": "Letter", "Ll": "Lower", "Lt": "Title", "Lu": "Upper", "M": "Mark", "N": "Number", "Nd": "Digit", "C": "Other", "P": "Punct", "Z": "Space", "S": "Symbol"}

// tables writes one kind of set: variables, constants, and the map of names.
func tables(w file, doc, mapName string, m map[string]*unicode.RangeTable) {
	names := slices.Sorted(maps.Keys(m))
	fmt.Fprintf(w, "\n// %s\nvar (\n", doc)
	for _, name := range names {
		fmt.Fprintf(w, "\t%s = newTable(edges%s)\n", name, strings.ReplaceAll(name, "_", ""))
		if a := aliases[name]; a != "" && mapName == "Categories" {
			fmt.Fprintf(w, "\t%s = %s\n", a, name)
		}
	}
	fmt.Fprintf(w, ")\n\n// %s names them.\nvar %s = map[string]*RangeTable{\n", mapName, mapName)
	for _, name := range names {
		fmt.Fprintf(w, "\t%q: %s,\n", name, name)
	}
	fmt.Fprint(w, "}\n")
	for _, name := range names {
		t := m[name]
		w.constant("edges"+strings.ReplaceAll(name, "_", ""), edges(func(r rune) bool { return unicode.Is(t, r) }))
	}
}

func folds(w file, doc, mapName string, m map[string]*unicode.RangeTable) {
	fmt.Fprintf(w, "\n// %s\nvar %s = map[string]*RangeTable{\n", doc, mapName)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		t := m[name]
		s := edges(func(r rune) bool { return unicode.Is(t, r) })
		fmt.Fprintf(w, "\t%q: newTable(`%s`),\n", name, s)
	}
	fmt.Fprint(w, "}\n")
}

func delta(d rune) string {
	if d > unicode.MaxRune {
		return encode(0x3FFFF)
	}
	return encode(d + 0x20000)
}

func main() {
	w := create("categories.vo")
	fmt.Fprintf(w, "\n// Version is the Unicode edition of the tables.\nconst Version = %q\n", unicode.Version)
	tables(w, "The general categories; a single letter stands for all that begin with it.", "Categories", unicode.Categories)
	fmt.Fprint(w, "\n// CategoryAliases maps long names of categories to the short ones.\nvar CategoryAliases = map[string]string{\n")
	for _, k := range slices.Sorted(maps.Keys(unicode.CategoryAliases)) {
		fmt.Fprintf(w, "\t%q: %q,\n", k, unicode.CategoryAliases[k])
	}
	fmt.Fprint(w, "}\n")
	folds(w, "FoldCategory maps the name of a category to the characters outside it that equal some in it but for case.", "FoldCategory", unicode.FoldCategory)
	w.close()

	w = create("scripts.vo")
	tables(w, "The scripts.", "Scripts", unicode.Scripts)
	folds(w, "FoldScript maps the name of a script to the characters outside it that equal some in it but for case.", "FoldScript", unicode.FoldScript)
	w.close()

	w = create("properties.vo")
	tables(w, "The properties.", "Properties", unicode.Properties)
	w.close()

	w = create("cases.vo")
	var b strings.Builder
	for _, c := range unicode.CaseRanges {
		b.WriteString(encode(rune(c.Lo)) + encode(rune(c.Hi)) + delta(c.Delta[0]) + delta(c.Delta[1]) + delta(c.Delta[2]))
	}
	fmt.Fprint(w, "\n// caseTable has records of 15 characters: first and last rune, and what to add\n// for upper, lower and title case (plus 0x20000; 0x3FFFF for alternating pairs).")
	w.constant("caseTable", b.String())
	b.Reset()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		simple := unicode.ToLower(r)
		if simple == r {
			simple = unicode.ToUpper(r)
		}
		if f := unicode.SimpleFold(r); f != simple {
			b.WriteString(encode(r) + encode(f))
		}
	}
	fmt.Fprint(w, "\n// foldTable has records of 6 characters: a rune, and what SimpleFold gives for\n// it where that is not just the other case.")
	w.constant("foldTable", b.String())
	b.Reset()
	for r := rune(0); r < 256; r++ {
		b.WriteByte(class(r))
	}
	fmt.Fprint(w, "\n// latinClass has a letter for each rune below 256: U, L and O for letters (upper\n// case, lower case, other), N number, P punctuation, S symbol, Z space, C control,\n// F format character.")
	w.constant("latinClass", b.String())
	w.close()
}

func class(r rune) byte {
	switch {
	case unicode.IsUpper(r):
		return 'U'
	case unicode.IsLower(r):
		return 'L'
	case unicode.IsLetter(r):
		return 'O'
	case unicode.IsNumber(r):
		return 'N'
	case unicode.IsPunct(r):
		return 'P'
	case unicode.IsSymbol(r):
		return 'S'
	case unicode.Is(unicode.Zs, r):
		return 'Z'
	case unicode.IsControl(r):
		return 'C'
	case unicode.Is(unicode.Cf, r):
		return 'F'
	}
	panic(r)
}

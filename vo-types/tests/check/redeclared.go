package p

type T struct {
	a int
	a string // ERROR "2: a redeclared"
}

func (T) m() {}
func (T) m() {} // ERROR "10: method T.m already declared at redeclared.go:8:10"
func (T) a() {} // ERROR "10: field and method with the same name a"

var x int
var x string // ERROR "5: x redeclared in this block"

func f(a, a int) { // ERROR "11: a redeclared in this block"
	b := 1 // ERROR "2: declared and not used: b"
	b := 2 // ERROR "4: no new variables on left side of :="
	c, c := 3, 4 // ERROR "2: declared and not used: c" "5: c repeated on left side of :="
	var b int // ERROR "6: b redeclared in this block"
}

type I interface {
	m()
	m() // ERROR "2: duplicate method m"
}

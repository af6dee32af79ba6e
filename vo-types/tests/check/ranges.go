package p

type it func(yield func(int, string) bool)

func f(i it, n int8, s string, m map[string]int, c chan int, p *[3]int, q *[]int, x struct{}) {
	for a, b := range i {
		var _ int = a
		var _ string = b
	}
	for a := range n {
		var _ int8 = a
	}
	for a, b := range n { // ERROR "6: declared and not used: a" "9: range over n (variable of type int8) permits only one iteration variable"
	}
	for a, b := range s {
		var _ int = a
		var _ rune = b
	}
	for k, v := range m {
		var _ int = k // ERROR "15: cannot use k (variable of type string) as int value in variable declaration"
		_ = v
	}
	for v, w := range c { // ERROR "6: declared and not used: v" "9: range over c (variable of type chan int) permits only one iteration variable"
	}
	for range p {
	}
	for range q { // ERROR "12: cannot range over q (variable of type *[]int)"
	}
	for range x { // ERROR "12: cannot range over x (variable of type struct{})"
	}
	for range 10 {
	}
	for range 1.5 { // ERROR "12: cannot range over 1.5 (untyped float constant)"
	}
	for range func(int) {} { // ERROR "12: cannot range over func(int) {} (value of type func(int)): func must be func(yield func(...) bool): argument is not func"
	}
	for range func(func() bool) {} {
	}
	for range func(func(int)) {} { // ERROR "12: cannot range over func(func(int)) {} (value of type func(func(int))): func must be func(yield func(...) bool): yield func does not return bool"
	}
	var k string // ERROR "6: declared and not used: k"
	for k = range s { // ERROR "6: cannot use k (value of type int) as string value in assignment"
	}
	for range so { // ERROR "12: cannot range over so (variable of type chan<- int): receive from send-only channel chan<- int"
	}
	for i := range i.x { // ERROR "19: i.x undefined (type it has no field or method x)"
	}
}

var so chan<- int

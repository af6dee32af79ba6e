package p

type S struct{ f []int }

func f(a int, b string, c bool, d []int, e float64, g S, h func(), i any, p *int) {
	_ = a + b // ERROR "6: invalid operation: a + b (mismatched types int and string)"
	_ = b - b // ERROR "6: invalid operation: operator - not defined on b (variable of type string)"
	_ = !a // ERROR "7: invalid operation: operator ! not defined on a (variable of type int)"
	_ = -b // ERROR "7: invalid operation: operator - not defined on b (variable of type string)"
	_ = ^e // ERROR "7: invalid operation: operator ^ not defined on e (variable of type float64)"
	_ = a && c // ERROR "6: invalid operation: a && c (mismatched types int and bool)"
	_ = d == d // ERROR "6: invalid operation: d == d (slice can only be compared to nil)"
	_ = d == nil
	_ = g == g // ERROR "6: invalid operation: g == g (struct containing []int cannot be compared)"
	_ = h == nil
	_ = h == h // ERROR "6: invalid operation: h == h (func can only be compared to nil)"
	_ = i == a
	_ = i == d // ERROR "11: invalid operation: i == d (slice can only be compared to nil)"
	_ = a == nil // ERROR "11: invalid operation: a == nil (mismatched types int and untyped nil)"
	_ = a < b // ERROR "10: invalid operation: a < b (mismatched types int and string)"
	_ = c < c // ERROR "6: invalid operation: c < c (operator < not defined on bool)"
	_ = a % 0 // ERROR "10: invalid operation: division by zero"
	_ = e % 2 // ERROR "6: invalid operation: operator % not defined on e (variable of type float64)"
	_ = a << e // ERROR "11: invalid operation: shift count e (variable of type float64) must be integer"
	_ = a << 2.0
	_ = e << 1 // ERROR "6: invalid operation: shifted operand e (variable of type float64) must be integer"
	_ = *a // ERROR "7: invalid operation: cannot indirect a (variable of type int)"
	_ = &1 // ERROR "7: invalid operation: cannot take address of 1 (untyped int constant)"
	_ = &a
	_ = &S{}
	_ = p + 1 // ERROR "6: invalid operation: p + 1 (mismatched types *int and untyped int)"
	_ = a / 1.5 // ERROR "10: 1.5 (untyped float constant) truncated to int"
	a++
	b++ // ERROR "2: invalid operation: b++ (non-numeric type string)"
	a += "x" // ERROR "2: invalid operation: a += \"x\" (mismatched types int and untyped string)"
	b += "x"
	_ = nil == nil // ERROR "13: invalid operation: nil == nil (operator == not defined on untyped nil)"
}

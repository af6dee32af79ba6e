// run

package main

import "fmt"

// The next variable is always the first in the source that needs nothing any more: through functions that
// call each other, groups that one call initialises, and variables without a value.

var a = step("a", c, even(3))
var b = step("b")
var c = step("c", d)
var d, e = pair(h)
var f = step("f", late)
var g = step("g", f, T{}.value())
var h = step("h")
var late int
var _ = step("blank", i)
var i = step("i")
var base = step("base")
var fromMethod = step("fromMethod")

type T struct{}

func (T) value() int { return fromMethod }

func step(name string, needs ...int) int {
	fmt.Println(name, needs)
	return len(name)
}

func pair(x int) (int, int) {
	fmt.Println("d, e", x)
	return x, x + 1
}

func even(n int) number {
	if n == 0 {
		return base
	}
	return odd(n - 1)
}

func odd(n int) number {
	if n == 0 {
		return -base
	}
	return even(n - 1)
}

type number = int

func main() {
	fmt.Println(a, b, c, d, e, f, g, h, late, i)
}

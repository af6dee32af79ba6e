// Operands of different types.

package main

func main() {
	n := 3
	f := 1.5
	println(n * f)
}

// An expression that does nothing.

package main

func main() {
	x := 1
	x + 1
	append([]int{}, x)
}

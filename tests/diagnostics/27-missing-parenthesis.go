// A parenthesis that is not closed.

package main

func main() {
	println("a", "b"
}

// A string that is not closed.

package main

func main() {
	println("hello)
}

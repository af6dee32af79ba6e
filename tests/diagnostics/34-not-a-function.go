// A call of what is no function.

package main

func main() {
	total := 3
	println(total())
}

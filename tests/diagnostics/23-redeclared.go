// A name declared twice.

package main

func main() {
	var x int
	println(x)
	var x string
	println(x)
}

// A := that declares nothing new.

package main

func main() {
	n := 1
	n := 2
	println(n)
}

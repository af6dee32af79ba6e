// An argument of another type.

package main

func greet(name string) { println("hello", name) }

func main() {
	greet(7)
}

// A number added to a string.

package main

func main() {
	age := 42
	println("age: " + age)
}

// A package that is not imported.

package main

func main() {
	println(strings.ToUpper("a"))
}

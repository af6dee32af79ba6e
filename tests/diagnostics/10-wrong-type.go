// A value of another type than the variable's.

package main

func main() {
	var port int = "8080"
	println(port)
}

// A misspelt name.

package main

func main() {
	count := 1
	println(count, cuont)
}

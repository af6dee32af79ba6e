// An import path that is not quite right.

package main

import "string"

func main() {
	println(string.ToUpper("a"))
}

// One variable for two results.

package main

import "strconv"

func main() {
	n := strconv.Atoi("12")
	println(n)
}

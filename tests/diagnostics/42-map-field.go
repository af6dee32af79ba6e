// A field of a struct in a map.

package main

type point struct{ x, y int }

func main() {
	m := map[string]point{}
	m["a"].x = 1
	println(len(m))
}

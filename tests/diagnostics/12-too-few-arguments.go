// Too few arguments.

package main

func area(width, height int) int { return width * height }

func main() {
	println(area(3))
}

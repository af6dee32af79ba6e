// A case that stands twice.

package main

func main() {
	switch n := 3; n {
	case 1, 2:
		println("few")
	case 2, 3:
		println("many")
	}
}

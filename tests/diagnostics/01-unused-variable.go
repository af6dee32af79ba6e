// A variable that nothing uses.

package main

func main() {
	total := 0
	for i := range 10 {
		println(i)
	}
}

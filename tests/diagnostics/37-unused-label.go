// A label that nothing uses.

package main

func main() {
retry:
	for i := range 3 {
		println(i)
	}
}

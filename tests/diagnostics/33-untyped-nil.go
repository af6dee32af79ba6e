// A variable that is nil and nothing else.

package main

func main() {
	p := nil
	println(p)
}

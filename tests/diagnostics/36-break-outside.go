// A break outside of a loop.

package main

func main() {
	if true {
		break
	}
}

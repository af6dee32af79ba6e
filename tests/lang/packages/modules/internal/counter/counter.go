package counter

import "fmt"

var n int

func init() {
	n = 100
	fmt.Println("counter: init")
}

// Next counts up.
func Next() int {
	n++
	return n
}

// run
// A loop that counts, but not in every turn, lets others run while it waits for them.
package main

import (
	"fmt"
	"sync/atomic"
)

var flag atomic.Int32

func spin() int {
	i := 0
	for i < 10 {
		if flag.Load() == 0 && i == 5 {
			continue
		}
		i++
	}
	return i
}
func main() {
	for k := 0; k < 3000; k++ {
		flag.Store(1)
		spin()
	}
	flag.Store(0)
	go func() { flag.Store(1) }()
	fmt.Println(spin())
}

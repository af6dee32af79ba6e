// run
// A goroutine that its timer has woken, after a while in which nothing ran, gives way to others.
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

func main() {
	runtime.GOMAXPROCS(1)
	for range 3 {
		time.Sleep(60 * time.Millisecond)
		var stop atomic.Bool
		go stop.Store(true)
		n := 0
		for !stop.Load() {
			n++
		}
		fmt.Println("stopped")
	}
}

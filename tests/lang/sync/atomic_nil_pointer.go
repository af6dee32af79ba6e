// run
// Storing through a nil address panics, also while the collector marks.
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

type node struct {
	next *node
	data [6]int
}

var kept *node

func faults(f func()) (failed bool) {
	defer func() { failed = recover() != nil }()
	f()
	return
}

func main() {
	for range 10_000 {
		kept = &node{next: kept}
	}
	done := make(chan bool)
	go func() {
		for range 30 {
			runtime.GC()
		}
		close(done)
	}()
	tries, faulted := 0, 0
	for running := true; running; tries++ {
		var to *unsafe.Pointer
		ok := faults(func() { atomic.StorePointer(to, nil) }) &&
			faults(func() { atomic.SwapPointer(to, unsafe.Pointer(kept)) }) &&
			faults(func() { atomic.CompareAndSwapPointer(to, nil, nil) })
		if ok {
			faulted++
		}
		select {
		case <-done:
			running = false
		default:
		}
	}
	fmt.Println(tries == faulted)
}

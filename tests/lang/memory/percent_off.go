// run

// The collector can be switched off and on again; on demand it works all the same.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

var kept []byte

func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumGC
}

func allocate() {
	for range 10_000 {
		kept = make([]byte, 1000)
	}
}

func main() {
	fmt.Println(debug.SetGCPercent(-1))
	allocate()
	before := collections()
	runtime.GC()
	fmt.Println(collections() > before)
	allocate()
	fmt.Println(debug.SetGCPercent(100))
	before = collections()
	allocate()
	fmt.Println(collections() > before)
}

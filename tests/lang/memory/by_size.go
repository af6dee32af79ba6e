// run
// MemStats counts objects by size class.
package main

import (
	"fmt"
	"runtime"
)

type six [6]int

var keep []*six

func ofSize(size uint32) (mallocs, frees uint64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for _, class := range m.BySize {
		if class.Size == size {
			return class.Mallocs, class.Frees
		}
	}
	return 0, 0
}

func main() {
	before, _ := ofSize(48)
	for i := range 1000 {
		keep = append(keep, &six{i})
	}
	mallocs, frees := ofSize(48)
	fmt.Println(mallocs-before >= 1000, mallocs-frees >= 1000)
	keep = nil
	runtime.GC()
	runtime.GC()
	_, after := ofSize(48)
	fmt.Println(after-frees >= 900)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	sorted := true
	for i := 1; i < len(m.BySize); i++ {
		sorted = sorted && m.BySize[i-1].Size < m.BySize[i].Size
	}
	fmt.Println(m.BySize[0].Size, m.BySize[60].Size, sorted)
}

// How long does the collector stop a program that holds a gigabyte of small linked objects and allocates as
// fast as it can? Runs under Vo and Go alike; see benches/README.md.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"
)

type node struct {
	left, right *node
	key         int
	load        [5]int
}

func build(depth, key int) *node {
	n := &node{key: key}
	if depth > 0 {
		n.left, n.right = build(depth-1, 2*key), build(depth-1, 2*key+1)
	}
	return n
}

// replace puts a new subtree somewhere into the tree, so that old objects die everywhere.
func replace(root *node, r uint64, depth int) {
	n := root
	for range depth {
		if r&1 == 0 {
			n = n.left
		} else {
			n = n.right
		}
		r >>= 1
	}
	if r&1 == 0 {
		n.left = build(5, 1)
	} else {
		n.right = build(5, 1)
	}
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func show(what string, all []time.Duration) {
	slices.Sort(all)
	fmt.Printf("%s: %d, median %v, p99 %v, p99.9 %v, max %v\n", what, len(all), quantile(all, 0.5),
		quantile(all, 0.99), quantile(all, 0.999), all[len(all)-1])
}

func main() {
	depth, seconds := 23, 10
	if len(os.Args) > 1 {
		depth, _ = strconv.Atoi(os.Args[1])
	}
	if len(os.Args) > 2 {
		seconds, _ = strconv.Atoi(os.Args[2])
	}
	began := time.Now()
	root := build(depth, 1)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("built in %v: %d MB, %d objects\n", time.Since(began).Round(time.Millisecond), m.HeapAlloc>>20, m.HeapObjects)

	// The pauses as the mutator sees them: how much longer a short step takes than it should.
	var steps []time.Duration
	before := m.NumGC
	r := uint64(88172645463325252)
	replaced := 0
	for end := time.Now().Add(time.Duration(seconds) * time.Second); ; {
		start := time.Now()
		for range 16 {
			r ^= r << 13
			r ^= r >> 7
			r ^= r << 17
			replace(root, r, depth-6)
			replaced++
		}
		now := time.Now()
		steps = append(steps, now.Sub(start))
		if now.After(end) {
			break
		}
	}
	runtime.ReadMemStats(&m)
	var s debug.GCStats
	debug.ReadGCStats(&s)
	fmt.Printf("replaced %d subtrees of 63 objects, %d collections, %d MB from the system\n", replaced, m.NumGC-before, m.Sys>>20)
	show("steps of 16 subtrees", steps)
	show("stops per collection", s.Pause)
	runtime.KeepAlive(root)
}

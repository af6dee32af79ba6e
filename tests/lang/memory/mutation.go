// run
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Pointers wander between all the places that can hold them while others collect; each node knows what it must contain.

type node struct {
	left, right *node
	key         int
	check       int
	any         any
	text        string
}

func newNode(key int) *node {
	return &node{key: key, check: key * 7919, any: &key, text: fmt.Sprint(key)}
}

func (n *node) ok() int {
	if n == nil {
		return 0
	}
	if n.check != n.key*7919 || n.text != fmt.Sprint(n.key) || *n.any.(*int) != n.key {
		panic(fmt.Sprintf("node %d is spoilt: %d %q", n.key, n.check, n.text))
	}
	return 1
}

func tree(depth, key int) *node {
	n := newNode(key)
	if depth > 0 {
		n.left, n.right = tree(depth-1, 2*key), tree(depth-1, 2*key+1)
	}
	return n
}

func (n *node) count() int {
	if n == nil {
		return 0
	}
	return n.ok() + n.left.count() + n.right.count()
}

// rotate takes subtrees out of the tree and puts them back elsewhere.
func rotate(n *node, r uint32) {
	for n != nil && n.left != nil {
		l := n.left
		n.left = nil
		x := n.right
		n.right = l
		n.left = x
		if r&1 == 0 {
			n = n.left
		} else {
			n = n.right
		}
		r = r>>1 | r<<31
	}
}

type holder struct {
	a, b *node
	rest []*node
}

func worker(id int, in <-chan *node, out chan<- *node, shared *unsafe.Pointer) int {
	root := tree(5, 1)
	slice := make([]*node, 32)
	byKey := map[int]*node{}
	byText := map[string]holder{}
	r := uint32(id*2654435761 + 1)
	total := 0
	for i := 0; i < 100; i++ {
		r = r*1664525 + 1013904223
		rotate(root, r)
		n := newNode(i)
		k := int(r>>8) % len(slice)
		old := slice[k]
		slice[k] = n
		total += old.ok()
		copy(slice[1:], slice)
		slice = append(slice[:16], slice[20:]...)
		for len(slice) < 32 {
			slice = append(slice, nil)
		}
		byKey[i%50] = n
		delete(byKey, (i+25)%50)
		h := byText[fmt.Sprint(k)]
		h.rest = append(h.rest, n)
		h.a, h.b = h.b, n
		if len(h.rest) > 8 {
			clear(h.rest[:4])
			h.rest = h.rest[4:]
		}
		byText[fmt.Sprint(k)] = h
		total += h.a.ok() + h.b.ok()
		if prev := (*node)(atomic.SwapPointer(shared, unsafe.Pointer(n))); prev != nil {
			total += prev.ok()
		}
		select {
		case m := <-in:
			total += m.ok()
			byKey[i%50] = m
		case out <- byKey[i%50]:
			byKey[i%50] = nil
		}
		if i%40 == 0 {
			clear(byKey)
		}
	}
	for _, h := range byText {
		for _, n := range h.rest {
			total += n.ok()
		}
	}
	for _, n := range byKey {
		total += n.ok()
	}
	if c := root.count(); c != 63 {
		panic(fmt.Sprint("tree has ", c))
	}
	if total == 0 {
		panic("nothing was looked at")
	}
	return root.count()
}

func main() {
	pipe := make(chan *node, 8)
	var shared unsafe.Pointer
	var all sync.WaitGroup
	counts := make([]int, 4)
	done := make(chan bool)
	go func() {
		for {
			select {
			case <-done:
				return
			case n := <-pipe:
				n.ok()
			default:
				runtime.Gosched()
			}
		}
	}()
	for id := range counts {
		all.Add(1)
		go func() {
			defer all.Done()
			counts[id] = worker(id, pipe, pipe, &shared)
		}()
	}
	all.Wait()
	close(done)
	runtime.GC()
	fmt.Println(counts)
}

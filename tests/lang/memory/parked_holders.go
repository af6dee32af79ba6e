// run
// What only a waiting goroutine holds, in its frames or as what it sends, stays alive while collections go on, and moves on whole.
package main

import "fmt"

type node struct {
	next *node
	n    int
}

func list(of int) *node {
	var l *node
	for i := range 3 {
		l = &node{l, 10*of + i}
	}
	return l
}

func check(l *node, of int) {
	for i := 2; i >= 0; i-- {
		if l.n != 10*of+i {
			panic(fmt.Sprintf("list %d holds %d", of, l.n))
		}
		l = l.next
	}
	if l != nil {
		panic("a list that does not end")
	}
}

type parcel struct {
	list *node
	of   int
}

// holder waits twice: with the list in its frame, and with the list as what it sends.
func holder(of int, wake <-chan bool, out chan<- parcel) {
	l := list(of)
	<-wake
	out <- parcel{l, of}
}

var garbage *node

func litter(n int) {
	for i := range n {
		garbage = &node{nil, i}
	}
}

const holders, rounds = 200, 3

func main() {
	shelf := make([]*node, holders)
	for round := range rounds {
		var wakes [holders]chan bool
		out := make(chan parcel, round)
		for i := range holders {
			wakes[i] = make(chan bool, 1)
			go holder(i, wakes[i], out)
		}
		litter(300)
		for i := range holders {
			wakes[i*7%holders] <- true
			if i >= 20 {
				// Some twenty wait to send.
				p := <-out
				shelf[p.of] = p.list
			}
			litter(5)
		}
		for range 20 {
			p := <-out
			shelf[p.of] = p.list
		}
		litter(300)
		for i, l := range shelf {
			check(l, i)
			shelf[i] = nil
		}
	}
	fmt.Println("all there")
}

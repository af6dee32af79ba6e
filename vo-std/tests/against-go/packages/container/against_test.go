package container_test

import (
	goheap "container/heap"
	golist "container/list"
	goring "container/ring"
	"fmt"
	"math/rand"
	"testing"

	"vostd/container/heap"
	"vostd/container/list"
	"vostd/container/ring"
)

type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i]/2 < h[j]/2 }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ints) Push(x any)        { *h = append(*h, x.(int)) }
func (h *ints) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// The layout of the heap is compared, not only what comes out.
func TestHeap(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for round := 0; round < 2000; round++ {
		var a, b ints
		for n := rng.Intn(40); n > 0; n-- {
			x := rng.Intn(50)
			a, b = append(a, x), append(b, x)
		}
		heap.Init(&a)
		goheap.Init(&b)
		for step := 0; step < 50; step++ {
			x := rng.Intn(50)
			switch {
			case len(a) == 0 || x < 15:
				heap.Push(&a, x)
				goheap.Push(&b, x)
			case x < 30:
				if heap.Pop(&a) != goheap.Pop(&b) {
					t.Fatal("Pop")
				}
			case x < 40:
				i := rng.Intn(len(a))
				if heap.Remove(&a, i) != goheap.Remove(&b, i) {
					t.Fatal("Remove")
				}
			default:
				i := rng.Intn(len(a))
				a[i], b[i] = x, x
				heap.Fix(&a, i)
				goheap.Fix(&b, i)
			}
			if fmt.Sprint(a) != fmt.Sprint(b) {
				t.Fatalf("%v, want %v", a, b)
			}
		}
	}
}

func TestList(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for round := 0; round < 60; round++ {
		var a [2]list.List
		var b [2]golist.List
		ea, eb := []*list.Element{{}}, []*golist.Element{{}}
		add := func(x *list.Element, y *golist.Element) {
			if (x == nil) != (y == nil) {
				t.Fatal("nil")
			}
			if x != nil {
				ea, eb = append(ea, x), append(eb, y)
			}
		}
		for step := 0; step < 100; step++ {
			l := rng.Intn(2)
			p, q := &a[l], &b[l]
			i, j := rng.Intn(len(ea)), rng.Intn(len(ea))
			switch rng.Intn(12) {
			case 0, 1:
				add(p.PushBack(step), q.PushBack(step))
			case 2, 3:
				add(p.PushFront(step), q.PushFront(step))
			case 4:
				add(p.InsertAfter(step, ea[i]), q.InsertAfter(step, eb[i]))
			case 5:
				add(p.InsertBefore(step, ea[i]), q.InsertBefore(step, eb[i]))
			case 6:
				if p.Remove(ea[i]) != q.Remove(eb[i]) {
					t.Fatal("Remove")
				}
			case 7:
				p.MoveToFront(ea[i])
				q.MoveToFront(eb[i])
			case 8:
				p.MoveToBack(ea[i])
				q.MoveToBack(eb[i])
			case 9:
				p.MoveAfter(ea[i], ea[j])
				q.MoveAfter(eb[i], eb[j])
			case 10:
				p.MoveBefore(ea[i], ea[j])
				q.MoveBefore(eb[i], eb[j])
			case 11:
				if p.Len()+q.Len() < 40 {
					o := rng.Intn(2)
					p.PushBackList(&a[o])
					q.PushBackList(&b[o])
					p.PushFrontList(&a[1-o])
					q.PushFrontList(&b[1-o])
				}
			}
			for l := range a {
				var s, s2, r, r2 []any
				for e := a[l].Front(); e != nil; e = e.Next() {
					s = append(s, e.Value)
				}
				for e := b[l].Front(); e != nil; e = e.Next() {
					s2 = append(s2, e.Value)
				}
				for e := a[l].Back(); e != nil; e = e.Prev() {
					r = append(r, e.Value)
				}
				for e := b[l].Back(); e != nil; e = e.Prev() {
					r2 = append(r2, e.Value)
				}
				if fmt.Sprint(s, r, a[l].Len()) != fmt.Sprint(s2, r2, b[l].Len()) {
					t.Fatalf("%v, want %v", s, s2)
				}
			}
		}
	}
}

func TestRing(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	for round := 0; round < 2000; round++ {
		n := rng.Intn(10) - 1
		a, b := ring.New(n), goring.New(n)
		if (a == nil) != (b == nil) {
			t.Fatal("New")
		}
		for i := 0; i < n; i++ {
			a.Value, b.Value = i, i
			a, b = a.Next(), b.Next()
		}
		for step := 0; step < 10 && a != nil; step++ {
			k := rng.Intn(15) - 3
			switch rng.Intn(5) {
			case 0:
				a, b = a.Move(k), b.Move(k)
			case 1:
				a.Unlink(k)
				b.Unlink(k)
			case 2:
				x, y := a.Link(&ring.Ring{Value: k}), b.Link(&goring.Ring{Value: k})
				if x.Value != y.Value {
					t.Fatal("Link")
				}
			case 3:
				a.Link(a.Move(k))
				b.Link(b.Move(k))
			case 4:
				a, b = a.Prev(), b.Prev()
			}
			var s, s2 []any
			a.Do(func(x any) { s = append(s, x) })
			b.Do(func(x any) { s2 = append(s2, x) })
			if fmt.Sprint(s, a.Len()) != fmt.Sprint(s2, b.Len()) {
				t.Fatalf("%v, want %v", s, s2)
			}
		}
	}
}

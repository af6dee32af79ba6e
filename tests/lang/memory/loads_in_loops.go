// run

// Loads whose address stays the same in a loop: what may write there, and what must not be read too early.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

type point struct {
	x, y  int
	f     float64
	next  *point
	items []int
	name  string
	any   any
	grid  [3][4]int
}

var (
	count  int
	table  []int
	global point
	limit  = &count
)

// Stores of one kind do not touch another.
func product(a, b, c [][]float64) {
	for i := range a {
		for k := range b {
			for j := range c[i] {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
}

// Rows of the matrix are replaced while it is walked.
func replaceRows(m [][]int) int {
	sum := 0
	for i := 0; i < 12; i++ {
		sum = sum*3 + m[1][0] + len(m[1])
		m[i%3] = m[(i+1)%3][:len(m[(i+1)%3])-i%2]
		if len(m[1]) < 2 {
			m[1] = []int{i, i + 1, i + 2, i + 3}
		}
	}
	return sum
}

// The slice that is read is the one that is written, by another name.
func overlapping(a []int) []int {
	b := a[2:]
	for i := 0; i < len(b); i++ {
		b[i] = a[2] + a[i]
	}
	return a
}

// The table's length is changed through a pointer to it.
func through(p *[]int) (lens []int) {
	for i := 0; i < 4; i++ {
		lens = append(lens, len(table), cap(table[:1]))
		*p = append((*p)[:len(*p):len(*p)], i)
	}
	return
}

// A slice in a field grows until it is long enough.
func fill(p *point, n int) (caps int) {
	for len(p.items) < n {
		p.items = append(p.items, len(p.items))
		caps += cap(p.items[:0:len(p.items)])
	}
	for len(p.name) < n {
		p.name += "."
	}
	return caps + len(p.name)
}

// An interior pointer writes what the loop's condition reads.
func interior(p *point) int {
	q := &p.x
	turns := 0
	for i := 0; p.x < 10; i++ {
		*q += 1 + i%2
		turns++
	}
	return turns
}

// Two pointers that may be the same.
func twoNames(p, q *point) int {
	sum := 0
	for i := 0; i < 5; i++ {
		sum += p.x
		q.x = sum + i
		sum += p.y
		q.next = p
		sum += q.next.y
	}
	return sum
}

// A field is written by a copy of the whole.
func wholeCopies(p *point, others []point) (seen []int) {
	for i := range others {
		seen = append(seen, p.x, len(p.items), int(p.f))
		*p = others[i]
	}
	for i := 0; i < 2; i++ {
		seen = append(seen, p.x, len(p.name))
		*p = point{}
	}
	return
}

// Globals: by name, by address, by a call.
func globals() (seen []int) {
	count = 0
	for i := 0; i < 3; i++ {
		seen = append(seen, count)
		*limit = i * 10
		seen = append(seen, count)
		count++
	}
	bump := func() { global.x += 7 }
	for i := 0; i < 3; i++ {
		seen = append(seen, global.x)
		bump()
	}
	return
}

// A list is walked and changed on the way.
func chain(head *point) (seen []int) {
	p := head
	for i := 0; i < 6; i++ {
		seen = append(seen, head.next.x)
		if i == 2 {
			head.next = &point{x: 100, next: head}
		}
		p = p.next
		seen = append(seen, p.x)
	}
	return
}

// nil is not touched where the loop does not come to it.
func neverComes(p *point, n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		if i > 100 {
			sum += p.x + len(p.items)
		}
		sum++
	}
	return sum
}

// What was done before the nil pointer was come to, has been done.
func comesToNil(p *point, out []int) (err any) {
	defer func() { err = recover() }()
	for i := range out {
		out[i] = i + 1
		if i == 3 {
			out[i] = p.x
		}
	}
	return
}

// The same for an index.
func comesToIndex(m [][]int, k int, out []int) (err any) {
	defer func() { err = recover() }()
	for i := range out {
		out[i]++
		if i >= 2 {
			out[i] += m[k][1]
		}
	}
	return
}

// A word of an interface is an address only where the type says so.
func words(vs []any, first any) int {
	sum := 0
	for range vs {
		for i := 0; i < 3; i++ {
			if p, ok := first.(*point); ok {
				sum += p.x
			}
			switch v := first.(type) {
			case int:
				sum += v
			case point:
				sum += v.y
			case *point:
				sum -= v.grid[2][3]
			}
		}
		first = vs[sum%len(vs)]
	}
	return sum
}

// An array that is not long enough.
func asArray(s []int, n int) (sum int, err any) {
	defer func() { err = recover() }()
	for i := 0; i < n; i++ {
		sum++
		if i > 1 {
			a := (*[1000]int)(s)
			sum += a[999]
		}
	}
	return
}

// Elements of arrays within arrays, by different ways.
func arrays(p *point) int {
	row := p.grid[1][:]
	sum := 0
	for i := 0; i < 4; i++ {
		sum = sum*2 + p.grid[1][2]
		row[2] = sum + i
		p.grid[i%3][i] += sum
	}
	return sum
}

// Fields of elements: different ones do not meet, the same ones do.
func elements(ps []point) int {
	a := &ps[1]
	sum := 0
	for i := range ps {
		b := &ps[i]
		sum += a.x
		b.y += a.x
		b.x += a.y + i
		sum += len(a.items)
		b.items = append(b.items, i)
	}
	return sum
}

// Captured variables.
func captured() (seen []int) {
	n, total, names := 3, 0, []string{"a", "bb"}
	add := func(k int) {
		for i := 0; i < n; i++ {
			total += k * len(names)
			seen = append(seen, total)
			if total > 20 {
				n--
				names = names[:1]
			}
		}
	}
	add(2)
	add(4)
	return
}

// The map's element, the iterator's.
func maps(m map[int]*point) int {
	p, sum := m[1], 0
	for i := 0; i < 3; i++ {
		sum += p.x + len(m)
		m[1].x += i
		m[i+10] = p
	}
	for k := 0; k < 2; k++ {
		for _, q := range m {
			for i := 0; i < 2; i++ {
				sum += q.x
			}
		}
	}
	return sum
}

type shape interface{ area() int }
type square struct{ side int }
type oblong struct {
	pad  [20]int
	a, b int
}
type byValue int

func (s *square) area() int { return s.side * s.side }
func (o *oblong) area() int { return o.a * o.b }
func (v byValue) area() int { return int(v) }

// A method is called so often that its receiver's type is expected; then another comes.
func methods(s shape, turns int) int {
	sum := 0
	for i := 0; i < turns; i++ {
		sum += s.area()
	}
	return sum
}

// Writes that are ordered by a lock, a channel, an atomic flag.
func ordered() (seen []int) {
	var mu sync.Mutex
	shared, ready := 0, make(chan bool, 1)
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		mu.Lock()
		shared = 1
		mu.Unlock()
		ready <- true
	}()
	for {
		mu.Lock()
		v := shared
		mu.Unlock()
		if v == 1 {
			break
		}
	}
	done.Wait()
	seen = append(seen, shared)
	box := &point{}
	values := make(chan int)
	go func() {
		for i := 1; i <= 3; i++ {
			box.x = i * i
			values <- i
			<-values
		}
		close(values)
	}()
	for v := range values {
		seen = append(seen, box.x*10+v)
		values <- 0
	}
	var flag atomic.Int32
	go func() {
		box.y = 42
		flag.Store(1)
	}()
	for {
		if flag.Load() == 1 {
			seen = append(seen, box.y)
			break
		}
	}
	return
}

func main() {
	a := [][]float64{{1, 2}, {3, 4}}
	b := [][]float64{{5, 6}, {7, 8}}
	c := [][]float64{{0, 0}, {0, 0}}
	product(a, b, c)
	product(c, c, c)
	fmt.Println(c)
	fmt.Println(replaceRows([][]int{{1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11, 12}}))
	fmt.Println(overlapping([]int{1, 2, 3, 4, 5, 6, 7}))
	table = []int{1, 2}
	fmt.Println(through(&table), table)
	fmt.Println(fill(&point{}, 20), fill(&point{items: table}, 7))
	fmt.Println(interior(&point{}))
	p, q := &point{x: 1, y: 2}, &point{x: 3, y: 4}
	fmt.Println(twoNames(p, q), twoNames(p, p), p.x, q.x)
	others := []point{{x: 5, items: []int{1}}, {x: 6, f: 2.5, name: "six"}, {x: 7, name: "seven"}}
	fmt.Println(wholeCopies(&others[1], others), wholeCopies(&point{}, others))
	fmt.Println(globals())
	ring := &point{x: 1}
	ring.next = &point{x: 2, next: &point{x: 3, next: ring}}
	fmt.Println(chain(ring))
	fmt.Println(neverComes(nil, 50), neverComes(&point{x: 1, items: []int{1, 2}}, 103))
	out := make([]int, 6)
	fmt.Println(comesToNil(nil, out), out)
	fmt.Println(comesToNil(&point{x: 9}, out), out)
	fmt.Println(comesToIndex([][]int{{1}, {1, 2}}, 0, out), out)
	fmt.Println(comesToIndex([][]int{{1}, {1, 2}}, 1, out), out)
	fmt.Println(comesToIndex([][]int{{1}, {1, 2}}, 2, out), out)
	fmt.Println(comesToIndex(nil, 0, out), out)
	vs := []any{3, point{y: 4}, &point{x: 5}, "s", 1 << 40, nil}
	for _, v := range vs {
		fmt.Print(words(vs, v), " ")
	}
	fmt.Println()
	fmt.Println(asArray(make([]int, 1), 5))
	fmt.Println(asArray(make([]int, 1000), 5))
	fmt.Println(asArray(nil, 2))
	fmt.Println(arrays(&point{grid: [3][4]int{{1}, {1, 2, 3}, {4, 5}}}))
	fmt.Println(elements(make([]point, 5)))
	fmt.Println(captured())
	fmt.Println(maps(map[int]*point{1: {x: 1}, 2: {x: 2}}))
	shapes := []shape{&square{3}, &oblong{a: 2, b: 5}, byValue(6)}
	sum := 0
	for i := 0; i < 600; i++ {
		sum += methods(shapes[i/200], 20)
	}
	fmt.Println(sum)
	fmt.Println(ordered())
}

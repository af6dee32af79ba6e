// panic "assignment to entry in nil map"

package main

import (
	"cmp"
	"container/heap"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/big"
	"math/bits"
	"slices"
	"sort"
	"strings"
	"sync"
)

type Number interface {
	~int | ~int64 | ~float64
}

type Matrix[T Number] [][]T

func NewMatrix[T Number](r, c int, f func(i, j int) T) Matrix[T] {
	m := make(Matrix[T], r)
	for i := range m {
		m[i] = make([]T, c)
		for j := range m[i] {
			m[i][j] = f(i, j)
		}
	}
	return m
}
func (m Matrix[T]) Mul(o Matrix[T]) Matrix[T] {
	return NewMatrix(len(m), len(o[0]), func(i, j int) (s T) {
		for k := range o {
			s += m[i][k] * o[k][j]
		}
		return
	})
}

type Tree[K cmp.Ordered, V any] struct {
	root *node[K, V]
	n    int
}
type node[K cmp.Ordered, V any] struct {
	k    K
	v    V
	l, r *node[K, V]
	h    int
}

func height[K cmp.Ordered, V any](n *node[K, V]) int {
	if n == nil {
		return 0
	}
	return n.h
}
func (n *node[K, V]) fix() *node[K, V] {
	n.h = 1 + max(height(n.l), height(n.r))
	switch b := height(n.l) - height(n.r); {
	case b > 1:
		if height(n.l.l) < height(n.l.r) {
			n.l = n.l.rotL()
		}
		return n.rotR()
	case b < -1:
		if height(n.r.r) < height(n.r.l) {
			n.r = n.r.rotR()
		}
		return n.rotL()
	}
	return n
}
func (n *node[K, V]) rotL() *node[K, V] { r := n.r; n.r, r.l = r.l, n; n.fix(); return r.fix() }
func (n *node[K, V]) rotR() *node[K, V] { l := n.l; n.l, l.r = l.r, n; n.fix(); return l.fix() }
func (t *Tree[K, V]) Put(k K, v V) {
	var put func(n *node[K, V]) *node[K, V]
	put = func(n *node[K, V]) *node[K, V] {
		if n == nil {
			t.n++
			return &node[K, V]{k: k, v: v, h: 1}
		}
		switch c := cmp.Compare(k, n.k); {
		case c < 0:
			n.l = put(n.l)
		case c > 0:
			n.r = put(n.r)
		default:
			n.v = v
		}
		return n.fix()
	}
	t.root = put(t.root)
}
func (t *Tree[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		var walk func(*node[K, V]) bool
		walk = func(n *node[K, V]) bool {
			return n == nil || walk(n.l) && yield(n.k, n.v) && walk(n.r)
		}
		walk(t.root)
	}
}

type Edge struct {
	to string
	w  int
}
type Graph map[string][]Edge
type state struct {
	node string
	dist int
}
type minHeap []state

func (h minHeap) Len() int           { return len(h) }
func (h minHeap) Less(i, j int) bool { return h[i].dist < h[j].dist }
func (h minHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *minHeap) Push(x any)        { *h = append(*h, x.(state)) }
func (h *minHeap) Pop() (x any)      { o := *h; x = o[len(o)-1]; *h = o[:len(o)-1]; return }

func (g Graph) Dijkstra(src string) (map[string]int, map[string]string) {
	dist, prev := map[string]int{src: 0}, map[string]string{}
	h := &minHeap{{src, 0}}
	for h.Len() > 0 {
		s := heap.Pop(h).(state)
		if s.dist > dist[s.node] {
			continue
		}
		for _, e := range g[s.node] {
			if d, ok := dist[e.to]; !ok || s.dist+e.w < d {
				dist[e.to] = s.dist + e.w
				prev[e.to] = s.node
				heap.Push(h, state{e.to, s.dist + e.w})
			}
		}
	}
	return dist, prev
}

type huff struct {
	sym  rune
	freq int
	l, r *huff
}

func codes(h *huff, prefix string, out map[rune]string) {
	if h.l == nil {
		out[h.sym] = cmp.Or(prefix, "0")
		return
	}
	codes(h.l, prefix+"0", out)
	codes(h.r, prefix+"1", out)
}

func lcs(a, b []string) (out []string) {
	dp := make([][]int, len(a)+1)
	for i := range dp {
		dp[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				dp[i][j] = dp[i+1][j+1] + 1
			} else {
				dp[i][j] = max(dp[i+1][j], dp[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, "  "+a[i])
			i, j = i+1, j+1
		case j >= len(b) || i < len(a) && dp[i+1][j] >= dp[i][j+1]:
			out = append(out, "- "+a[i])
			i++
		default:
			out = append(out, "+ "+b[j])
			j++
		}
	}
	return
}

type board [9][9]byte

func (b *board) ok(r, c int, v byte) bool {
	for i := range 9 {
		if b[r][i] == v || b[i][c] == v || b[r/3*3+i/3][c/3*3+i%3] == v {
			return false
		}
	}
	return true
}
func (b *board) solve() bool {
	for r := range 9 {
		for c := range 9 {
			if b[r][c] == '.' {
				for v := byte('1'); v <= '9'; v++ {
					if b.ok(r, c, v) {
						b[r][c] = v
						if b.solve() {
							return true
						}
						b[r][c] = '.'
					}
				}
				return false
			}
		}
	}
	return true
}

type Set[T comparable] map[T]struct{}

func SetOf[T comparable](xs ...T) Set[T] {
	s := Set[T]{}
	for _, x := range xs {
		s[x] = struct{}{}
	}
	return s
}
func (s Set[T]) Union(o Set[T]) Set[T] { r := maps.Clone(s); maps.Copy(r, o); return r }

func Reduce[T, A any](s iter.Seq[T], a A, f func(A, T) A) A {
	for x := range s {
		a = f(a, x)
	}
	return a
}

type Option[T any] struct {
	v  T
	ok bool
}

func Some[T any](v T) Option[T] { return Option[T]{v, true} }
func (o Option[T]) OrElse(d T) T {
	if o.ok {
		return o.v
	}
	return d
}
func (o Option[T]) String() string {
	if o.ok {
		return fmt.Sprintf("Some(%v)", o.v)
	}
	return "None"
}

func primes() iter.Seq[int] {
	return func(yield func(int) bool) {
		comp := map[int][]int{}
		for n := 2; ; n++ {
			if fs, ok := comp[n]; ok {
				for _, f := range fs {
					comp[n+f] = append(comp[n+f], f)
				}
				delete(comp, n)
			} else {
				if !yield(n) {
					return
				}
				comp[n*n] = append(comp[n*n], n)
			}
		}
	}
}

func mergeSort[T cmp.Ordered](xs []T) []T {
	if len(xs) < 2 {
		return xs
	}
	var l, r []T
	var wg sync.WaitGroup
	wg.Go(func() { l = mergeSort(slices.Clone(xs[:len(xs)/2])) })
	r = mergeSort(slices.Clone(xs[len(xs)/2:]))
	wg.Wait()
	out := make([]T, 0, len(xs))
	for len(l) > 0 && len(r) > 0 {
		if l[0] <= r[0] {
			out, l = append(out, l[0]), l[1:]
		} else {
			out, r = append(out, r[0]), r[1:]
		}
	}
	return append(append(out, l...), r...)
}

func main() {
	m := NewMatrix(2, 2, func(i, j int) int { return i + j })
	fmt.Println(m.Mul(m).Mul(m), Matrix[float64]{{.5}}.Mul(Matrix[float64]{{4}}))
	var t Tree[string, int]
	for i, w := range strings.Fields("the quick brown fox jumps over the lazy dog and runs away") {
		t.Put(w, i)
	}
	for k, v := range t.All() {
		if k > "q" {
			break
		}
		fmt.Print(k, ":", v, " ")
	}
	fmt.Println(t.n, t.root.h)
	g := Graph{"a": {{"b", 7}, {"c", 9}, {"f", 14}}, "b": {{"c", 10}, {"d", 15}}, "c": {{"d", 11}, {"f", 2}}, "d": {{"e", 6}}, "f": {{"e", 9}}}
	dist, prev := g.Dijkstra("a")
	fmt.Println(dist, prev)
	freq := map[rune]int{}
	for _, r := range "abracadabra!" {
		freq[r]++
	}
	var hs []*huff
	for _, r := range slices.Sorted(maps.Keys(freq)) {
		hs = append(hs, &huff{sym: r, freq: freq[r]})
	}
	for len(hs) > 1 {
		sort.SliceStable(hs, func(i, j int) bool { return hs[i].freq < hs[j].freq })
		hs = append(hs[2:], &huff{freq: hs[0].freq + hs[1].freq, l: hs[0], r: hs[1]})
	}
	out := map[rune]string{}
	codes(hs[0], "", out)
	for _, r := range slices.Sorted(maps.Keys(out)) {
		fmt.Printf("%c=%s ", r, out[r])
	}
	fmt.Println()
	fmt.Println(strings.Join(lcs(strings.Split("a b c d e", " "), strings.Split("a x c e f", " ")), "|"))
	var b board
	for i, row := range strings.Fields("53..7.... 6..195... .98....6. 8...6...3 4..8.3..1 7...2...6 .6....28. ...419..5 ....8..79") {
		copy(b[i][:], row)
	}
	fmt.Println(b.solve(), string(b[0][:]), string(b[8][:]))
	fmt.Println(len(SetOf(1, 2).Union(SetOf(2, 3))), Some(5), Option[string]{}, Option[int]{}.OrElse(3))
	next, stop := iter.Pull(primes())
	for range 8 {
		p, _ := next()
		fmt.Print(p, " ")
	}
	stop()
	sum := Reduce(func(yield func(int) bool) {
		for p := range primes() {
			if p > 100 || !yield(p) {
				return
			}
		}
	}, 0, func(a, p int) int { return a + p })
	fmt.Println(sum)
	xs := make([]int, 200)
	seed := uint32(1)
	for i := range xs {
		seed = seed*1664525 + 1013904223
		xs[i] = int(seed >> 20)
	}
	ys := mergeSort(xs)
	fmt.Println(slices.IsSorted(ys), ys[0], ys[199], slices.Equal(slices.Sorted(slices.Values(xs)), ys))
	i, found := slices.BinarySearch(ys, ys[50])
	fmt.Println(ys[i] == ys[50], found)
	det := big.NewRat(1, 1)
	h := [4][4]*big.Rat{}
	for i := range 4 {
		for j := range 4 {
			h[i][j] = big.NewRat(1, int64(i+j+1))
		}
	}
	for c := range 4 {
		det.Mul(det, h[c][c])
		for r := c + 1; r < 4; r++ {
			f := new(big.Rat).Quo(h[r][c], h[c][c])
			for k := c; k < 4; k++ {
				h[r][k] = new(big.Rat).Sub(h[r][k], new(big.Rat).Mul(f, h[c][k]))
			}
		}
	}
	fmt.Println(det, det.FloatString(12))
	hi, lo := bits.Mul64(math.MaxUint64, 3)
	fmt.Println(hi, lo, bits.TrailingZeros(8), bits.RotateLeft8(1, 3))
	type pair = struct {
		k string
		v int
	}
	ps := []pair{{"b", 1}, {"a", 1}, {"c", 0}}
	slices.SortStableFunc(ps, func(a, b pair) int { return a.v - b.v })
	fmt.Printf("%v %+v\n", ps, slices.MaxFunc(ps, func(a, b pair) int { return strings.Compare(a.k, b.k) }))
	var arr [5]int
	sl := arr[1:3:4]
	sl = append(sl, 9)
	sl = append(sl, 10)
	sl[0] = 7
	fmt.Println(arr, sl, len(sl), cap(sl) >= 4, [5]int(arr[:]) == arr)
	clear(sl)
	fmt.Println(sl, min(3, 1, 2), max("a", "b"))
	var p *Tree[int, int]
	defer func() {
		r := recover()
		err, ok := r.(error)
		fmt.Println(ok, err)
		var mm map[string]int
		mm["x"] = 1
	}()
	fmt.Println(p.root)
}

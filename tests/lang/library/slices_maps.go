// run

// Packages slices, maps and cmp.
package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

type pair struct {
	a int
	b string
}

type placed struct{ a, at int }

type ints []int

func try(name string, f func()) {
	defer func() { fmt.Println(name, "->", recover()) }()
	f()
}

func sorting() {
	seed := uint32(7)
	random := func() int { seed = seed*1664525 + 1013904223; return int(seed >> 16) }
	for _, n := range []int{0, 1, 2, 5, 12, 13, 50, 100, 400} {
		patterns := map[string]func(i int) int{
			"random": func(int) int { return random() }, "up": func(i int) int { return i },
			"down": func(i int) int { return -i }, "equal": func(int) int { return 3 },
			"few": func(int) int { return random() % 4 }, "organ": func(i int) int { return min(i, n-i) },
			"saw": func(i int) int { return i % 17 },
		}
		for _, name := range slices.Sorted(maps.Keys(patterns)) {
			x := make([]int, n)
			for i := range x {
				x[i] = patterns[name](i)
			}
			y, z := slices.Clone(x), make([]placed, n)
			for i := range z {
				z[i] = placed{x[i] % 10, i}
			}
			slices.Sort(x)
			slices.SortFunc(y, func(a, b int) int { return b - a })
			slices.SortStableFunc(z, func(a, b placed) int { return cmp.Compare(a.a, b.a) })
			ok := slices.IsSorted(x) && slices.IsSortedFunc(y, func(a, b int) int { return b - a })
			slices.Reverse(y)
			ok = ok && slices.Equal(x, y)
			for i := 1; i < n; i++ {
				p, q := z[i-1], z[i]
				ok = ok && (p.a < q.a || p.a == q.a && p.at < q.at)
			}
			if !ok {
				fmt.Println("not sorted:", name, n)
			}
		}
	}
	fs := []float64{3, math.NaN(), -1, math.Inf(1), math.NaN(), 0, math.Inf(-1)}
	slices.Sort(fs)
	fmt.Println(fs, slices.IsSorted(fs), slices.Min(fs[2:]), slices.Max(fs[2:]), slices.Max(fs))
	words := strings.Fields("the quick brown fox jumps over the lazy dog")
	slices.Sort(words)
	fmt.Println(words)
	fmt.Println(slices.BinarySearch(words, "fox"))
	fmt.Println(slices.BinarySearch(words, "g"))
	fmt.Println(slices.BinarySearch(fs, math.NaN()))
	fmt.Println(slices.BinarySearchFunc([]pair{{1, "a"}, {3, "b"}, {3, "c"}}, 3, func(p pair, n int) int { return p.a - n }))
	fmt.Println(slices.MinFunc([]pair{{2, "x"}, {1, "y"}, {1, "z"}}, func(a, b pair) int { return a.a - b.a }))
	fmt.Println(slices.MaxFunc([]pair{{2, "x"}, {1, "y"}, {2, "z"}}, func(a, b pair) int { return a.a - b.a }))
}

func editing() {
	s := ints{1, 2, 3, 4, 5}
	fmt.Println(slices.Insert(slices.Clone(s), 2, 9, 8), slices.Insert(s, 5, 6), slices.Insert(s[:3:3], 0, 7), s)
	room := make([]int, 5, 20)
	copy(room, s)
	fmt.Println(slices.Insert(room, 1, room[2:4]...), room)
	fmt.Println(slices.Insert(room[:5], 3), slices.Insert([]int(nil), 0, 1))
	d := slices.Clone(s)
	e := slices.Delete(d, 1, 3)
	fmt.Println(d, e, cap(e) == cap(d), slices.Delete(e, 0, 0))
	d = slices.Clone(s)
	fmt.Println(slices.DeleteFunc(d, func(n int) bool { return n%2 == 1 }), d)
	d = slices.Clone(s)
	fmt.Println(slices.Replace(d, 1, 3, 7), d)
	d = slices.Clone(s)
	fmt.Println(slices.Replace(d, 1, 2, 7, 8, 9), d)
	room = make([]int, 5, 20)
	copy(room, s)
	fmt.Println(slices.Replace(room, 1, 2, room[2:5]...), room)
	d = slices.Clone(s)
	fmt.Println(slices.Replace(d, 3, 5, 7), d, slices.Replace(slices.Clone(s), 2, 2, 5, 5), slices.Replace(slices.Clone(s), 0, 5))
	d = ints{1, 1, 2, 3, 3, 3, 1}
	fmt.Println(slices.Compact(d), d)
	fold := []string{"a", "A", "b", "B", "b", "c"}
	fmt.Println(slices.CompactFunc(fold, strings.EqualFold), fmt.Sprintf("%q", fold))
	g := slices.Grow(ints{1}, 10)
	fmt.Println(len(g), cap(g) >= 11, cap(slices.Clip(g)), slices.Grow(g, 0))
	slices.Reverse(s)
	fmt.Println(s, slices.Concat(s, ints{0}, nil, s[:1]), slices.Concat[ints]() == nil)
	fmt.Println(slices.Repeat([]string{"a", "b"}, 3), len(slices.Repeat(s, 0)), slices.Clone(ints(nil)) == nil, slices.Clone(ints{}) == nil)
	try("insert", func() { slices.Insert(s, 6, 1) })
	try("insert negative", func() { n := -1; slices.Insert(s, n) })
	try("delete", func() { slices.Delete(s, 3, 2) })
	try("delete beyond", func() { slices.Delete(s, 3, 6) })
	try("replace", func() { slices.Replace(s, 4, 7, 1) })
	try("grow", func() { slices.Grow(s, -1) })
	try("repeat", func() { slices.Repeat(s, -1) })
	try("repeat too much", func() { slices.Repeat(s, math.MaxInt/2) })
	try("chunk", func() { slices.Chunk(s, 0) })
	try("min", func() { slices.Min(ints{}) })
	try("max", func() { slices.MaxFunc(ints{}, func(a, b int) int { return 0 }) })
}

func comparing() {
	fmt.Println(slices.Equal([]float64{math.NaN()}, []float64{math.NaN()}), slices.Equal[ints](nil, ints{}))
	fmt.Println(slices.EqualFunc([]int{1, 2}, []string{"1", "2"}, func(n int, s string) bool { return fmt.Sprint(n) == s }))
	for _, x := range [][2]ints{{{}, {}}, {{1}, {}}, {{}, {1}}, {{1, 2}, {1, 3}}, {{2}, {1, 3}}, {{1, 2}, {1, 2}}} {
		fmt.Print(slices.Compare(x[0], x[1]), slices.CompareFunc(x[0], x[1], func(a, b int) int { return b - a }), " ")
	}
	fmt.Println()
	fmt.Println(slices.Index(ints{3, 4}, 4), slices.Index(ints{3}, 1), slices.IndexFunc(ints{3, 4}, func(n int) bool { return n > 3 }))
	fmt.Println(slices.Contains([]string{"a"}, "a"), slices.ContainsFunc(ints{1}, func(n int) bool { return n > 1 }))
	nan := math.NaN()
	fmt.Println(cmp.Compare(1, 2), cmp.Compare("b", "a"), cmp.Compare(nan, 1), cmp.Compare(1, nan), cmp.Compare(nan, nan), cmp.Compare(-0.0, 0))
	fmt.Println(cmp.Less(nan, 1), cmp.Less(1, nan), cmp.Less(nan, nan), cmp.Less('a', 'b'))
	fmt.Println(cmp.Or(0, 3, 4), cmp.Or("", "x"), cmp.Or[int](), cmp.Or(pair{}, pair{1, ""}))
}

func sequences() {
	for i, v := range slices.All([]string{"a", "b"}) {
		fmt.Print(i, v, " ")
	}
	for i, v := range slices.Backward(ints{1, 2, 3}) {
		if i == 0 {
			break
		}
		fmt.Print(i, ":", v, " ")
	}
	fmt.Println(slices.Collect(slices.Values(ints{1, 2})), slices.AppendSeq(ints{0}, slices.Values(ints{4})))
	for c := range slices.Chunk(ints{1, 2, 3, 4, 5}, 2) {
		fmt.Print(c, len(c), cap(c), " ")
	}
	fmt.Println(slices.Collect(slices.Values(ints{})) == nil)
	m := map[string]int{"one": 1, "two": 2, "three": 3}
	fmt.Println(slices.Sorted(maps.Keys(m)), slices.Sorted(maps.Values(m)))
	fmt.Println(slices.SortedFunc(maps.Keys(m), func(a, b string) int { return m[b] - m[a] }))
	fmt.Println(slices.SortedStableFunc(slices.Values([]string{"bb", "a", "cc", "d"}), func(a, b string) int { return len(a) - len(b) }))
	c := maps.Clone(m)
	c["four"] = 4
	maps.DeleteFunc(c, func(k string, v int) bool { return v%2 == 1 })
	fmt.Println(len(m), c, maps.Equal(m, c), maps.Equal(m, maps.Clone(m)))
	maps.Copy(c, map[string]int{"five": 5})
	maps.Insert(c, maps.All(map[string]int{"six": 6}))
	fmt.Println(c, maps.Collect(slices.All(ints{7, 8})), maps.Clone(map[int]int(nil)) == nil)
	fmt.Println(maps.EqualFunc(m, map[string]string{"one": "1", "two": "2", "three": "3"}, func(a int, b string) bool { return fmt.Sprint(a) == b }))
}

func main() {
	sorting()
	editing()
	comparing()
	sequences()
}

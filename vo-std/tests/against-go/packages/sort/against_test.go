package sort_test

import (
	"fmt"
	"math"
	"math/rand"
	gosort "sort"
	"testing"

	"vostd/sort"
)

type item struct{ key, id int }

type items []item

func (s items) Len() int           { return len(s) }
func (s items) Less(i, j int) bool { return s[i].key < s[j].key }
func (s items) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

func makeItems(rng *rand.Rand) items {
	n := rng.Intn(400)
	if rng.Intn(20) == 0 {
		n = rng.Intn(20000)
	}
	s := make(items, n)
	keys := 1 + rng.Intn(n+2)
	pattern := rng.Intn(6)
	for i := range s {
		k := rng.Intn(keys)
		switch pattern {
		case 1:
			k = i
		case 2:
			k = n - i
		case 3:
			k = i % keys
		case 4:
			k = min(i, n-i)
		case 5:
			k = i
			if rng.Intn(50) == 0 {
				k = rng.Intn(n)
			}
		}
		s[i] = item{k, i}
	}
	return s
}

// The order of equal elements is compared too.
func TestSort(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for round := 0; round < 800; round++ {
		s := makeItems(rng)
		for how := 0; how < 6; how++ {
			a, b := append(items(nil), s...), append(items(nil), s...)
			switch how {
			case 0:
				sort.Sort(a)
				gosort.Sort(b)
			case 1:
				sort.Stable(a)
				gosort.Stable(b)
			case 2:
				sort.Slice(a, func(i, j int) bool { return a[i].key < a[j].key })
				gosort.Slice(b, func(i, j int) bool { return b[i].key < b[j].key })
			case 3:
				sort.SliceStable(a, func(i, j int) bool { return a[i].key < a[j].key })
				gosort.SliceStable(b, func(i, j int) bool { return b[i].key < b[j].key })
			case 4:
				sort.Sort(sort.Reverse(a))
				gosort.Sort(gosort.Reverse(b))
			case 5: // an order that defeats quicksort's pivots
				sort.Sort(adversary{a})
				gosort.Sort(adversary{b})
			}
			for i := range a {
				if a[i] != b[i] {
					t.Fatalf("round %d, how %d, n %d: differ at %d", round, how, len(a), i)
				}
			}
			if sort.IsSorted(a) != gosort.IsSorted(b) || sort.SliceIsSorted(a, a.Less) != gosort.IsSorted(b) {
				t.Fatal("IsSorted")
			}
		}
	}
}

// adversary sorts by a key that changes with the length, in a zigzag.
type adversary struct{ items }

func (s adversary) Less(i, j int) bool {
	f := func(k int) int { return k * 7919 % (len(s.items) + 1) }
	return f(s.items[i].key) < f(s.items[j].key)
}

func TestBasic(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for round := 0; round < 800; round++ {
		s := makeItems(rng)
		ints, strs, floats := make([]int, len(s)), make([]string, len(s)), make([]float64, len(s))
		for i, x := range s {
			ints[i] = x.key
			strs[i] = fmt.Sprint(x.key)
			floats[i] = float64(x.key) / 3
			if rng.Intn(30) == 0 {
				floats[i] = math.NaN()
			}
		}
		ints2, strs2, floats2 := append([]int(nil), ints...), append([]string(nil), strs...), append([]float64(nil), floats...)
		sort.Ints(ints)
		gosort.Ints(ints2)
		sort.Strings(strs)
		gosort.Strings(strs2)
		sort.Float64s(floats)
		gosort.Float64s(floats2)
		if fmt.Sprint(ints, strs, floats) != fmt.Sprint(ints2, strs2, floats2) {
			t.Fatal("differ")
		}
		if !sort.IntsAreSorted(ints) || !sort.StringsAreSorted(strs) || !sort.Float64sAreSorted(floats) {
			t.Fatal("not sorted")
		}
		x := rng.Intn(500)
		if sort.SearchInts(ints, x) != gosort.SearchInts(ints, x) || sort.SearchStrings(strs, fmt.Sprint(x)) != gosort.SearchStrings(strs, fmt.Sprint(x)) || sort.SearchFloat64s(floats, float64(x)) != gosort.SearchFloat64s(floats, float64(x)) {
			t.Fatal("search")
		}
		f := func(i int) bool { return ints[i] >= x }
		c := func(i int) int { return x - ints[i] }
		i, ok := sort.Find(len(ints), c)
		j, ok2 := gosort.Find(len(ints), c)
		if sort.Search(len(ints), f) != gosort.Search(len(ints), f) || i != j || ok != ok2 {
			t.Fatal("search")
		}
	}
}

func TestNoSlice(t *testing.T) {
	for _, v := range []any{1, "x", nil, [2]int{}, map[int]int{}} {
		text := func(f func(any, func(int, int) bool)) (s string) {
			defer func() { s = fmt.Sprint(recover()) }()
			f(v, func(i, j int) bool { return false })
			return
		}
		if got, want := text(sort.Slice), text(gosort.Slice); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

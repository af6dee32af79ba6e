// run

// Conditions that come out one way for long, and then the other, or now this way and now that: code that was laid out for
// what they did at first does the same.
package main

import "fmt"

type account struct {
	sum, refused int
	log          []int
}

func (a *account) book(amount, limit int) {
	if amount > limit {
		a.refused++
		a.log = append(a.log, amount)
		if len(a.log) > 5 {
			a.log = a.log[3:]
		}
		return
	}
	a.sum += amount
}

func largest(values []int, least int) (int, int, bool) {
	most, at, small := values[0], 0, false
	for i, v := range values {
		if v > most {
			most, at = v, i
		}
		if v < least {
			small = true
			if v == least-1 {
				most--
			}
		}
	}
	return most, at, small
}

func classify(x int) (kind string, n int) {
	for x != 1 {
		switch {
		case x%2 == 0:
			x /= 2
		case x%3 == 0:
			x = x/3 + 1
		case x < 0:
			defer func() {
				if recover() != nil {
					kind = "negative"
				}
			}()
			panic(kind)
		default:
			x = 3*x + 1
		}
		if n++; n > 60 {
			return "long", n
		}
	}
	return "short", n
}

func search(values []int, wanted int) int {
	for i, v := range values {
		if v == wanted {
			for j := i; j < len(values); j++ {
				if values[j] != wanted {
					return j
				}
			}
			return -1
		}
	}
	return len(values)
}

func main() {
	var a account
	values := make([]int, 64)
	for i := range values {
		values[i] = i * 37 % 64
	}
	most, smalls, kinds, found := 0, 0, map[string]int{}, 0
	for turn := range 60000 {
		late := turn > 20000
		limit, least, wanted := 100, -1, 100
		if late {
			limit, least, wanted = turn%100, turn%64, turn%70
			values[turn%64] = turn % 61
		}
		a.book(turn%90, limit)
		m, at, small := largest(values, least)
		most += m*at + turn%3
		if small {
			smalls++
		}
		x := turn%50 + 1
		if late && turn%4000 == 0 {
			x = -x
		}
		kind, n := classify(x)
		kinds[kind] += n
		found += search(values, wanted)
	}
	fmt.Println(a.sum, a.refused, a.log)
	fmt.Println(most, smalls, found)
	fmt.Println(kinds)
}

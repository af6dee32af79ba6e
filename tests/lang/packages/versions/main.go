// run

// A module of Go 1.21: loop variables are shared by all turns, but in files that ask for a newer language.
package main

import "fmt"

func threeClause() {
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i += 10; return i })
	}
	for _, f := range fs {
		fmt.Print(f(), " ")
	}
	var ps []*int
	for i, j := 0, 5; i < 3; i, j = i+1, j-1 {
		ps = append(ps, &i, &j)
	}
	for _, p := range ps {
		fmt.Print(*p, " ")
	}
	fmt.Println()
}

func ranges() {
	var fs []func() string
	for k, v := range []string{"a", "b", "c"} {
		fs = append(fs, func() string { return fmt.Sprint(k, v) })
		if k == 0 {
			continue
		}
	}
	for _, r := range "xy" {
		fs = append(fs, func() string { return string(r) })
	}
	for k := range map[string]int{"only": 1} {
		fs = append(fs, func() string { k += "!"; return k })
	}
	c := make(chan int, 2)
	c <- 1
	c <- 2
	close(c)
	for v := range c {
		fs = append(fs, func() string { return fmt.Sprint("chan", v) })
	}
	var a [2]struct{ n [12]int }
	a[1].n[3] = 7
	for i, v := range a {
		fs = append(fs, func() string { return fmt.Sprint(i, v.n[3]) })
	}
	for _, f := range fs {
		fmt.Print(f(), " ")
	}
	var ps []*int
	for i, v := range [3]int{4, 5, 6} {
		ps = append(ps, &i, &v)
	}
	for _, p := range ps {
		fmt.Print(*p, " ")
	}
	fmt.Println()
}

// Without closures and pointers nothing is different.
func plain() {
	sum := 0
	for i := 0; i < 4; i++ {
		for j, v := range []int{1, 2, 3} {
			sum += i * j * v
			v++
			j--
		}
	}
	fmt.Println(sum)
}

func main() {
	threeClause()
	ranges()
	plain()
	newer()
	older()
}

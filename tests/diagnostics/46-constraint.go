// A type that does not satisfy a constraint.

package main

type Number interface{ ~int | ~float64 }

func sum[T Number](list ...T) (total T) {
	for _, x := range list {
		total += x
	}
	return total
}

func main() { println(sum("a", "b")) }

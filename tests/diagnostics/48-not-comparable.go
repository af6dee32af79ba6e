// == on a type parameter.

package main

func index[T any](list []T, x T) int {
	for i, y := range list {
		if x == y {
			return i
		}
	}
	return -1
}

func main() { println(index([]int{1}, 1)) }

// A type argument that cannot be inferred.

package main

func zero[T any]() T {
	var z T
	return z
}

func main() {
	println(zero())
}

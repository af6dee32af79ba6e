// No comma after the last element.

package main

func main() {
	list := []int{
		1,
		2
	}
	println(len(list))
}

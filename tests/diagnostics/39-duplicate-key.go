// A key that stands twice.

package main

func main() {
	ages := map[string]int{
		"ann": 30,
		"bob": 31,
		"ann": 32,
	}
	println(len(ages))
}

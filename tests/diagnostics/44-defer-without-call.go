// A defer without a call.

package main

import "os"

func main() {
	f, _ := os.Open("x")
	defer f.Close
}

// A method with another signature.

package main

type Writer interface {
	Write(data []byte) (int, error)
}

type log struct{}

func (log) Write(data string) (int, error) { return len(data), nil }

func main() {
	var w Writer = log{}
	w.Write(nil)
}

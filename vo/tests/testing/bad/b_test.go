package bad

import "testing"

func TestX(t *testing.T) {
	undefined1()
	var unused int
}

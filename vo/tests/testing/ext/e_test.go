package ext

import "testing"

func TestPanic(t *testing.T) {
	defer t.Log("deferred")
	t.Run("inner", func(t *testing.T) {
		var m map[string]int
		m["a"] = 1
	})
}

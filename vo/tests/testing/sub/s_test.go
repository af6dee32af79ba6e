package sub_test

import (
	"os"
	"testing"

	"example.com/tt/sub"
)

func TestMain(m *testing.M) {
	println("setup")
	code := m.Run()
	println("teardown")
	os.Exit(code)
}

func TestTwo(t *testing.T) {
	if sub.Two() != 2 {
		t.Fatal("no")
	}
}

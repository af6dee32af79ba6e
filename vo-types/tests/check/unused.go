package p

import (
	"os" // ERROR "2: \"os\" imported and not used"
	str "strings" // ERROR "2: \"strings\" imported as str and not used"
	_ "unsafe"
)

func f() {
	a := 1 // ERROR "2: declared and not used: a"
	var b, c int // ERROR "6: declared and not used: b"
	b = 2
	func() {
		d := 3 // ERROR "3: declared and not used: d"
	}()
	for i := range 3 { // ERROR "6: declared and not used: i"
	}
	var e any
	switch t := e.(type) { // ERROR "9: t declared and not used"
	case int:
	}
	_ = c
}

package p

import _ "" // ERROR "10: invalid import path (empty string)"
import _ "/abs" // ERROR "10: import path cannot be absolute path"
import _ "a//b" // ERROR "10: non-canonical import path \"a//b\" (should be \"a/b\")"
import _ "a/./b" // ERROR "10: non-canonical import path \"a/./b\" (should be \"a/b\")"
import _ "a b" // ERROR "10: invalid import path (invalid character U+0020 ' ')"
import _ "nowhere" // ERROR "10: could not import nowhere (package nowhere is not in std)"

//go:embed x.txt // ERROR "1: go:embed only allowed in Go files that import \"embed\""
var e string

func _() {
	//go:embed x.txt // ERROR "2: go:embed cannot apply to var inside func"
	var x string
	_ = x
}

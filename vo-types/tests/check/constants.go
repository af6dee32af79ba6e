package p

const (
	a int8 = 128 // ERROR "11: cannot use 128 (untyped int constant) as int8 value in constant declaration (overflows)"
	b uint = -1 // ERROR "11: cannot use -1 (untyped int constant) as uint value in constant declaration (overflows)"
	c      = 1 << 600 // ERROR "13: constant shift overflow"
	d      = 1 / 0 // ERROR "15: invalid operation: division by zero"
	e int  = 1.5 // ERROR "11: cannot use 1.5 (untyped float constant) as int value in constant declaration (truncated)"
	f      = "a" + 1 // ERROR "11: invalid operation: \"a\" + 1 (mismatched types untyped string and untyped int)"
	g      = len("abc") + iota
	h float32 = 1e100 // ERROR "14: cannot use 1e100 (untyped float constant 1e+100) as float32 value in constant declaration (overflows)"
	i byte = 'a' * 3 // ERROR "11: cannot use 'a' * 3 (untyped rune constant 291) as byte value in constant declaration (overflows)"
	j = uint8(255) + 1 // ERROR "6: uint8(255) + 1 (constant 256 of type uint8) overflows uint8"
	k = ^uint8(0)
	l = -5 % 3
	m = 07 + 0b11 + 0x1p4
)

var v int = iota // ERROR "13: cannot use iota outside constant declaration"
const w = v // ERROR "11: v (variable of type int) is not constant"
const n []int = nil // ERROR "9: invalid constant type []int"
var s = 1.0 << 3
var u int32 = 1 << 31 // ERROR "15: cannot use 1 << 31 (untyped int constant 2147483648) as int32 value in variable declaration (overflows)"
var r rune = 'x' + 1.5 // ERROR "14: cannot use 'x' + 1.5 (untyped float constant 121.5) as rune value in variable declaration (truncated)"
const big = 1 << 100 >> 98
var ok int = big

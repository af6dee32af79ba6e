package p

type big [1 << 50]byte // ERROR "10: type [1125899906842624]byte larger than address space"

var small [1 << 49]byte
var wide chan [1 << 16]byte // ERROR "10: channel element type too large (>64kB)"
var thin chan [1<<16 - 1]byte

package rand

import "math/rand/v2"

func systemRandom() uint64 { return rand.Uint64() }

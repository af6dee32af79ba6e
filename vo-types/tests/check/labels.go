package p

func f() {
L1:
	for {
		break L1
	}
L2: // ERROR "1: label L2 defined and not used"
	for {
	}
L3:
	switch {
	case true:
		continue L3 // ERROR "12: invalid continue label L3"
	}
	goto L4 // ERROR "7: goto L4 jumps over declaration of x at labels.go:17:4"
	x := 1
	_ = x
L4:
	goto L5 // ERROR "7: goto L5 jumps into block starting at labels.go:21:2"
	{
	L5:
	}
	break // ERROR "2: break is not in a loop, switch, or select"
	continue // ERROR "2: continue is not in a loop"
	goto L6 // ERROR "7: label L6 not defined"
L1: // ERROR "1: label L1 already defined at labels.go:4:1"
	for {
	}
L7:
	{
		break L7 // ERROR "9: invalid break label L7"
	}
	switch {
	case true:
		fallthrough
	case false:
		if true {
			fallthrough // ERROR "4: fallthrough statement out of place"
		}
	default:
		fallthrough // ERROR "3: cannot fallthrough final case in switch"
	}
}

package strconv_test

import "math/big"

// meanText is the exact decimal expansion of (a+b)/2.
func meanText(a, b float64) string {
	x := new(big.Float).SetPrec(2000).SetFloat64(a)
	y := new(big.Float).SetPrec(2000).SetFloat64(b)
	x.Add(x, y)
	x.Quo(x, big.NewFloat(2))
	return x.Text('e', 1100)
}

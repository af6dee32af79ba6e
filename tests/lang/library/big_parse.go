// run

// Texts of big numbers: underscores in exponents, exponents without measure, what is no number.
package main

import (
	"fmt"
	"math/big"
)

func main() {
	for _, s := range []string{
		"0e-0_0", "0123E1_2_3", "123.E-1_0", "1e_3", "1e3_", "1e1__0", "1e+1_0", "0e1000000000",
		"1e1000000000", "1e-1000000000", "1.5e12345", "1e3000000000",
		"1e99999999999999999999", "0x1p2147483648", "0x1p-2147483650",
	} {
		f, _, err := big.ParseFloat(s, 0, 512, big.ToNearestEven)
		_, ok := new(big.Rat).SetString(s)
		if f == nil {
			fmt.Println(s, err != nil, ok)
			continue
		}
		fmt.Println(s, f.Text('g', 40), f.Acc(), err, ok)
	}
}

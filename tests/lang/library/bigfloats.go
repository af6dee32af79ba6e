// run

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
)

func main() {
	var values []*big.Float
	for _, s := range []string{"0", "-0", "1", "-1.5", "0.1", "3.14159265358979323846264338327950288", "1e100", "-1e-100", "123456789012345678901234567890", "Inf", "-Inf", "0x1.8p3", "0b101", "1e-400", "99999.5", "999999", "1e21", "0.000012345", "0x.8p0", "1_000.25"} {
		f, ok := new(big.Float).SetString(s)
		if !ok {
			fmt.Println(s, "wrong")
			continue
		}
		values = append(values, f)
	}
	for _, bad := range []string{"", "x", "1.2.3", "0x", "1e", "--1", "1__0"} {
		_, ok := new(big.Float).SetString(bad)
		fmt.Print(ok, " ")
	}
	fmt.Println()
	for _, x := range values {
		f64, a64 := x.Float64()
		f32, a32 := x.Float32()
		i64, ai := x.Int64()
		u64, _ := x.Uint64()
		fmt.Println(x, x.Prec(), x.Mode(), x.Acc(), x.MinPrec(), x.Sign(), x.Signbit(), x.IsInf(), x.IsInt(), f64, a64, f32, a32, i64, ai, u64)
		for _, f := range "eEfgGpxb" {
			if f == 'f' && x.MantExp(nil) > 200 {
				continue
			}
			fmt.Print(x.Text(byte(f), -1), "|", x.Text(byte(f), 3), "|", x.Text(byte(f), 0), " ")
		}
		fmt.Printf("%v|%s|%g|%.3e|%10.2f|%-12.3g|%+.2f|% .2f|%012.3f|%d\n", x, x, x, x, x, x, x, x, x, x)
		i, acc := x.Int(nil)
		r, racc := x.Rat(nil)
		fmt.Println(i, acc, r != nil, racc, x.MantExp(nil))
	}
	for _, x := range values[2:9] {
		for _, y := range values[2:9] {
			for _, mode := range []big.RoundingMode{big.ToNearestEven, big.ToNearestAway, big.ToZero, big.AwayFromZero, big.ToNegativeInf, big.ToPositiveInf} {
				z := func() *big.Float { return new(big.Float).SetPrec(20).SetMode(mode) }
				a, b, c, d := z().Add(x, y), z().Sub(x, y), z().Mul(x, y), z().Quo(x, y)
				fmt.Print(a, a.Acc(), " ", b, b.Acc(), " ", c, c.Acc(), " ", d, d.Acc(), "; ")
			}
			fmt.Println(x.Cmp(y))
		}
	}
	two := new(big.Float).SetPrec(300).SetInt64(2)
	fmt.Println(new(big.Float).Sqrt(two).Text('f', 80), new(big.Float).Sqrt(big.NewFloat(16)), new(big.Float).SetPrec(20).Sqrt(big.NewFloat(0.1)))
	// e by its series
	e, term := new(big.Float).SetPrec(400).SetInt64(1), new(big.Float).SetPrec(400).SetInt64(1)
	for i := int64(1); i < 100; i++ {
		term.Quo(term, new(big.Float).SetInt64(i))
		e.Add(e, term)
	}
	fmt.Println(e.Text('f', 100))
	fmt.Printf("%.50f\n", e)
	m := new(big.Float)
	exp := big.NewFloat(10).MantExp(m)
	fmt.Println(m, exp, new(big.Float).SetMantExp(m, 7), big.NewFloat(2.5).SetPrec(2), big.NewFloat(3.7).SetPrec(0))
	fmt.Println(new(big.Float).SetRat(big.NewRat(1, 3)), new(big.Float).SetInt(big.NewInt(1<<62)), new(big.Float).Neg(big.NewFloat(2)), new(big.Float).Abs(big.NewFloat(-2)), new(big.Float).Copy(two).Prec())
	for _, f := range []float64{0.1, 0.3, 1e23, 5e-324, math.MaxFloat64, 123.456, 2.2250738585072014e-308, 9007199254740993, 4.35, 0.000001, 1e20, 1e6, 123456.7} {
		fmt.Println(big.NewFloat(f), big.NewFloat(f).Text('g', -1), big.NewFloat(f).Text('e', -1), big.NewFloat(f).Text('p', -1), big.NewFloat(f).Text('g', 3))
	}
	f, b, err := big.ParseFloat("ff.8", 16, 100, big.ToZero)
	fmt.Println(f, b, err)
	f, b, err = big.ParseFloat("1e5", 10, 10, big.ToZero)
	fmt.Println(f, b, err, f.Acc())
	j, err := json.Marshal(big.NewFloat(0.1))
	fmt.Println(string(j), err)
	var g big.Float
	fmt.Println(json.Unmarshal([]byte(`"1.25e3"`), &g), &g)
	fmt.Println(fmt.Sscan("2.5", &g))
	fmt.Println(&g)
	for _, bad := range []func(){
		func() { big.NewFloat(math.NaN()) },
		func() { new(big.Float).Add(values[9], values[10]) },
		func() { new(big.Float).Mul(values[0], values[10]) },
		func() { new(big.Float).Quo(values[0], values[1]) },
		func() { new(big.Float).Sqrt(big.NewFloat(-1)) },
	} {
		func() {
			defer func() { r := recover(); _, ok := r.(big.ErrNaN); fmt.Println(r, ok) }()
			bad()
		}()
	}
}

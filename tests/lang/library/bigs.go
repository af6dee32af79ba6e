// run

package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand"
	"strings"
)

func n(s string) *big.Int {
	z, ok := new(big.Int).SetString(s, 0)
	if !ok {
		panic(s)
	}
	return z
}

func fact(k int64) *big.Int { return new(big.Int).MulRange(1, k) }

func fib(k int) *big.Int {
	a, b := big.NewInt(0), big.NewInt(1)
	for range k {
		a.Add(a, b)
		a, b = b, a
	}
	return a
}

// pi is n digits of π, by Gibbons' spigot.
func pi(n int) string {
	var b strings.Builder
	q, r, t, k, m, x := big.NewInt(1), big.NewInt(0), big.NewInt(1), big.NewInt(1), big.NewInt(3), big.NewInt(3)
	for b.Len() < n {
		lhs := new(big.Int).Mul(q, big.NewInt(4))
		lhs.Add(lhs, r).Sub(lhs, t)
		if lhs.Cmp(new(big.Int).Mul(m, t)) < 0 {
			b.WriteString(m.String())
			nr := new(big.Int).Sub(r, new(big.Int).Mul(m, t))
			nr.Mul(nr, big.NewInt(10))
			nm := new(big.Int).Mul(q, big.NewInt(3))
			nm.Add(nm, r).Mul(nm, big.NewInt(10)).Quo(nm, t)
			nm.Sub(nm, new(big.Int).Mul(m, big.NewInt(10)))
			q.Mul(q, big.NewInt(10))
			r, m = nr, nm
		} else {
			nr := new(big.Int).Mul(q, big.NewInt(2))
			nr.Add(nr, r).Mul(nr, x)
			nn := new(big.Int).Mul(k, big.NewInt(7))
			nn.Mul(nn, q).Add(nn, big.NewInt(2*1)).Add(nn, new(big.Int).Mul(r, x))
			nn = new(big.Int).Add(new(big.Int).Mul(q, new(big.Int).Add(new(big.Int).Mul(k, big.NewInt(7)), big.NewInt(2))), new(big.Int).Mul(r, x))
			nn.Quo(nn, new(big.Int).Mul(t, x))
			q.Mul(q, k)
			t.Mul(t, x)
			x.Add(x, big.NewInt(2))
			k.Add(k, big.NewInt(1))
			r, m = nr, nn
		}
	}
	return b.String()
}

func main() {
	fmt.Println(fact(30), fact(100), fib(300))
	fmt.Println(pi(60))
	values := []*big.Int{n("0"), n("1"), n("-1"), n("7"), n("-7"), n("0xffffffffffffffff"), n("0x10000000000000000"), n("-0x10000000000000001"), n("123456789012345678901234567890"), n("-987654321098765432109876543210987654321"), fact(40), new(big.Int).Neg(fact(25))}
	for _, a := range values {
		fmt.Println(a, a.Sign(), a.BitLen(), a.TrailingZeroBits(), a.IsInt64(), a.IsUint64(), a.Int64(), a.Uint64(), a.Text(2), a.Text(36), a.Text(62), a.Bytes(), a.ProbablyPrime(5))
		f, acc := a.Float64()
		fmt.Println(f, acc)
		fmt.Println(new(big.Int).Not(a), new(big.Int).Abs(a), new(big.Int).Neg(a), new(big.Int).Lsh(a, 70), new(big.Int).Rsh(a, 3), new(big.Int).Rsh(a, 64), a.Bit(0), a.Bit(65), new(big.Int).SetBit(a, 66, 1), new(big.Int).SetBit(a, 1, 0))
		fmt.Printf("%d|%x|%X|%#x|%o|%#o|%O|%b|%s|%v|%+d|% d|%50d|%-50d|%050d|%.45d|%+.3x|%q\n", a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a)
		if a.Sign() >= 0 {
			fmt.Println(new(big.Int).Sqrt(a))
		}
		for _, b := range values {
			z := new(big.Int)
			fmt.Print(z.Add(a, b), " ", new(big.Int).Sub(a, b), " ", new(big.Int).Mul(a, b), " ", a.Cmp(b), a.CmpAbs(b), " ", new(big.Int).And(a, b), " ", new(big.Int).Or(a, b), " ", new(big.Int).Xor(a, b), " ", new(big.Int).AndNot(a, b))
			x, y := new(big.Int), new(big.Int)
			g := new(big.Int).GCD(x, y, a, b)
			if x.Sign() != 0 && y.Sign() != 0 {
				fmt.Print(" ", g, " ", x, " ", y)
			}
			if b.Sign() != 0 {
				q, r := new(big.Int).QuoRem(a, b, new(big.Int))
				d, m := new(big.Int).DivMod(a, b, new(big.Int))
				fmt.Print(" ", q, " ", r, " ", d, " ", m, " ", new(big.Int).ModInverse(a, b), " ", new(big.Int).Exp(a, big.NewInt(13), b), " ")
				if a.Sign() > 0 {
					fmt.Print(" ", new(big.Int).Exp(a, big.NewInt(-3), b))
				}
			}
			fmt.Println()
		}
	}
	r := rand.New(rand.NewSource(1))
	big1 := new(big.Int).Rand(r, new(big.Int).Lsh(big.NewInt(1), 4000))
	_ = big1
	a := new(big.Int).Exp(big.NewInt(3), big.NewInt(5000), nil)
	b := new(big.Int).Exp(big.NewInt(7), big.NewInt(2500), nil)
	p := new(big.Int).Mul(a, b)
	q, rem := new(big.Int).QuoRem(new(big.Int).Add(p, big.NewInt(12345)), b, new(big.Int))
	fmt.Println(q.Cmp(a), rem, len(p.String()), p.String()[:40], p.Text(16)[:40])
	back, ok := new(big.Int).SetString(p.String(), 10)
	fmt.Println(ok, back.Cmp(p), new(big.Int).Sqrt(new(big.Int).Mul(p, p)).Cmp(p))
	m := n("0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f")
	fmt.Println(new(big.Int).Exp(big.NewInt(2), new(big.Int).Sub(m, big.NewInt(1)), m), m.ProbablyPrime(20), new(big.Int).ModSqrt(big.NewInt(4), m), new(big.Int).ModSqrt(big.NewInt(5), m), big.Jacobi(big.NewInt(5), m), new(big.Int).ModSqrt(big.NewInt(2), big.NewInt(41)))
	primes := 0
	for i := range int64(400) {
		if big.NewInt(i).ProbablyPrime(0) {
			primes++
		}
	}
	fmt.Println(primes, n("3215031751").ProbablyPrime(0), n("3825123056546413051").ProbablyPrime(0), n("2305843009213693951").ProbablyPrime(0), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 521), big.NewInt(1)).ProbablyPrime(1), n("5459").ProbablyPrime(0))
	fmt.Println(new(big.Int).Binomial(50, 20), new(big.Int).Binomial(5, 7), new(big.Int).MulRange(-5, -2), new(big.Int).MulRange(-1, 3), new(big.Int).MulRange(5, 3))
	for _, s := range []string{"", "-", "+5", "0x", "0b101", "0o17", "017", "1_000", "1__0", "_1", "0x_ff", "08", "zz", "1 ", "-0", "0_7"} {
		z, ok := new(big.Int).SetString(s, 0)
		fmt.Print(s, " ", z, ok, "; ")
	}
	z36, ok := new(big.Int).SetString("Zz", 36)
	fmt.Println(z36, ok)
	z62, ok := new(big.Int).SetString("Zz", 62)
	fmt.Println(z62, ok)
	j, err := json.Marshal(map[string]*big.Int{"a": fact(25), "nil": nil})
	fmt.Println(string(j), err)
	var out struct{ A *big.Int }
	fmt.Println(json.Unmarshal([]byte(`{"A": 123456789012345678901234567890}`), &out), out.A)
	var s1, s2 big.Int
	fmt.Println(fmt.Sscan("  123456789012345678901 0xff", &s1, &s2))
	fmt.Println(&s1, &s2, s1)
	fmt.Println(big.NewInt(300).FillBytes(make([]byte, 4)), new(big.Int).SetBytes([]byte{1, 0, 0}), (*big.Int)(nil))

	half := big.NewRat(1, 2)
	third := big.NewRat(-1, 3)
	fmt.Println(half, third, new(big.Rat).Add(half, third), new(big.Rat).Sub(half, third), new(big.Rat).Mul(half, third), new(big.Rat).Quo(half, third), half.Cmp(third), new(big.Rat).Inv(third), new(big.Rat).Neg(third), new(big.Rat).Abs(third), third.Sign(), third.Num(), third.Denom(), half.IsInt(), big.NewRat(6, 3), big.NewRat(6, 3).RatString(), half.RatString())
	for _, s := range []string{"1/3", "-22/7", "3.14159", "1e3", "1.5e-3", "0x10", "0.1", "1/0", "", "x", "4/2", "1e400", "-.5", "5.", "0x1p-3", "1_000.5", "0b1.1p2"} {
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			fmt.Println(s, "wrong", r)
			continue
		}
		f, exact := r.Float64()
		f32, e32 := r.Float32()
		fmt.Println(s, r, f, exact, f32, e32, r.FloatString(5), r.FloatString(0))
	}
	sum := new(big.Rat)
	for i := int64(1); i <= 30; i++ {
		sum.Add(sum, big.NewRat(1, i))
	}
	fmt.Println(sum, sum.FloatString(50))
	for _, f := range []float64{0.1, 1.5, -1e-310, 5e-324, 1e300, 3} {
		r := new(big.Rat).SetFloat64(f)
		g, exact := r.Float64()
		fmt.Println(r, g == f, exact)
	}
	prec, exact := big.NewRat(1, 8).FloatPrec()
	fmt.Println(prec, exact)
	prec, exact = big.NewRat(1, 12).FloatPrec()
	fmt.Println(prec, exact)
	rj, err := json.Marshal(half)
	fmt.Println(string(rj), err)
	defer func() { fmt.Println(recover()) }()
	new(big.Int).Div(big.NewInt(1), big.NewInt(0))
}

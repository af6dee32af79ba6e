// run

// Products and quotients with constants that are powers of two; constants as first operands.
package main

import (
	"fmt"
	"math"
)

func double(x float64) (float64, float64, float64, float64) {
	return 2 * x, x * 2, x / 2, x / 0.5
}

func halves(x float32) (float32, float32, float32, float32) {
	return 2 * x, x / 4, x / 0.125, x / -8
}

const (
	tiny     = 0x1p-1022
	least    = 0x1p-1074
	huge     = 0x1p1023
	tiny32   = 0x1p-126
	huge32   = 0x1p127
	least32  = 0x1p-149
	thousand = 1000.0
)

func extremes(x float64) (float64, float64, float64, float64, float64) {
	return x / tiny, x / huge, x / least, x / thousand, x / -huge
}

func extremes32(x float32) (float32, float32, float32) {
	return x / tiny32, x / huge32, x / least32
}

func first(xs []float64) (sum float64) {
	for i, x := range xs {
		sum += 1 / (x + 2)
		sum += 3 - x
		sum = 0.5*sum - 4/float64(i+1)
	}
	return
}

func first32(xs []float32) (sum float32) {
	for _, x := range xs {
		sum += 1 / (x + 2)
		sum = 10 - sum
	}
	return
}

func main() {
	odd := []float64{0, math.Copysign(0, -1), 1, -3.7, 1e308, -1.7e308, 5e-324, 3e-308, math.Inf(1), math.Inf(-1), math.NaN()}
	for _, x := range odd {
		fmt.Println(double(x))
		fmt.Println(extremes(x))
		fmt.Println(halves(float32(x)))
		fmt.Println(extremes32(float32(x)))
	}
	fmt.Println(halves(3e38))
	fmt.Println(halves(1e-45))
	xs, ys := make([]float64, 100), make([]float32, 100)
	for i := range xs {
		xs[i], ys[i] = float64(i)*0.37, float32(i)*0.11
	}
	fmt.Println(first(xs), first32(ys))
}

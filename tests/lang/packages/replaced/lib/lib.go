package lib

import "example.com/lib/internal/secret"

func Name() string { return "lib with " + secret.Name }

func Funcs() (fs []func() int) {
	for i := 0; i < 2; i++ {
		fs = append(fs, func() int { return i })
	}
	return
}

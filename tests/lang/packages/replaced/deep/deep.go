package deep

func Name() string { return "deep" }

func Funcs() (fs []func() int) {
	for i := 0; i < 2; i++ {
		fs = append(fs, func() int { return i })
	}
	return
}

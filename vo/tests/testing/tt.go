package tt

func Add(a, b int) int { return a + b }

func hidden() string { return "h" }

package sub

func Two() int { return 2 }

package os_test

import minetime_ "vostd/time"

func minetime() minetime_.Time { return minetime_.Now() }

package debug

import real "runtime/debug"

func SetGCPercent(percent int) int     { return real.SetGCPercent(percent) }
func setMemoryLimit(limit int64) int64 { return real.SetMemoryLimit(limit) }
func SetMaxStack(bytes int) int        { return real.SetMaxStack(bytes) }
func FreeOSMemory()                    { real.FreeOSMemory() }

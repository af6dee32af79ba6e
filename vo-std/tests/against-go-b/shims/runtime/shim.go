package runtime

import real "runtime"

func GOMAXPROCS(n int) int { return real.GOMAXPROCS(n) }
func NumCPU() int          { return real.NumCPU() }
func NumGoroutine() int    { return real.NumGoroutine() }
func Gosched()             { real.Gosched() }
func Goexit()              { real.Goexit() }
func GC()                  { real.GC() }
func KeepAlive(x any)      { real.KeepAlive(x) }

func callers(skip int, pcs []uintptr) int { return real.Callers(skip+2, pcs) }

func pcInfo(pc uintptr) (name, file string, line int, entry uintptr) {
	f, _ := real.CallersFrames([]uintptr{pc}).Next()
	return f.Function, f.File, f.Line, f.Entry
}

func stack(all bool) string {
	buf := make([]byte, 1<<20)
	return string(buf[:real.Stack(buf, all)])
}

func readMemStats(out []uint64) {
	var m real.MemStats
	real.ReadMemStats(&m)
	out[memHeapAlloc], out[memNumGC], out[memLastGC] = m.HeapAlloc, uint64(m.NumGC), m.LastGC
}

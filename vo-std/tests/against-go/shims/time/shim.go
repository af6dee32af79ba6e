package time

import (
	"sync"
	real "time"
)

var began = real.Now()

func now() (sec int64, nsec int32, mono int64) {
	n := real.Now()
	return n.Unix(), int32(n.Nanosecond()), runtimeNano()
}

func runtimeNano() int64 { return int64(real.Since(began)) + 1 }

// Sleep stands in for the native.
func Sleep(d Duration) { real.Sleep(real.Duration(d)) }

// A model of the runtime's timers, one goroutine each.
var timers = struct {
	mu   sync.Mutex
	next int64
	m    map[int64]bool
}{m: map[int64]bool{}}

func startTimer(when, period int64, kind int, target any, loc *Location) int64 {
	timers.mu.Lock()
	timers.next++
	id := timers.next
	timers.m[id] = true
	timers.mu.Unlock()
	go func() {
		for {
			real.Sleep(real.Duration(when - runtimeNano()))
			timers.mu.Lock()
			if !timers.m[id] {
				timers.mu.Unlock()
				return
			}
			if period == 0 {
				delete(timers.m, id)
			}
			if kind == timerSend {
				t := Now()
				t.loc = loc
				select {
				case target.(chan Time) <- t:
				default:
				}
			} else {
				go target.(func())()
			}
			timers.mu.Unlock()
			if period == 0 {
				return
			}
			for when += period; when <= runtimeNano(); when += period {
			}
		}
	}()
	return id
}

func stopTimer(id int64) bool {
	timers.mu.Lock()
	defer timers.mu.Unlock()
	was := timers.m[id]
	delete(timers.m, id)
	return was
}

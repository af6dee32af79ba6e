package os

import (
	"strings"
	real "syscall"
	"unsafe"
)

const pidfdOpen = 434

func list(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(joined, "\x00"), "\x00")
}

func number(err error) int {
	if e, ok := err.(real.Errno); ok {
		return int(e)
	}
	return 0
}

func sysSpawn(path, args, env, dir string, fds []int, ownGroup bool) (pid, errno int) {
	files := make([]uintptr, len(fds))
	for i, fd := range fds {
		files[i] = uintptr(fd)
	}
	sys := &real.SysProcAttr{Setpgid: ownGroup}
	pid, err := real.ForkExec(path, list(args), &real.ProcAttr{Dir: dir, Env: list(env), Files: files, Sys: sys})
	return pid, number(err)
}

func sysCollect(pid int) (found, status, user, system int) {
	var ws real.WaitStatus
	var ru real.Rusage
	found, err := real.Wait4(pid, &ws, real.WNOHANG, &ru)
	if err != nil {
		return -number(err), 0, 0, 0
	}
	return found, int(ws), int(ru.Utime.Nano() / 1000), int(ru.Stime.Nano() / 1000)
}

func sysProcessDescriptor(pid int) (fd, errno int) {
	r, _, e := real.Syscall(pidfdOpen, uintptr(pid), 0, 0)
	return int(r), int(e)
}

func pollOpen(fd int) (number uint64, errno int) { return uint64(fd), 0 }

func pollWait(number uint64) {
	p := struct {
		fd              int32
		events, revents int16
	}{int32(number), 1, 0}
	for {
		if _, _, e := real.Syscall(real.SYS_POLL, uintptr(unsafe.Pointer(&p)), 1, ^uintptr(0)); e != real.EINTR {
			return
		}
	}
}

func pollClose(number uint64) {}

package syscall

import (
	"encoding/binary"
	"os"
	real "syscall"
	"unsafe"
)

func no(err error) int {
	if err == nil {
		return 0
	}
	return int(err.(real.Errno))
}

func retry(f func() (int, error)) (int, int) {
	for {
		n, err := f()
		if err != real.EINTR {
			return n, no(err)
		}
	}
}

func sysOpen(path string, flags int, perm uint32) (int, int) {
	return retry(func() (int, error) { return real.Open(path, flags|real.O_CLOEXEC, perm) })
}
func sysClose(fd int) int { return no(real.Close(fd)) }
func sysRead(fd int, p []byte) (int, int) {
	return retry(func() (int, error) { return real.Read(fd, p) })
}
func sysWrite(fd int, p []byte) (int, int) {
	return retry(func() (int, error) { return real.Write(fd, p) })
}
func sysPread(fd int, p []byte, off int64) (int, int) {
	return retry(func() (int, error) { return real.Pread(fd, p, off) })
}
func sysPwrite(fd int, p []byte, off int64) (int, int) {
	return retry(func() (int, error) { return real.Pwrite(fd, p, off) })
}
func sysSeek(fd int, off int64, whence int) (int64, int) {
	n, err := real.Seek(fd, off, whence)
	return n, no(err)
}
func sysFsync(fd int) int                 { return no(real.Fsync(fd)) }
func sysFtruncate(fd int, size int64) int { return no(real.Ftruncate(fd, size)) }

func put(out []int64, s *real.Stat_t) {
	copy(out, []int64{int64(s.Mode), s.Size, int64(s.Dev), int64(s.Ino), int64(s.Nlink), int64(s.Uid), int64(s.Gid),
		int64(s.Rdev), int64(s.Blksize), s.Blocks, s.Atim.Sec, s.Atim.Nsec, s.Mtim.Sec, s.Mtim.Nsec, s.Ctim.Sec, s.Ctim.Nsec})
}

func sysStat(path string, follow bool, out []int64) int {
	var s real.Stat_t
	f := real.Lstat
	if follow {
		f = real.Stat
	}
	err := f(path, &s)
	put(out, &s)
	return no(err)
}
func sysFstat(fd int, out []int64) int {
	var s real.Stat_t
	err := real.Fstat(fd, &s)
	put(out, &s)
	return no(err)
}

func sysReadDir(fd int, buf []byte) (int, int) {
	raw := make([]byte, 2048)
	for {
		n, err := real.ReadDirent(fd, raw)
		if err != nil || n <= 0 {
			return 0, no(err)
		}
		w := 0
		for b := raw[:n]; len(b) > 0; {
			d := (*real.Dirent)(unsafe.Pointer(&b[0]))
			name := b[19:d.Reclen]
			for i, c := range name {
				if c == 0 {
					name = name[:i]
					break
				}
			}
			if s := string(name); s != "." && s != ".." {
				binary.LittleEndian.PutUint64(buf[w:], d.Ino)
				buf[w+8] = d.Type
				binary.LittleEndian.PutUint16(buf[w+9:], uint16(len(name)))
				w += 11 + copy(buf[w+11:], name)
			}
			b = b[d.Reclen:]
		}
		if w > 0 {
			return w, 0
		}
	}
}

func sysMkdir(path string, perm uint32) int { return no(real.Mkdir(path, perm)) }
func sysUnlink(path string, dir bool) int {
	if dir {
		return no(real.Rmdir(path))
	}
	return no(real.Unlink(path))
}
func sysRename(from, to string) int      { return no(real.Rename(from, to)) }
func sysLink(from, to string) int        { return no(real.Link(from, to)) }
func sysSymlink(target, path string) int { return no(real.Symlink(target, path)) }
func sysReadlink(path string) (string, int) {
	buf := make([]byte, 4096)
	n, err := real.Readlink(path, buf)
	if err != nil {
		return "", no(err)
	}
	return string(buf[:n]), 0
}
func sysChmod(path string, mode uint32) int { return no(real.Chmod(path, mode)) }
func sysFchmod(fd int, mode uint32) int     { return no(real.Fchmod(fd, mode)) }
func sysChown(path string, uid, gid int, follow bool) int {
	if follow {
		return no(real.Chown(path, uid, gid))
	}
	return no(real.Lchown(path, uid, gid))
}
func sysFchown(fd int, uid, gid int) int      { return no(real.Fchown(fd, uid, gid)) }
func sysTruncate(path string, size int64) int { return no(real.Truncate(path, size)) }
func sysUtimes(path string, as, an, ms, mn int64) int {
	return no(real.UtimesNano(path, []real.Timespec{{Sec: as, Nsec: an}, {Sec: ms, Nsec: mn}}))
}
func sysChdir(path string) int { return no(real.Chdir(path)) }
func sysFchdir(fd int) int     { return no(real.Fchdir(fd)) }
func sysGetcwd() (string, int) {
	d, err := real.Getwd()
	return d, no(err)
}
func sysPipe() (int, int, int) {
	var p [2]int
	err := real.Pipe2(p[:], real.O_CLOEXEC)
	return p[0], p[1], no(err)
}
func sysHostname() (string, int) {
	h, _ := os.Hostname()
	return h, 0
}
func sysID(which int) int {
	return []func() int{real.Getpid, real.Getppid, real.Getuid, real.Getgid, real.Geteuid, real.Getegid, real.Getpagesize}[which]()
}
func sysExit(code int)         { real.Exit(code) }
func sysKill(pid, sig int) int { return no(real.Kill(pid, real.Signal(sig))) }
func sysArgs() []string        { return os.Args }
func sysEnviron() []string     { return os.Environ() }

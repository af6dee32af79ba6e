// run

// Symbolic links in a file system in memory, and patterns too deep for any.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing/fstest"
)

func main() {
	fsys := fstest.MapFS{
		"dir/file": {Data: []byte("text")},
		"link":     {Data: []byte("dir/file"), Mode: fs.ModeSymlink},
		"dir/up":   {Data: []byte("../link"), Mode: fs.ModeSymlink},
		"also":     {Data: []byte("dir"), Mode: fs.ModeSymlink},
		"circle":   {Data: []byte("circle"), Mode: fs.ModeSymlink},
		"out":      {Data: []byte("../secret"), Mode: fs.ModeSymlink},
		"root":     {Data: []byte("/etc"), Mode: fs.ModeSymlink},
		"lost":     {Data: []byte("nowhere"), Mode: fs.ModeSymlink},
	}
	for _, name := range []string{"dir/file", "link", "dir/up", "also/file", "also/up", "also", "circle", "out", "root", "lost", "none"} {
		data, err := fs.ReadFile(fsys, name)
		info, statErr := fs.Stat(fsys, name)
		fmt.Printf("%s: %q %v", name, data, err)
		if statErr == nil {
			fmt.Printf("; %s %v", info.Name(), info.Mode())
		}
		if info, err := fs.Lstat(fsys, name); err == nil {
			fmt.Printf("; %s %v", info.Name(), info.Mode())
		}
		target, err := fs.ReadLink(fsys, name)
		fmt.Printf("; %q %v\n", target, err)
	}
	entries, err := fs.ReadDir(fsys, "also")
	fmt.Println(entries, err)
	deep := strings.Repeat("*/", 10_001) + "*"
	_, err = fs.Glob(fsys, deep)
	fmt.Println(errors.Is(err, path.ErrBadPattern))
	_, err = filepath.Glob(deep)
	fmt.Println(errors.Is(err, filepath.ErrBadPattern))
}

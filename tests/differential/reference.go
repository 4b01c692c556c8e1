// SPDX-License-Identifier: GPL-2.0-only

// What real Go decides: net/http's ProxyFromEnvironment, asked in a process of its own for every
// environment, because it reads the environment once.
//
// Input, one environment a line: its entries (NAME=VALUE) in hex, joined by ',', a space, and the
// URLs in hex, joined by ','.  Output, one line a URL: "direct", "error", or "relay SCHEME HOST
// PORT" with scheme and host in hex, '-' for empty, and the port as it stands in the variable.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
)

func decode(list string) []string {
	var out []string
	for _, field := range strings.Split(list, ",") {
		if field == "" {
			continue
		}
		bytes, err := hex.DecodeString(strings.TrimPrefix(field, "-"))
		if err != nil {
			panic(err)
		}
		out = append(out, string(bytes))
	}
	return out
}

func field(s string) string {
	if s == "" {
		return "-"
	}
	return hex.EncodeToString([]byte(s))
}

func decide(url string) string {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return "error"
	}
	relay, err := http.ProxyFromEnvironment(request)
	if err != nil {
		return "error"
	}
	if relay == nil {
		return "direct"
	}
	port := relay.Port()
	if port == "" {
		port = "-"
	}
	return "relay " + field(relay.Scheme) + " " + field(relay.Hostname()) + " " + port
}

// os.StartProcess and not os/exec, which would take out all but the last of equal names: a process
// may well be given both, and Go then reads the first.
func ask(line string) string {
	parts := strings.SplitN(line, " ", 2)
	read, write, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	// A runtime of one thread starts in half the time.
	attributes := os.ProcAttr{
		Env:   append(decode(parts[0]), "GOMAXPROCS=1"),
		Files: []*os.File{nil, write, os.Stderr},
	}
	child, err := os.StartProcess("/proc/self/exe", []string{"reference", "one", parts[1]}, &attributes)
	if err != nil {
		panic(err)
	}
	write.Close()
	out, err := io.ReadAll(read)
	if err != nil {
		panic(err)
	}
	read.Close()
	if state, err := child.Wait(); err != nil || !state.Success() {
		panic(fmt.Sprint(state, err))
	}
	return string(out)
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "one" {
		for _, url := range decode(os.Args[2]) {
			fmt.Println(decide(url))
		}
		return
	}
	var lines []string
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<20)
	for in.Scan() {
		lines = append(lines, in.Text())
	}
	answers := make([]string, len(lines))
	next := make(chan int)
	var workers sync.WaitGroup
	for w := 0; w < runtime.NumCPU(); w++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range next {
				answers[i] = ask(lines[i])
			}
		}()
	}
	for i := range lines {
		next <- i
	}
	close(next)
	workers.Wait()
	fmt.Print(strings.Join(answers, ""))
}

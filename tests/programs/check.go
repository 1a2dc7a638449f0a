// Go: goroutines on many threads, sockets, children, signals, files in memory.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

func check(name string, got, expected any) {
	if got != expected {
		fmt.Printf("%s: %v, not %v\n", name, got, expected)
		os.Exit(1)
	}
	fmt.Println(name)
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return value
}

func goroutines() {
	var group sync.WaitGroup
	numbers := make(chan int)
	for n := range 1000 {
		group.Add(1)
		go func() {
			defer group.Done()
			if n%100 == 0 {
				runtime.LockOSThread()
			}
			numbers <- n
		}()
	}
	go func() { group.Wait(); close(numbers) }()
	sum := 0
	for n := range numbers {
		sum += n
	}
	check("goroutines", sum, 499500)
}

func serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			line, _ := bufio.NewReader(client).ReadString('\n')
			client.Write([]byte(strings.ToUpper(line)))
		}()
	}
}

func sockets(network, address string) {
	listener := must(net.Listen(network, address))
	defer listener.Close()
	go serve(listener)
	answers := make(chan string)
	for range 20 {
		go func() {
			connection := must(net.Dial(network, listener.Addr().String()))
			defer connection.Close()
			connection.Write([]byte("line\n"))
			answers <- must(bufio.NewReader(connection).ReadString('\n'))
		}()
	}
	for range 20 {
		if answer := <-answers; answer != "LINE\n" {
			check(network, answer, "LINE\n")
		}
	}
	check(network, true, true)
}

func children() {
	command := exec.Command("sh", "-c", "cat; exit 3")
	command.Stdin = strings.NewReader("through a child")
	output, err := command.Output()
	check("a child's output", string(output), "through a child")
	check("a child's status", err.(*exec.ExitError).ExitCode(), 3)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	must(0, syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	check("signals", <-signals, os.Signal(syscall.SIGUSR1))
}

func files() {
	file := must(os.CreateTemp("", "check"))
	must(0, file.Truncate(4096))
	memory := must(syscall.Mmap(int(file.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED))
	copy(memory, "in memory")
	buffer := make([]byte, 9)
	must(file.ReadAt(buffer, 0))
	check("a file in memory", string(buffer), "in memory")
	must(0, os.Remove(file.Name()))
}

func main() {
	goroutines()
	sockets("tcp4", "127.0.0.1:0")
	sockets("tcp6", "[::1]:0")
	sockets("unix", os.TempDir()+"/check.socket")
	children()
	files()
}

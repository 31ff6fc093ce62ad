// Probe is what drills run inside pods: a client and a server for HTTP, TCP, UDP and DNS in one static file, so that an
// image needs no shell and no C library.
//
//	probe get URL [TIMEOUT]            prints the answer's body; exit code 1 without an answer or from status 400 on
//	probe serve ADDRESS...             answers every request with one line: host name, $NODE and who asked;
//	                                   at an address like udp/:88 it sends every datagram back
//	probe tcp HOST:PORT [TIMEOUT]      connects; prints "open", "refused" or "no answer"
//	probe udp HOST:PORT [TIMEOUT]      sends datagrams until one is answered; prints the same words
//	probe ways TIMEOUT WAY...          tries all at once, such as tcp/10.0.0.1:80 and udp/10.0.0.1:53; prints a line for
//	                                   each in their order: the way and its word, or "failed" and why
//	probe ask TIMEOUT SERVER QUESTION...  asks a DNS server all at once, such as A/example.com or PTR/10.0.0.1; prints a line
//	                                   for each: the question, and "answered", "empty", "REFUSED" and the like, "no answer"
//	probe dns NAME [TIMEOUT]           prints the addresses of a name, one a line
//	probe every INTERVAL URL [TIMEOUT] asks for ever: a line with time, "ok" or "failed", milliseconds, and the body or error;
//	                                   of dns:NAME the addresses of a name, as programs ask for them
//	probe load CLIENTS URL [TIMEOUT]   asks for ever and says nothing: each client as soon as it has its answer, and by a new
//	                                   connection now and then, because a service balances connections
//
// Times are like 500ms or 2s; a timeout is 2s unless told. Exit codes: 0 done, 1 failed, 2 called wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const usage = "usage: probe get URL [TIMEOUT] | serve ADDRESS... | tcp HOST:PORT [TIMEOUT] | udp HOST:PORT [TIMEOUT] | " +
	"ways TIMEOUT WAY... | ask TIMEOUT SERVER QUESTION... | dns NAME [TIMEOUT] | every INTERVAL URL [TIMEOUT] | load CLIENTS URL [TIMEOUT]"

var errUsage = errors.New(usage)

func main() {
	// A program that is process 1 of a container ignores the signals that it doesn't ask for.
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	switch err := run(ctx, os.Args[1:]); {
	case err == nil:
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	verb, args := args[0], args[1:]
	switch {
	case verb == "serve":
		return serve(ctx, args)
	case verb == "ways" && len(args) > 1:
		timeout, err := timeoutOf(args[:1])
		if err != nil {
			return err
		}
		return printWays(ctx, timeout, args[1:])
	case verb == "ask" && len(args) > 2:
		timeout, err := timeoutOf(args[:1])
		if err != nil {
			return err
		}
		return printAnswers(ctx, timeout, args[1], args[2:])
	case verb == "every" && (len(args) == 2 || len(args) == 3):
		interval, err := time.ParseDuration(args[0])
		if err != nil || interval <= 0 {
			return errUsage
		}
		timeout, err := timeoutOf(args[2:])
		if err != nil {
			return err
		}
		every(ctx, interval, args[1], timeout)
		return nil
	case verb == "load" && (len(args) == 2 || len(args) == 3):
		clients, err := strconv.Atoi(args[0])
		if err != nil || clients < 1 {
			return errUsage
		}
		timeout, err := timeoutOf(args[2:])
		if err != nil {
			return err
		}
		load(ctx, clients, args[1], timeout)
		return nil
	case len(args) > 2:
		return errUsage
	}
	timeout, err := timeoutOf(args[1:])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	switch verb {
	case "get":
		body, err := get(ctx, args[0])
		fmt.Print(body)
		return err
	case "tcp", "udp":
		word, err := try(ctx, verb, args[0])
		if word != "" {
			fmt.Println(word)
		}
		return err
	case "dns":
		addresses, err := net.DefaultResolver.LookupHost(ctx, args[0])
		if err == nil {
			fmt.Println(strings.Join(addresses, "\n"))
		}
		return err
	}
	return errUsage
}

func timeoutOf(args []string) (time.Duration, error) {
	if len(args) == 0 {
		return 2 * time.Second, nil
	}
	timeout, err := time.ParseDuration(args[0])
	if err != nil || timeout <= 0 {
		return 0, errUsage
	}
	return timeout, nil
}

// Each request is a new connection, because a service balances connections, not requests.
var client = http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 400 {
		err = errors.New(response.Status)
	}
	return string(body), err
}

func answerOf(ctx context.Context, url string) (string, error) {
	if name, found := strings.CutPrefix(url, "dns:"); found {
		addresses, err := net.DefaultResolver.LookupHost(ctx, name)
		return strings.Join(addresses, " "), err
	}
	return get(ctx, url)
}

func every(ctx context.Context, interval time.Duration, url string, timeout time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		start := time.Now()
		once, cancel := context.WithTimeout(ctx, timeout)
		text, err := answerOf(once, url)
		cancel()
		if ctx.Err() != nil {
			return
		}
		state := "ok"
		if err != nil {
			state, text = "failed", err.Error()
		}
		milliseconds := float64(time.Since(start).Microseconds()) / 1000
		stamp := start.UTC().Format("2006-01-02T15:04:05.000Z")
		fmt.Printf("%s %s %.1f %s\n", stamp, state, milliseconds, strings.ReplaceAll(strings.TrimSpace(text), "\n", " "))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// How many requests of a client share a connection: one is dear, and those that stay would never reach a new pod.
const requestsOfConnection = 50

func load(ctx context.Context, clients int, url string, timeout time.Duration) {
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			transport := &http.Transport{}
			client := http.Client{Transport: transport, Timeout: timeout}
			for asked := 1; ctx.Err() == nil; asked++ {
				if err := discard(ctx, &client, url); err != nil {
					// Refused at once, it would do nothing but that.
					time.Sleep(100 * time.Millisecond)
				}
				if asked%requestsOfConnection == 0 {
					transport.CloseIdleConnections()
				}
			}
		})
	}
	all.Wait()
}

func discard(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

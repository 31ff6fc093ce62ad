package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
)

// serve answers at all addresses until it is asked to stop or one of them fails.
func serve(ctx context.Context, addresses []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error)
	for _, address := range addresses {
		go func() {
			if bare, found := strings.CutPrefix(address, "udp/"); found {
				ended <- echo(ctx, bare)
			} else {
				ended <- answer(ctx, address)
			}
		}()
	}
	var first error
	for range addresses {
		if err := <-ended; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	return first
}

func answer(ctx context.Context, address string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	server := http.Server{Addr: address, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s from %s\n", host, os.Getenv("NODE"), r.RemoteAddr)
	})}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func echo(ctx context.Context, address string) error {
	connection, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		connection.Close()
	}()
	datagram := make([]byte, 65536)
	for {
		size, from, err := connection.ReadFrom(datagram)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		// Whoever asked may be gone by now; the next one still gets an answer.
		connection.WriteTo(datagram[:size], from)
	}
}

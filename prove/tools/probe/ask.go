package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

var types = map[string]uint16{"A": 1, "PTR": 12, "TXT": 16, "SRV": 33}

var codes = []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"}

// printAnswers asks a DNS server every question at the same time and then prints what came of each.
func printAnswers(ctx context.Context, timeout time.Duration, server string, questions []string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	queries := make([][]byte, len(questions))
	for index, question := range questions {
		query, err := queryOf(question)
		if err != nil {
			return err
		}
		queries[index] = query
	}
	words := make([]string, len(questions))
	var running sync.WaitGroup
	for index, query := range queries {
		running.Go(func() { words[index] = answerTo(ctx, server, query) })
	}
	running.Wait()
	for index, question := range questions {
		fmt.Println(question, words[index])
	}
	return nil
}

// queryOf makes a datagram of TYPE/NAME; of PTR/ADDRESS one that asks for the name of an IPv4 address.
func queryOf(question string) ([]byte, error) {
	kind, name, _ := strings.Cut(question, "/")
	number, known := types[kind]
	if !known || name == "" {
		return nil, errUsage
	}
	if address := net.ParseIP(name).To4(); kind == "PTR" && address != nil {
		name = fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", address[3], address[2], address[1], address[0])
	}
	// One question, recursion desired.
	query := binary.BigEndian.AppendUint16(nil, uint16(rand.Uint32()))
	query = append(query, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	for _, label := range strings.Split(strings.TrimSuffix(name, "."), ".") {
		if label == "" || len(label) > 63 {
			return nil, errUsage
		}
		query = append(append(query, byte(len(label))), label...)
	}
	query = append(query, 0)
	return append(binary.BigEndian.AppendUint16(query, number), 0, 1), nil
}

// answerTo tells in a word what a server says; a datagram is repeated as resolvers do.
func answerTo(ctx context.Context, server string, query []byte) string {
	connection, err := (&net.Dialer{}).DialContext(ctx, "udp", net.JoinHostPort(server, "53"))
	if err != nil {
		return fmt.Sprint("failed: ", err)
	}
	defer connection.Close()
	deadline, _ := ctx.Deadline()
	pause := time.Until(deadline) / datagrams
	answer := make([]byte, 65536)
	for ctx.Err() == nil {
		if _, err := connection.Write(query); err != nil {
			return fmt.Sprint("failed: ", err)
		}
		connection.SetReadDeadline(time.Now().Add(pause))
		size, err := connection.Read(answer)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case err != nil:
			return fmt.Sprint("failed: ", err)
		case size < 12 || answer[0] != query[0] || answer[1] != query[1]:
			return "failed: no answer to that question"
		}
		return wordOf(answer)
	}
	return "no answer"
}

func wordOf(answer []byte) string {
	code := int(answer[3] & 15)
	switch {
	case code == 0 && binary.BigEndian.Uint16(answer[6:]) > 0:
		return "answered"
	case code == 0:
		return "empty"
	case code < len(codes):
		return codes[code]
	}
	return fmt.Sprint("code ", code)
}

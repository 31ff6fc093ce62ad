// Crs-suite runs the tests that the OWASP Core Rule Set brings, with the engine that its makers use, and prints what came
// of each as JSON. Their own command needs modules that the module proxy doesn't serve.
//
//	crs-suite FOLDER LOG HOST:PORT
//
// FOLDER has the tests, LOG is where the web server writes which rules matched, HOST:PORT is where it listens. Exit codes:
// 0 the suite ran to its end, whatever came of it; 1 it didn't; 2 called wrongly.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	schema "github.com/coreruleset/ftw-tests-schema/v2/types"
	"github.com/coreruleset/go-ftw/v2/config"
	"github.com/coreruleset/go-ftw/v2/ftwhttp"
	"github.com/coreruleset/go-ftw/v2/output"
	"github.com/coreruleset/go-ftw/v2/runner"
	"github.com/coreruleset/go-ftw/v2/test"
	"github.com/coreruleset/go-ftw/v2/waflog"
	"github.com/rs/zerolog"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: crs-suite FOLDER LOG HOST:PORT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "crs-suite:", err)
		os.Exit(1)
	}
}

func run(folder, log, address string) error {
	// Else it tells each byte that it reads.
	zerolog.SetGlobalLevel(zerolog.ErrorLevel)
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	settings := config.NewDefaultConfig()
	settings.LogFile = log
	settings.TestOverride.Overrides.DestAddr = &host
	settings.TestOverride.Overrides.Port = &port
	// A message of ModSecurity has the whole request in it, and a rule that matches often writes many.
	settings.MaxMarkerLogLines = 5000
	asked := config.NewRunnerConfiguration(settings)
	asked.ConnectTimeout = 3 * time.Second
	asked.ReadTimeout = 10 * time.Second
	tests, err := test.GetTestsFromFiles(folder + "/**/*.yaml")
	if err != nil {
		return err
	}
	ran, err := runAll(asked, tests)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(ran.Stats)
}

// runAll runs each test by itself. Its makers' own loop ends at a test that can't be sent, and at one that is to be
// repeated when it fails again.
func runAll(asked *config.RunnerConfig, tests []*test.FTWTest) (*runner.TestRunContext, error) {
	lines, err := waflog.NewFTWLogLines(asked)
	if err != nil {
		return nil, err
	}
	client, err := ftwhttp.NewClient(asked)
	if err != nil {
		return nil, err
	}
	ran := &runner.TestRunContext{
		RunnerConfig: asked,
		Output:       output.NewOutput("quiet", os.Stderr),
		Stats:        runner.NewRunStats(),
		Client:       client,
		LogLines:     lines,
	}
	inARow := 0
	for _, file := range tests {
		for _, single := range file.Tests {
			one := *file
			one.Tests = []schema.Test{single}
			err := runner.RunTest(ran, &one)
			if err == nil {
				inARow = 0
				continue
			}
			if inARow++; inARow > most {
				return nil, fmt.Errorf("%s, and %d before it: %w", single.IdString(), most, err)
			}
			fmt.Fprintf(os.Stderr, "%s: %v\n", single.IdString(), err)
			ran.Stats.Run++
			ran.Stats.Failed = append(ran.Stats.Failed, single.IdString())
		}
	}
	return ran, nil
}

// Tests in a row that could not be run: more say that there is no server, or another log.
const most = 10

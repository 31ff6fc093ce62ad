package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

var errNoRecord = errors.New("the record does not exist")

// The records of a zone, by Cloudflare's API.
type api struct {
	token string
	base  string
}

type caaData struct {
	Flags float64 `json:"flags"`
	Tag   string  `json:"tag"`
	Value string  `json:"value"`
}

type sentRecord struct {
	ID         string   `json:"id,omitempty"`
	Name       string   `json:"name"`
	Type       string   `json:"type"`
	Content    string   `json:"content,omitempty"`
	TTL        float64  `json:"ttl,omitempty"`
	Proxied    bool     `json:"proxied"`
	Comment    *string  `json:"comment,omitempty"`
	Data       *caaData `json:"data,omitempty"`
	CreatedOn  string   `json:"created_on,omitempty"`
	ModifiedOn string   `json:"modified_on,omitempty"`
}

func (a *api) record(ctx context.Context, method, zone, id string, sent *sentRecord) (*sentRecord, error) {
	var body bytes.Buffer
	if sent != nil {
		if err := json.NewEncoder(&body).Encode(sent); err != nil {
			return nil, err
		}
	}
	url := fmt.Sprintf("%s/zones/%s/dns_records", a.base, zone)
	if id != "" {
		url += "/" + id
	}
	request, err := http.NewRequestWithContext(ctx, method, url, &body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 30 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Success bool
		Errors  []struct {
			Code    int
			Message string
		}
		Result sentRecord
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("%s %s: %d, and no JSON: %w", method, url, response.StatusCode, err)
	}
	if answer.Success {
		return &answer.Result, nil
	}
	for _, each := range answer.Errors {
		if each.Code == 81044 {
			return nil, errNoRecord
		}
		return nil, fmt.Errorf("%s %s: %d %s (%d)", method, url, response.StatusCode, each.Message, each.Code)
	}
	return nil, fmt.Errorf("%s %s: %d", method, url, response.StatusCode)
}

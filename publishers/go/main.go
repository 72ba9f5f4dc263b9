// Publishes the events of one case:
//
//	go run . HOST:PORT CASE
//
// What counts is in the options, in the key, and in that nothing is called done before the broker has said so.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	org    = "119901002600008594"
	source = "urn:cn-org:" + org + ":penalty"
)

// event is a CloudEvent. Its id must be the same whenever the same thing is told again: take it from your register.
type event struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Subject     string         `json:"subject"`
	Time        time.Time      `json:"time"`
	Data        map[string]any `json:"data"`
}

func events(kase string) []event {
	accepted := time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("China", 8*3600))
	of := func(n int, hours time.Duration, kind string, data map[string]any) event {
		return event{"1.0", fmt.Sprintf("%s-%d", kase, n), source, kind, kase, accepted.Add(hours * time.Hour), data}
	}
	return []event{
		of(1, 0, "case.accepted", map[string]any{"item": "9901-CF-0042", "org": org, "title": "占道经营"}),
		of(2, 1, "step.started", map[string]any{"step": "investigation"}),
		of(3, 3, "step.completed", map[string]any{"step": "investigation"}),
	}
}

// publish sends all events and waits for the broker's word on each; the number that it has taken.
func publish(brokers, kase string) (int, error) {
	// Idempotent, and acknowledged by every replica in sync: franz-go's defaults, written down because they matter.
	client, err := kgo.NewClient(
		kgo.SeedBrokers(brokers),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		// As Java's producers choose the partition, so that a case has one, whoever writes.
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.RecordDeliveryTimeout(2*time.Minute),
		// With TLS and a password: kgo.DialTLSConfig, kgo.SASL.
	)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	var records []*kgo.Record
	for _, one := range events(kase) {
		value, err := json.Marshal(one)
		if err != nil {
			return 0, err
		}
		// The case is the key: its events stay in one partition, in order.
		records = append(records, &kgo.Record{Topic: "inbound." + org, Key: []byte(kase), Value: value})
	}
	published := 0
	results := client.ProduceSync(context.Background(), records...)
	for _, result := range results {
		if result.Err == nil {
			published++
		}
	}
	return published, results.FirstErr()
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: publish HOST:PORT CASE")
		os.Exit(2)
	}
	published, err := publish(os.Args[1], os.Args[2])
	fmt.Println(published, "published")
	if err != nil {
		// Whoever calls this keeps what was not published, and sends it again: that does no harm.
		fmt.Fprintln(os.Stderr, "not published:", err)
		os.Exit(1)
	}
}

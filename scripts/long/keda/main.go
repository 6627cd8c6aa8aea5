// Drives KEDA's own scaler for external-push against an ExternalScaler, as KEDA's operator does: main ADDRESS SECRETS [without].
// Says a line for each metric, push and changed answer to a poll. "without": one poll without a certificate.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kedacore/keda/v2/pkg/scalers/scalersconfig"
	"probe/scalers"
)

const metric = "s0-onescan-horizons"

func main() {
	address, secrets := os.Args[1], os.Args[2]
	config := &scalersconfig.ScalerConfig{
		ScalableObjectName: "onescan-trainer", ScalableObjectNamespace: "onescan", ScalableObjectType: "ScaledObject",
		TriggerMetadata: map[string]string{"scalerAddress": address, "horizonsPerTrainer": "1"},
		AuthParams:      map[string]string{"caCert": read(secrets, "ca.crt")},
	}
	if len(os.Args) > 3 {
		scaler, err := scalers.NewExternalScaler(config)
		check(err)
		_, _, err = poll(scaler.GetMetricsAndActivity)
		fmt.Println("refused", err)
		return
	}
	config.AuthParams["tlsClientCert"] = read(secrets, "keda.crt")
	config.AuthParams["tlsClientKey"] = read(secrets, "keda.key")
	scaler, err := scalers.NewExternalPushScaler(config)
	check(err)
	active := make(chan bool)
	go scaler.Run(context.Background(), active)
	for _, spec := range scaler.GetMetricSpecForScaling(context.Background()) {
		fmt.Println("spec", spec.External.Metric.Name, spec.External.Target.AverageValue)
	}
	last := ""
	for tick := time.NewTicker(500 * time.Millisecond); ; {
		select {
		case isActive := <-active:
			fmt.Println("push", isActive)
		case <-tick.C:
			value, isActive, err := poll(scaler.GetMetricsAndActivity)
			now := fmt.Sprintln("poll", isActive, value)
			if err != nil {
				now = "no answer\n"
			}
			if now != last {
				fmt.Print(now)
			}
			last = now
		}
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func read(folder, name string) string {
	text, err := os.ReadFile(filepath.Join(folder, name))
	check(err)
	return string(text)
}

// poll asks for metric and activity with the patience of a few seconds.
func poll(ask scalers.Ask) (string, bool, error) {
	limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	values, isActive, err := ask(limited, metric)
	if err != nil || len(values) == 0 {
		return "none", isActive, err
	}
	return values[0].Value.String(), isActive, nil
}

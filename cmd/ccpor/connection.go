package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"ccpor/exchange/client"
)

// connection is how an agency reaches the service.
type connection struct {
	URL  string `required:"" env:"CCPOR_URL" help:"Address of the service, as https://host:8917/soap."`
	Cert string `required:"" env:"CCPOR_CLIENT_CERT" type:"existingfile" help:"The agency's TLS certificate, PEM."`
	Key  string `required:"" env:"CCPOR_CLIENT_KEY" type:"existingfile" help:"Its key, PEM."`
	CA   string `env:"CCPOR_CA" type:"existingfile" help:"Authority that vouches for the service, PEM; the system's where not given."`
}

func (c connection) open() (*client.Client, error) {
	config, err := clientTLS(c.Cert, c.Key, c.CA)
	if err != nil {
		return nil, err
	}
	return client.New(c.URL, config), nil
}

func clientTLS(cert, key, ca string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("reading the client certificate: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if ca == "" {
		return config, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", ca)
	}
	return config, nil
}

package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// OriginRequest is how services are asked; names and defaults are cloudflared's
// (cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/cloudflared-parameters/origin-parameters).
type OriginRequest struct {
	HTTPHostHeader   string `json:"httpHostHeader"`
	OriginServerName string `json:"originServerName"`
	MatchSNIToHost   bool   `json:"matchSNItoHost"`
	NoTLSVerify      bool   `json:"noTLSVerify"`
	// CAPool is a file of authorities besides the system's.
	CAPool string `json:"caPool"`
	// ConnectTimeout and TLSTimeout are in seconds; none means thirty and ten.
	ConnectTimeout int `json:"connectTimeout"`
	TLSTimeout     int `json:"tlsTimeout"`
}

const (
	defaultConnectTimeout = 30 * time.Second
	defaultTLSTimeout     = 10 * time.Second
	// upgradeHeader marks streams that are more than a request; HTTP/2 has no upgrades.
	upgradeHeader = "Cf-Cloudflared-Proxy-Connection-Upgrade"
	// metaHeader tells the edge who has answered.
	metaHeader   = "Cf-Cloudflared-Response-Meta"
	fromOrigin   = `{"src":"origin"}`
	fromSelf     = `{"src":"cloudflared"}`
	internalName = "Cf-Cloudflared-"
)

func seconds(count int, absent time.Duration) time.Duration {
	if count <= 0 {
		return absent
	}
	return time.Duration(count) * time.Second
}

func newService(service string, options OriginRequest) (http.Handler, error) {
	if code, found := strings.CutPrefix(service, "http_status:"); found {
		status, err := strconv.Atoi(code)
		if err != nil || status < 100 || status > 999 {
			return nil, fmt.Errorf("%s is no status", service)
		}
		return http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
			writer.Header().Set(metaHeader, fromSelf)
			writer.WriteHeader(status)
		}), nil
	}
	target, socket, err := parseTarget(service)
	if err != nil {
		return nil, err
	}
	authorities, err := authoritiesOf(options)
	if err != nil {
		return nil, err
	}
	return &origin{target: target, socket: socket, options: options, authorities: authorities}, nil
}

// parseTarget reads http://, https:// and unix: addresses; the path of the latter is a socket.
func parseTarget(service string) (*url.URL, string, error) {
	if path, found := strings.CutPrefix(service, "unix:"); found {
		return &url.URL{Scheme: "http", Host: "localhost"}, path, nil
	}
	target, err := url.Parse(service)
	if err != nil || (target.Scheme != "http" && target.Scheme != "https") || target.Host == "" {
		return nil, "", fmt.Errorf("this stand-in carries http://, https:// and unix: only, and no %s", service)
	}
	return target, "", nil
}

func authoritiesOf(options OriginRequest) (*x509.CertPool, error) {
	if options.CAPool == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	raw, err := os.ReadFile(options.CAPool)
	if err != nil {
		return nil, err
	}
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s has no certificate", options.CAPool)
	}
	return pool, nil
}

// origin is a service that requests are passed on to.
type origin struct {
	target      *url.URL
	socket      string
	options     OriginRequest
	authorities *x509.CertPool
}

// transport is one request's own, because the name in its handshake may be the request's.
func (o *origin) transport(host string) *http.Transport {
	dialer := net.Dialer{Timeout: seconds(o.options.ConnectTimeout, defaultConnectTimeout)}
	name := o.options.OriginServerName
	if name == "" && o.options.MatchSNIToHost {
		name = host
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if o.socket != "" {
				return dialer.DialContext(ctx, "unix", o.socket)
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{
			ServerName:         name,
			InsecureSkipVerify: o.options.NoTLSVerify,
			RootCAs:            o.authorities,
		},
		TLSHandshakeTimeout: seconds(o.options.TLSTimeout, defaultTLSTimeout),
		DisableKeepAlives:   true,
		DisableCompression:  true,
	}
}

func (o *origin) host(request *http.Request) string {
	if o.options.HTTPHostHeader != "" {
		return o.options.HTTPHostHeader
	}
	return request.Host
}

// prepare makes of the edge's request the one that the service sees: with the name that was asked for, and with whom
// the edge says it was asked by.
func (o *origin) prepare(in, out *http.Request) {
	out.URL.Scheme, out.URL.Host = o.target.Scheme, o.target.Host
	out.Host = o.host(in)
	for name, values := range in.Header {
		if strings.HasPrefix(name, internalName) {
			out.Header.Del(name)
		} else if strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "Cf-") {
			out.Header[name] = values
		}
	}
}

func (o *origin) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	transport := o.transport(o.host(request))
	defer transport.CloseIdleConnections()
	if request.Header.Get(upgradeHeader) == "websocket" {
		o.upgrade(writer, request, transport)
		return
	}
	proxy := httputil.ReverseProxy{
		Rewrite:   func(proxied *httputil.ProxyRequest) { o.prepare(proxied.In, proxied.Out) },
		Transport: transport,
		// What a service sends bit by bit is to arrive bit by bit.
		FlushInterval:  -1,
		ModifyResponse: func(response *http.Response) error { response.Header.Set(metaHeader, fromOrigin); return nil },
		ErrorHandler:   func(writer http.ResponseWriter, _ *http.Request, _ error) { badGateway(writer) },
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	proxy.ServeHTTP(writer, request)
}

func badGateway(writer http.ResponseWriter) {
	writer.Header().Set(metaHeader, fromSelf)
	http.Error(writer, "Bad gateway: unable to reach the origin service", http.StatusBadGateway)
}

// upgrade asks the service for a WebSocket and joins it with the stream, which has no end until one of the two has.
func (o *origin) upgrade(writer http.ResponseWriter, request *http.Request, transport *http.Transport) {
	out := request.Clone(request.Context())
	o.prepare(request, out)
	out.Body, out.ContentLength = nil, 0
	out.RequestURI = ""
	out.Header.Set("Connection", "Upgrade")
	out.Header.Set("Upgrade", "websocket")
	response, err := transport.RoundTrip(out)
	if err != nil {
		badGateway(writer)
		return
	}
	defer response.Body.Close()
	for name, values := range response.Header {
		if name != "Connection" && name != "Upgrade" {
			writer.Header()[name] = values
		}
	}
	writer.Header().Set(metaHeader, fromOrigin)
	if response.StatusCode != http.StatusSwitchingProtocols {
		writer.WriteHeader(response.StatusCode)
		_, _ = io.Copy(writer, response.Body)
		return
	}
	service, ok := response.Body.(io.ReadWriteCloser)
	if !ok {
		badGateway(writer)
		return
	}
	// HTTP/2 has no 101 (RFC 9113, 8.6).
	writer.WriteHeader(http.StatusOK)
	join(writer, request.Body, service)
}

// join carries bytes both ways until one side ends. It waits for both directions, since nothing may be written to a
// stream whose handler has returned.
func join(writer http.ResponseWriter, body io.ReadCloser, service io.ReadWriteCloser) {
	flushed := flusher{writer, http.NewResponseController(writer)}
	if flushed.control.Flush() != nil {
		return
	}
	ends := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(service, body)
		ends <- struct{}{}
	}()
	go func() {
		_, _ = io.Copy(flushed, service)
		ends <- struct{}{}
	}()
	<-ends
	service.Close()
	body.Close()
	<-ends
}

// flusher sends every piece at once.
type flusher struct {
	io.Writer
	control *http.ResponseController
}

func (f flusher) Write(data []byte) (int, error) {
	count, err := f.Writer.Write(data)
	if err == nil {
		err = f.control.Flush()
	}
	return count, err
}

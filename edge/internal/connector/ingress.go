package connector

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Rule is one rule of a tunnel's ingress, as Cloudflare's API has it.
type Rule struct {
	Hostname string `json:"hostname,omitempty"`
	Path     string `json:"path,omitempty"`
	Service  string `json:"service"`
}

const dialTimeout = 30 * time.Second

type route struct {
	hostname string
	path     *regexp.Regexp
	handler  http.Handler
}

// Ingress passes requests on by the first of its rules that fits them.
type Ingress struct{ routes []route }

// NewIngress reads rules; the last of them must take everything.
func NewIngress(rules []Rule) (*Ingress, error) {
	if len(rules) == 0 || rules[len(rules)-1].Hostname != "" || rules[len(rules)-1].Path != "" {
		return nil, fmt.Errorf("the last ingress rule must take everything")
	}
	ingress := &Ingress{}
	for _, rule := range rules {
		path, err := regexp.Compile(rule.Path)
		if err != nil {
			return nil, fmt.Errorf("the path of %s: %w", rule.Hostname, err)
		}
		handler, err := serviceHandler(rule.Service)
		if err != nil {
			return nil, err
		}
		ingress.routes = append(ingress.routes, route{strings.ToLower(rule.Hostname), path, handler})
	}
	return ingress, nil
}

func (r route) fits(host, path string) bool {
	if suffix, wild := strings.CutPrefix(r.hostname, "*"); wild {
		return strings.HasSuffix(host, suffix) && r.path.MatchString(path)
	}
	return (r.hostname == "" || r.hostname == host) && r.path.MatchString(path)
}

func (i *Ingress) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	host := strings.ToLower(request.Host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for _, route := range i.routes {
		if route.fits(host, request.URL.Path) {
			route.handler.ServeHTTP(writer, request)
			return
		}
	}
}

func serviceHandler(service string) (http.Handler, error) {
	if code, found := strings.CutPrefix(service, "http_status:"); found {
		status, err := strconv.Atoi(code)
		if err != nil || status < 100 || status > 599 {
			return nil, fmt.Errorf("%s is no status", service)
		}
		return http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) { writer.WriteHeader(status) }), nil
	}
	target, err := url.Parse(service)
	if err != nil || (target.Scheme != "http" && target.Scheme != "https") || target.Host == "" {
		return nil, fmt.Errorf("this stand-in carries http:// and https:// only, and no %s", service)
	}
	return &httputil.ReverseProxy{
		Rewrite: func(proxied *httputil.ProxyRequest) {
			proxied.SetURL(target)
			// The service sees the name that was asked for, and whom the edge says it was asked by.
			proxied.Out.Host = proxied.In.Host
			for name, values := range proxied.In.Header {
				if strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "Cf-") {
					proxied.Out.Header[name] = values
				}
			}
		},
		Transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext,
			// As cloudflared without caPool, except that it would look at public authorities.
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		},
	}, nil
}

package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
)

// Config is a tunnel's configuration, as Cloudflare's API has it.
type Config struct {
	Ingress       []Rule        `json:"ingress"`
	OriginRequest OriginRequest `json:"originRequest"`
}

// Rule is one rule of a tunnel's ingress.
type Rule struct {
	Hostname string `json:"hostname,omitempty"`
	Path     string `json:"path,omitempty"`
	Service  string `json:"service"`
	// OriginRequest is laid over the configuration's own.
	OriginRequest json.RawMessage `json:"originRequest,omitempty"`
}

type route struct {
	hostname string
	path     *regexp.Regexp
	service  http.Handler
}

// Ingress passes requests on by the first of its rules that fits them.
type Ingress struct{ routes []route }

// NewIngress reads rules; the last of them must take everything.
func NewIngress(config Config) (*Ingress, error) {
	rules := config.Ingress
	if len(rules) == 0 || !takesAll(rules[len(rules)-1]) {
		return nil, errors.New("the last ingress rule must take everything")
	}
	ingress := &Ingress{}
	for _, rule := range rules {
		path, err := regexp.Compile(rule.Path)
		if err != nil {
			return nil, fmt.Errorf("the path of %s: %w", rule.Hostname, err)
		}
		options := config.OriginRequest
		if len(rule.OriginRequest) > 0 {
			if err := json.Unmarshal(rule.OriginRequest, &options); err != nil {
				return nil, fmt.Errorf("originRequest of %s: %w", rule.Service, err)
			}
		}
		service, err := newService(rule.Service, options)
		if err != nil {
			return nil, err
		}
		ingress.routes = append(ingress.routes, route{strings.ToLower(rule.Hostname), path, service})
	}
	return ingress, nil
}

func takesAll(rule Rule) bool {
	return (rule.Hostname == "" || rule.Hostname == "*") && rule.Path == ""
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
			route.service.ServeHTTP(writer, request)
			return
		}
	}
}

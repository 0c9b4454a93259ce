// Package standin answers where services will that are not part of this repository.
//
// What runs there one day is the owner's; until then load balancers, tunnels and tests need something that speaks its
// HTTP and its WebSockets, tells who it is, and never passes for the real thing.
package standin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"blackroad.io/edge/internal/strict"
)

// Service is one port of a host.
type Service struct {
	// Name is what answers say: agent-service.
	Name string `json:"name"`
	// Listen is an address and a TCP port; without an address, all of the host's.
	Listen string `json:"listen"`
}

// Config is what the owner's package is told as well: who it is, and what it is to serve.
type Config struct {
	// Host is what the host calls itself: api-1.us-west.
	Host string `json:"host"`
	// Site is its region or place.
	Site string `json:"site"`
	// Address is the host's own.
	Address  string    `json:"address"`
	Services []Service `json:"services"`
	// Stores are of no use to a stand-in, which keeps nothing.
	Stores []Store `json:"stores"`
}

// Store is what the program keeps its data in.
type Store struct {
	Name         string `json:"name"`
	Address      string `json:"address"`
	PasswordFile string `json:"passwordFile"`
}

// Load reads a configuration, and tells everything that is wrong with it.
func Load(path string) (Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Config{}, err
	}
	var config Config
	if err := strict.Decode(raw, &config); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := config.validate(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

func (c Config) validate() error {
	var wrong []error
	if c.Host == "" {
		wrong = append(wrong, errors.New("host is empty"))
	}
	if len(c.Services) == 0 {
		wrong = append(wrong, errors.New("services has none"))
	}
	taken := map[string]string{}
	for index, service := range c.Services {
		place := fmt.Sprintf("services[%d]", index)
		if service.Name == "" {
			wrong = append(wrong, fmt.Errorf("%s.name is empty", place))
		}
		_, port, err := net.SplitHostPort(service.Listen)
		if number, isNumber := strconv.ParseUint(port, 10, 16); err != nil || isNumber != nil || number == 0 {
			wrong = append(wrong, fmt.Errorf("%s.listen is no address with a port", place))
			continue
		}
		if other, isTaken := taken[service.Listen]; isTaken {
			wrong = append(wrong, fmt.Errorf("%s.listen is %s's", place, other))
		}
		taken[service.Listen] = service.Name
	}
	return errors.Join(wrong...)
}

// Package generation has the vocabulary of what the agent applies: a generation, which is the complete configuration
// of one host, and the document in which it arrives.
package generation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"blackroad.io/edge/internal/strict"
)

// Format is the only document format this agent reads. A change of meaning gets another number.
const Format = "reef-generation/1"

// Bounds of a document. They are far above what a host needs and far below what would hurt it.
const (
	// MaxDocumentBytes bounds the whole document.
	MaxDocumentBytes = 64 << 20
	// MaxFileBytes bounds one file's content.
	MaxFileBytes = 32 << 20
	// MaxEntries bounds each list.
	MaxEntries = 4096
)

// Document is a host's complete configuration.
type Document struct {
	Format string `json:"format"`
	// Host is the key of the host that this is meant for: `us-west/hub-1`.
	Host string `json:"host"`
	// ConfirmSeconds is how long the confirmations may take before the previous generation returns.
	ConfirmSeconds int          `json:"confirmSeconds"`
	Management     []Management `json:"management,omitempty"`
	Files          []File       `json:"files,omitempty"`
	// Packages are Debian packages that must be installed. They stay when a later generation lacks them.
	Packages     []string          `json:"packages,omitempty"`
	Users        []User            `json:"users,omitempty"`
	Keys         []Key             `json:"keys,omitempty"`
	Sysctls      map[string]string `json:"sysctls,omitempty"`
	Interfaces   []Interface       `json:"interfaces,omitempty"`
	Nftables     *Nftables         `json:"nftables,omitempty"`
	WireGuard    []WireGuard       `json:"wireguard,omitempty"`
	Services     []Service         `json:"services,omitempty"`
	Checks       []Check           `json:"checks,omitempty"`
	Routes       []Route           `json:"routes,omitempty"`
	Certificates []string          `json:"certificates,omitempty"`
	// Metrics writes what `status` finds where the node exporter reads text files, again and again.
	Metrics bool `json:"metrics,omitempty"`
}

// Management is a way by which the operator reaches the host. Each must confirm before a generation is committed.
type Management struct {
	// Name is `lan`, `tunnel` or another word of the operator's.
	Name string `json:"name"`
	// Address is the host's own address on that way. Where it is given, only an SSH connection that came in on it
	// can confirm, and only one that was made after the changes.
	Address string `json:"address,omitempty"`
}

// File is one file. Content or Text holds its content, in base64 or as it is; or Source says where on the host it lies.
type File struct {
	Path string `json:"path"`
	// Mode is four octal digits: `0644`.
	Mode string `json:"mode"`
	// Owner is `user:group`, by name.
	Owner   string `json:"owner"`
	Content []byte `json:"content,omitempty"`
	Text    string `json:"text,omitempty"`
	// Source is the path of a regular file of the host that has the content. Where it has not, the content is looked
	// for at Path itself and in the generations that are stored.
	Source string `json:"source,omitempty"`
	// SHA256 of the content, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Secret content is shown nowhere, not even as a hash.
	Secret bool `json:"secret,omitempty"`
}

// Key is a private key that the host has made and that never leaves it. Its content is no part of a generation; its
// owner and mode are.
type Key struct {
	Path  string `json:"path"`
	Owner string `json:"owner"`
	Mode  string `json:"mode"`
}

// User is an account that must exist.
type User struct {
	Name string `json:"name"`
	// System accounts have no home folder made and no login by default.
	System bool     `json:"system,omitempty"`
	Home   string   `json:"home,omitempty"`
	Shell  string   `json:"shell,omitempty"`
	Groups []string `json:"groups,omitempty"`
}

// Interface is a network interface with what it is to have, no more and no less; addresses that the network gives by
// itself, as IPv6 does, are left alone.
type Interface struct {
	Name string `json:"name"`
	// Addresses with prefix length: `10.1.0.10/24`. None for an interface that only carries others.
	Addresses []string `json:"addresses,omitempty"`
	// Gateway of the default route.
	Gateway string `json:"gateway,omitempty"`
	// Nameservers, for whoever keeps the list of them on that system.
	Nameservers []string `json:"nameservers,omitempty"`
	// MTU in bytes; 0 leaves it as it is.
	MTU    int              `json:"mtu,omitempty"`
	VLAN   *VLAN            `json:"vlan,omitempty"`
	Routes []InterfaceRoute `json:"routes,omitempty"`
}

// VLAN is an 802.1Q tag on another interface of the document.
type VLAN struct {
	Link string `json:"link"`
	ID   int    `json:"id"`
}

// InterfaceRoute is a route through an interface.
type InterfaceRoute struct {
	Destination string `json:"destination"`
	Via         string `json:"via"`
}

// Nftables is the one table that belongs to us. Other tables are left alone.
type Nftables struct {
	// Family is `inet`, `ip`, `ip6`, `arp`, `bridge` or `netdev`.
	Family string `json:"family"`
	Table  string `json:"table"`
	// Rules is what stands between the braces of the table.
	Rules string `json:"rules"`
}

// WireGuard is a tunnel interface. Its private key is made on the host and stays there.
type WireGuard struct {
	Interface string `json:"interface"`
	// Addresses with prefix length: `10.200.0.1/24`.
	Addresses []string `json:"addresses"`
	// ListenPort is 0 where the interface need not be reached at a fixed port.
	ListenPort uint16 `json:"listenPort,omitempty"`
	// MTU in bytes.
	MTU int `json:"mtu"`
	// PrivateKeyFile is where the host keeps the key, in base64.
	PrivateKeyFile string `json:"privateKeyFile"`
	Peers          []Peer `json:"peers,omitempty"`
}

// Peer is another end of a tunnel.
type Peer struct {
	Name      string `json:"name"`
	PublicKey string `json:"publicKey"`
	// PresharedKey is a secret.
	PresharedKey     string   `json:"presharedKey,omitempty"`
	Endpoint         string   `json:"endpoint,omitempty"`
	AllowedIPs       []string `json:"allowedIPs"`
	KeepaliveSeconds int      `json:"keepaliveSeconds,omitempty"`
}

// Service is a systemd unit that must be enabled and active, in the order of starting.
type Service struct {
	Unit string `json:"unit"`
	// Reload and Restart name the files that the unit must take up when they change: a path, or a folder with a
	// trailing slash for everything in it. The unit's own file and drop-ins always restart it.
	Reload  []string `json:"reload,omitempty"`
	Restart []string `json:"restart,omitempty"`
}

// Check is a file that a program must find good before anything changes.
type Check struct {
	// Checker is one of the names of package checker: `nft`, `haproxy`, `nginx`, `sshd`, `prometheus`, …
	Checker string `json:"checker"`
	Path    string `json:"path"`
}

// Route is a route that status expects to find. Units or programs make it, not the agent.
type Route struct {
	Destination string `json:"destination"`
	Via         string `json:"via,omitempty"`
	Interface   string `json:"interface,omitempty"`
}

// Parse reads a document that came from outside. All errors are returned together; none quotes a content.
func Parse(data []byte) (*Document, error) {
	if len(data) > MaxDocumentBytes {
		return nil, fmt.Errorf("the document is larger than %d MiB", MaxDocumentBytes>>20)
	}
	var document Document
	if err := strict.Decode(data, &document); err != nil {
		return nil, err
	}
	if err := document.Validate(); err != nil {
		return nil, err
	}
	for i := range document.Files {
		f := &document.Files[i]
		if f.Text != "" {
			f.Content, f.Text = []byte(f.Text), ""
		}
	}
	return &document, nil
}

// Read reads a document from a stream, and no more of it than a document may have.
func Read(r io.Reader) (*Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxDocumentBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	return Parse(data)
}

// Digest identifies what a document says, however it was written: the SHA-256 of its canonical form, in which a file's
// hash stands for its content, wherever that comes from.
func (d *Document) Digest() string {
	canonical := *d
	canonical.Files = slices.Clone(d.Files)
	for i := range canonical.Files {
		f := &canonical.Files[i]
		f.Content, f.Text, f.Source = nil, "", ""
	}
	text, err := json.Marshal(canonical)
	if err != nil {
		// Strings, numbers and bytes always have a JSON form.
		panic(err)
	}
	return Sum(text)
}

// Sum is the SHA-256 of data, in hexadecimal.
func Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

package probe

import (
	"strings"
	"testing"
)

const valid = `{"seed":1,"rate":100,"passes":1,"waitMilliseconds":1,"sourcePorts":{"from":40000,"to":40001},` +
	`"portPerProbe":false,"nodes":[{"name":"a","namespace":"/run/netns/a"}],` +
	`"questions":[{"from":0,"to":"10.0.0.1","tcp":[22],"udp":[],"echo":true}]}`

func TestRequestIsRead(t *testing.T) {
	request, err := Read(strings.NewReader(valid))
	if err != nil {
		t.Fatal(err)
	}
	if request.hasIPv6() || request.Questions[0].TCP[0] != 22 || !request.Questions[0].Echo {
		t.Errorf("read as %+v", request)
	}
	sixth, err := Read(strings.NewReader(strings.Replace(valid, "10.0.0.1", "2001:db8::1", 1)))
	if err != nil || !sixth.hasIPv6() {
		t.Errorf("%+v, %v", sixth, err)
	}
}

func TestRequestIsRefused(t *testing.T) {
	for old, wrong := range map[string]string{
		`"seed":1`:         `"sead":1`,
		`"rate":100`:       `"rate":0`,
		`"from":0,`:        `"from":1,`,
		`"10.0.0.1"`:       `"10.0.0"`,
		`"to":40001`:       `"to":39999`,
		`"tcp":[22]`:       `"tcp":[65536]`,
		`"10.0.0.1","tcp"`: `"::ffff:10.0.0.1","tcp"`,
	} {
		text := strings.Replace(valid, old, wrong, 1)
		if text == valid {
			t.Fatalf("%s is not in the request", old)
		}
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}

func TestPortListEnds(t *testing.T) {
	list := &portList{ports: Ports{From: 65534, To: 65535}}
	for _, want := range []uint16{65534, 65535} {
		if port, err := list.next(); err != nil || port != want {
			t.Errorf("%d, %v", port, err)
		}
	}
	if port, err := list.next(); err == nil {
		t.Errorf("there is one more: %d", port)
	}
}

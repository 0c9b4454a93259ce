package strict

import (
	"strings"
	"testing"
)

type inner struct {
	Mode string `json:"mode"`
	Data []byte `json:"data"`
}

type outer struct {
	Name   string            `json:"name"`
	Files  []inner           `json:"files"`
	Values map[string]string `json:"values"`
	Count  int               `json:"count"`
	Secret bool              `json:"secret"`
}

func TestDecodeTakesWhatFits(t *testing.T) {
	var got outer
	err := Decode([]byte(`{"name":"a","files":[{"mode":"0644","data":"aGk="}],"values":{"x":"1"},"count":3,"secret":true}`), &got)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "a" || string(got.Files[0].Data) != "hi" || got.Values["x"] != "1" || got.Count != 3 || !got.Secret {
		t.Fatalf("got %+v", got)
	}
}

func TestDecodeTellsAllErrorsAtOnce(t *testing.T) {
	var got outer
	err := Decode([]byte(`{"Name":"a","files":[{"mode":5},{"mdoe":"x"}],"count":"hunter2","count":1,"secret":null,"values":{"a":"1","a":"2"}}`), &got)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"Name: is not a known field",
		"files[0].mode: a number stands where a string is expected",
		"files[1].mdoe: is not a known field",
		"count: a string stands where a number is expected",
		"count: comes twice",
		"secret: null",
		"values.a: comes twice",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("quotes a value: %v", err)
	}
}

func TestDecodeRefusesWhatIsNotOneDocument(t *testing.T) {
	for _, text := range []string{``, `{`, `{}{}`, `{} x`, `[]`, `"x"`, `{"name":"a"`, `{"name" "a"}`, `{"files":` + strings.Repeat("[", 100)} {
		var got outer
		if err := Decode([]byte(text), &got); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"a","files":[{"mode":"0644","data":"aGk="}]}`))
	f.Add([]byte(`{"name":null,"x":[[[{}]]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got outer
		_ = Decode(data, &got)
	})
}

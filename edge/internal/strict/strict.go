// Package strict decodes JSON that must be exactly of the shape expected, and tells every deviation at once.
//
// encoding/json accepts unknown fields, repeated fields and fields in another case, and stops at its first error.
// A document that configures a host deserves better: nothing in it may be overlooked.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// maxDepth bounds recursion; no document of ours nests deeper than 8.
const maxDepth = 32

// maxErrors bounds what one hostile document can make us say.
const maxErrors = 100

// Decode reads data, which must be one JSON value and nothing else, into out, a pointer to a struct.
//
// Unknown, repeated and differently spelt fields, null, and values of a wrong type are errors; all of them are
// returned together, each with the place where it stands (`files[3].mode`). No error quotes a value, which may be
// secret.
func Decode(data []byte, out any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	w := walker{decoder: decoder}
	if err := w.value(reflect.TypeOf(out).Elem(), "", 0); err != nil {
		return fmt.Errorf("not well-formed JSON near byte %d: %w", decoder.InputOffset(), withoutValues(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something comes after the end of the document")
	}
	if len(w.errs) > 0 {
		return errors.Join(w.errs...)
	}
	if err := json.Unmarshal(data, out); err != nil {
		return withoutValues(err)
	}
	return nil
}

// withoutValues drops from an error of encoding/json whatever part of the input it quotes.
func withoutValues(err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s: a %s is expected", wrongType.Field, wrongType.Type)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the document ends too early")
	case errors.Is(err, errTooDeep):
		return err
	default:
		return errors.New("syntax error")
	}
}

var errTooDeep = fmt.Errorf("nested deeper than %d", maxDepth)

type walker struct {
	decoder *json.Decoder
	errs    []error
}

func (w *walker) fail(place, format string, args ...any) {
	if len(w.errs) < maxErrors {
		if place == "" {
			place = "the document"
		}
		w.errs = append(w.errs, fmt.Errorf("%s: %s", place, fmt.Sprintf(format, args...)))
	}
}

// value reads one value that should be of type t; t is nil where anything may stand because an error was told already.
func (w *walker) value(t reflect.Type, place string, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	token, err := w.decoder.Token()
	if err != nil {
		return err
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return w.object(t, place, depth)
		}
		return w.array(t, place, depth)
	case nil:
		w.fail(place, "null is not a value here; leave the field out")
	case string:
		w.expect(t, place, "a string", reflect.String)
	case bool:
		w.expect(t, place, "true or false", reflect.Bool)
	case json.Number:
		w.expect(t, place, "a number", reflect.Int, reflect.Int64, reflect.Uint16)
	}
	return nil
}

func (w *walker) expect(t reflect.Type, place, found string, kinds ...reflect.Kind) {
	if t == nil {
		return
	}
	for _, kind := range kinds {
		if t.Kind() == kind {
			return
		}
	}
	// A []byte is written as a string of base64.
	if isBytes(t) && found == "a string" {
		return
	}
	w.fail(place, "%s stands where %s is expected", found, nameOf(t))
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func nameOf(t reflect.Type) string {
	switch {
	case isBytes(t), t.Kind() == reflect.String:
		return "a string"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Struct, t.Kind() == reflect.Map:
		return "an object"
	case t.Kind() == reflect.Slice:
		return "a list"
	default:
		return "a number"
	}
}

func (w *walker) object(t reflect.Type, place string, depth int) error {
	if t != nil && t.Kind() != reflect.Struct && t.Kind() != reflect.Map {
		w.fail(place, "an object stands where %s is expected", nameOf(t))
		t = nil
	}
	seen := map[string]bool{}
	for w.decoder.More() {
		token, err := w.decoder.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return errors.New("a field has no name")
		}
		inner := strings.TrimPrefix(place+"."+printable(name), ".")
		if seen[name] {
			w.fail(inner, "comes twice")
		}
		seen[name] = true
		if err := w.value(w.fieldType(t, name, inner), inner, depth+1); err != nil {
			return err
		}
	}
	_, err := w.decoder.Token()
	return err
}

func (w *walker) fieldType(t reflect.Type, name, place string) reflect.Type {
	switch {
	case t == nil:
		return nil
	case t.Kind() == reflect.Map:
		return t.Elem()
	}
	for field := range t.Fields() {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag == name && tag != "-" {
			return field.Type
		}
	}
	w.fail(place, "is not a known field")
	return nil
}

func (w *walker) array(t reflect.Type, place string, depth int) error {
	var element reflect.Type
	switch {
	case t == nil:
	case t.Kind() == reflect.Slice && !isBytes(t):
		element = t.Elem()
	default:
		w.fail(place, "a list stands where %s is expected", nameOf(t))
	}
	for i := 0; w.decoder.More(); i++ {
		if err := w.value(element, fmt.Sprintf("%s[%d]", place, i), depth+1); err != nil {
			return err
		}
	}
	_, err := w.decoder.Token()
	return err
}

// printable keeps a name that someone else chose from writing control characters, or a novel, to a terminal.
func printable(name string) string {
	const longest = 64
	if len(name) > longest {
		name = name[:longest] + "…"
	}
	return strings.Trim(fmt.Sprintf("%q", name), `"`)
}

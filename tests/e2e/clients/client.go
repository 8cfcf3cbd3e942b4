// Go's net/http, with a key of the agent's own that means nothing.
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"time"
)

const url = "https://api.stripe.com/v1/charges"

type answer struct {
	Status int         `json:"status"`
	Body   interface{} `json:"body,omitempty"`
	Code   interface{} `json:"code,omitempty"`
}

func call(method, where string) (answer, map[string]interface{}, error) {
	request, _ := http.NewRequest(method, where, nil)
	request.Header.Set("Authorization", "Bearer sk-dummy")
	reply, err := (&http.Client{Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		return answer{}, nil, err
	}
	defer reply.Body.Close()
	var body map[string]interface{}
	err = json.NewDecoder(reply.Body).Decode(&body)
	return answer{Status: reply.StatusCode}, body, err
}

func main() {
	allowed, body, err := call("GET", url+"?client=go")
	if err != nil {
		panic(err)
	}
	allowed.Body = body
	refused, body, err := call("DELETE", url+"/ch_1")
	if err != nil {
		panic(err)
	}
	refused.Code = body["code"]
	_, _, err = call("GET", "https://unregistered.example/")
	unregistered := "no error"
	if err != nil {
		unregistered = err.Error()
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"client": "go", "allowed": allowed, "refused": refused, "unregistered": unregistered})
}

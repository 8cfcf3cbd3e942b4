// gRPC's client for Go, as Debian has it. Tells what it saw as JSON; the same as client.py and client.mjs.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const service = "/bank.Accounts/"
const limit = 60 * time.Second
const large = 32 << 20

// Messages are bytes.
type asIs struct{}

func (asIs) Marshal(message interface{}) ([]byte, error) { return *message.(*[]byte), nil }
func (asIs) Unmarshal(data []byte, message interface{}) error {
	*message.(*[]byte) = append([]byte{}, data...)
	return nil
}
func (asIs) Name() string { return "proto" }

var channel *grpc.ClientConn
var input = bufio.NewReader(os.Stdin)

type failed struct {
	Heard    []string          `json:"heard,omitempty"`
	Code     int               `json:"code"`
	Message  string            `json:"message"`
	Trailers map[string]string `json:"trailers"`
}

func text(values metadata.MD) map[string]string {
	told := map[string]string{}
	for name, all := range values {
		told[name] = all[0]
		if strings.HasSuffix(name, "-bin") {
			told[name] = hex.EncodeToString([]byte(all[0]))
		}
	}
	return told
}

func within(time time.Duration) context.Context {
	limited, _ := context.WithTimeout(context.Background(), time)
	return limited
}

func unary(limited context.Context, name string, message []byte, options ...grpc.CallOption) ([]byte, error) {
	var answer []byte
	err := channel.Invoke(limited, service+name, &message, &answer, options...)
	return answer, err
}

func failing(limited context.Context, name, message string) interface{} {
	var trailers metadata.MD
	_, err := unary(limited, name, []byte(message), grpc.Trailer(&trailers))
	if err == nil {
		return "it succeeded"
	}
	return failed{Code: int(status.Code(err)), Message: status.Convert(err).Message(), Trailers: text(trailers)}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func open(name string) grpc.ClientStream {
	stream, err := channel.NewStream(within(limit), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, service+name)
	must(err)
	return stream
}

func say(stream grpc.ClientStream, message string) {
	data := []byte(message)
	must(stream.SendMsg(&data))
}

func hear(stream grpc.ClientStream) ([]string, error) {
	heard := []string{}
	for {
		var one []byte
		err := stream.RecvMsg(&one)
		if err == io.EOF {
			return heard, nil
		}
		if err != nil {
			return heard, err
		}
		heard = append(heard, string(one))
	}
}

func get() interface{} {
	var headers, trailers metadata.MD
	asked := metadata.AppendToOutgoingContext(within(limit), "x-mine", "yes", "x-mine-bin", "\x00\xffm", "x-mine", "again")
	answer, err := unary(asked, "Get", []byte("hello"), grpc.Header(&headers), grpc.Trailer(&trailers))
	must(err)
	return map[string]interface{}{"answer": string(answer), "headers": text(headers), "trailers": text(trailers)}
}

func list() interface{} {
	stream := open("List")
	say(stream, "item")
	must(stream.CloseSend())
	heard, err := hear(stream)
	must(err)
	return heard
}

func collect() interface{} {
	stream := open("Collect")
	for _, one := range []string{"a", "b", "c"} {
		say(stream, one)
	}
	must(stream.CloseSend())
	heard, err := hear(stream)
	must(err)
	return heard[0]
}

func chat() interface{} {
	stream := open("Chat")
	heard := []string{}
	for number := 0; number < 10; number++ {
		say(stream, strconv.Itoa(number))
		var one []byte
		must(stream.RecvMsg(&one))
		heard = append(heard, string(one))
	}
	must(stream.CloseSend())
	rest, err := hear(stream)
	must(err)
	return append(heard, rest...)
}

func failLate() interface{} {
	stream := open("FailLate")
	say(stream, "")
	must(stream.CloseSend())
	heard, err := hear(stream)
	return failed{heard, int(status.Code(err)), status.Convert(err).Message(), text(stream.Trailer())}
}

func cancel() interface{} {
	limited, stop := context.WithTimeout(context.Background(), limit)
	code := make(chan int)
	go func() {
		_, err := unary(limited, "Slow", []byte("cancelled"))
		code <- int(status.Code(err))
	}()
	input.ReadString('\n')
	stop()
	return <-code
}

func largeEcho() interface{} {
	piece := make([]byte, 1<<20)
	rand.Read(piece)
	sent := bytes.Repeat(piece, 5)
	got, err := unary(within(limit), "Echo", sent)
	must(err)
	return bytes.Equal(got, sent)
}

func many() interface{} {
	answers := make([]string, 50)
	var all sync.WaitGroup
	for number := range answers {
		all.Add(1)
		go func(number int) {
			defer all.Done()
			answer, err := unary(within(limit), "Get", []byte(strconv.Itoa(number)))
			must(err)
			answers[number] = string(answer)
		}(number)
	}
	all.Wait()
	return answers
}

func main() {
	transport := grpc.WithInsecure()
	if os.Getenv("TLS") != "" {
		transport = grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(nil, ""))
	}
	var err error
	channel, err = grpc.Dial(os.Getenv("TARGET"), transport, grpc.WithDefaultCallOptions(
		grpc.ForceCodec(asIs{}), grpc.MaxCallRecvMsgSize(large), grpc.MaxCallSendMsgSize(large)))
	must(err)
	steps := map[string]func() interface{}{
		"get": get, "list": list, "collect": collect, "chat": chat, "fail_late": failLate, "cancel": cancel, "large": largeEcho,
		"many": many,
		"fail":     func() interface{} { return failing(within(limit), "Fail", "") },
		"late":     func() interface{} { return failing(within(400*time.Millisecond), "Slow", "late").(failed).Code },
		"refused":  func() interface{} { return failing(within(limit), "Delete", "account") },
		"stranger": func() interface{} { return failing(within(limit), "Nothing", "").(failed).Code },
		"approved": func() interface{} {
			answer, err := unary(within(limit), "Transfer", []byte("money"))
			must(err)
			return string(answer)
		},
	}
	for _, name := range strings.Fields(os.Getenv("STEPS")) {
		told, err := json.Marshal([]interface{}{name, steps[name]()})
		must(err)
		fmt.Println(string(told))
	}
}

// An agent's connection from its first byte to its end, with the tool's server on the other side: doors, parser,
// stages, credentials, forwarding, relaying. The input is what both say, piece by piece. Whatever that is:
//
// - What the server gets is, for another parser, a row of whole requests, each of which policy allows and the record
//   names, with the credential once and nothing of what only the proxy may say; and the agent sent each of them, as
//   that parser reads the agent's bytes.
// - What the agent gets is one response for each request, and never the credential.
// - The connection ends when both sides have gone.
//
// Input: 'a' (alias) or 'f' (forward proxy), one byte for the size of pieces, then segments, each begun by 0xFF and a
// letter: c what the client says, u what the upstream says, C the client ends, U the upstream ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/target.hpp"
#include "tests/fuzz/http_reading.hpp"
#include "tests/fuzz/proxy_world.hpp"

namespace {

using namespace runagents;
using fuzz::Noted;
using fuzz::ReadMessage;

constexpr std::string_view preface = "PRI * HTTP/2";

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

struct Segment {
  char kind = 'c';
  std::string_view bytes;
};

std::vector<Segment> segments_in(std::string_view input) {
  std::vector<Segment> segments;
  for (auto at = input.find('\xff'); at + 1 < input.size() && at != input.npos;) {
    const auto next = input.find('\xff', at + 2);
    segments.push_back({input[at + 1], input.substr(at + 2, next == input.npos ? next : next - at - 2)});
    at = next;
  }
  return segments;
}

void play(fuzz::AgentConnection& connection, const std::vector<Segment>& segments, std::size_t step) {
  for (const auto& [kind, bytes] : segments) {
    if (kind == 'C') connection.client.end_saying();
    if (kind == 'U' && !connection.upstream.connections.empty()) connection.upstream.connections.back()->end_saying();
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      if (kind == 'u') connection.upstream.say(bytes.substr(at, step));
      if (kind == 'c') connection.client.say(bytes.substr(at, step));
      connection.settle();
    }
    connection.settle();
  }
}

/// All messages of a side that may change protocols and go on with HTTP after all.
std::vector<ReadMessage> requests_in(std::string_view bytes, bool& is_sound) {
  std::vector<ReadMessage> all;
  is_sound = true;
  while (!bytes.empty()) {
    auto reading = fuzz::HttpReader::requests(bytes);
    is_sound = !reading.is_malformed;
    std::ranges::move(reading.messages, std::back_inserter(all));
    const bool goes_on = is_sound && !all.empty() && all.back().switches && reading.taken > 0;
    if (!goes_on) break;
    bytes.remove_prefix(reading.taken);
  }
  return all;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }
std::string_view query_of(std::string_view target) { return target.substr(path_of(target).size()); }

bool is_reserved(std::string_view name) {
  std::string lower{name};
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c; });
  for (const std::string_view one : {"proxy-", "x-forwarded-", "x-runagents-"}) {
    if (lower.starts_with(one)) return true;
  }
  return lower == "forwarded" || lower == "x-end-user-id" || lower == "keep-alive" || lower == "te" ||
         lower == "http2-settings";
}

/// In words of its own, not the evaluator's.
bool is_allowed(const ReadMessage& request) {
  const auto path = path_of(request.target);
  const bool is_below = path == "/v1" || path.starts_with("/v1/");
  const bool is_secret = path.starts_with("/v1/secret/");  // the rule's "/v1/secret/*" wants a further segment
  constexpr std::array<std::string_view, 4> methods = {"GET", "HEAD", "POST", "PUT"};
  return is_below && !is_secret && std::ranges::find(methods, request.method) != methods.end();
}

void check_head(const ReadMessage& request) {
  require(is_allowed(request), "what is forwarded is allowed");
  require(request.all("host") == std::vector<std::string_view>{"api.test"}, "Host is the tool's");
  require(request.all("authorization") == std::vector<std::string_view>{"Bearer fuzz-credential-4f9a1c"},
          "the credential is there once, and the agent's is not");
  require(request.all("x-run-id") == std::vector<std::string_view>{"RUN"}, "the run's id is there once");
  require(request.all("content-length").size() + request.all("transfer-encoding").size() <= 1, "one framing");
  for (const auto& [name, value] : request.fields) {
    require(!is_reserved(name), "nothing that only the proxy may say, or that belongs to a connection");
    require(std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }), "a value is one");
  }
}

/// The same request, before and after the proxy: the path may be spelt anew, and nothing else.
bool is_same(const ReadMessage& sent, const ReadMessage& forwarded) {
  if (sent.method != forwarded.method || sent.is_complete < forwarded.is_complete) return false;
  if (forwarded.is_complete ? sent.body != forwarded.body : !sent.body.starts_with(forwarded.body)) return false;
  if (query_of(sent.target) != query_of(forwarded.target)) return false;
  std::string_view path = path_of(sent.target);
  if (const auto scheme = path.find("://"); scheme != path.npos && !path.starts_with('/')) {
    const auto slash = path.find('/', scheme + 3);
    path = slash == path.npos ? "/" : path.substr(slash);
  }
  std::string scratch;
  const auto canonical = policy::canonical_path(path, scratch);
  return canonical && canonical->text == path_of(forwarded.target);
}

class Oracle {
 public:
  Oracle(const fuzz::AgentConnection& connection, std::string_view said) : connection_{connection} {
    is_http2_ = said.find(preface) != said.npos;
    sent_ = requests_in(said, is_sound_);
    said_credential_ = said.find("fuzz-cred") != said.npos;
    encrypts_ = said.find('\x16') != said.npos;
    for (auto at = said.find("CONNECT "); at != said.npos; at = said.find("CONNECT ", at + 1)) ++connects_;
  }

  void check() {
    for (const auto& note : connection_.notes) notes_.emplace(note.request_id, &note);
    require(notes_.size() == connection_.notes.size(), "a call is recorded once");
    for (const auto& one : connection_.upstream.connections) check_forwarded(*one);
    for (const auto& note : connection_.notes) {
      if (is_http2_ || encrypts_ || !forwarded_.contains(note.request_id)) continue;
      check_origin(forwarded_.at(note.request_id));
    }
    if (!is_http2_ && !encrypts_) check_answers();
  }

 private:
  void check_forwarded(const fuzz::FarEnd& server) {
    std::string_view bytes = server.heard;
    bool has_switched = false;
    while (!bytes.empty() && !has_switched) {
      auto reading = fuzz::HttpReader::requests(bytes);
      if (reading.is_malformed) std::fprintf(stderr, "%.*s\n", static_cast<int>(bytes.size()), bytes.data());
      require(!reading.is_malformed, "what is forwarded is HTTP for another parser");
      for (auto& request : reading.messages) check_one(std::move(request));
      if (reading.messages.empty() || !reading.messages.back().switches) break;
      bytes.remove_prefix(reading.taken);
      // A server that does not switch goes on; of what follows there is a record only then.
      has_switched = !bytes.empty();
    }
  }

  void check_one(ReadMessage request) {
    require(request.has_head, "a head leaves whole");
    check_head(request);
    const auto ids = request.all("x-request-id");
    require(ids.size() == 1, "a request has one id");
    const std::string id{ids.front()};
    const auto found = notes_.find(id);
    require(found != notes_.end(), "what is forwarded is recorded");
    const auto& note = *found->second;
    require(note.method == request.method, "the record names the method");
    require(path_of(note.url) == "http://api.test" + std::string{path_of(request.target)}, "the record names the path");
    require(note.decision == "allowed" || !note.code.empty(), "the record says how it ended");
    if (request.is_complete && note.code.empty() && !request.switches) {
      require(note.bytes_in == request.body.size(), "the record counts the body");
    }
    if (const auto before = forwarded_.find(id); before != forwarded_.end()) {
      require(before->second.target == request.target && before->second.fields == request.fields,
              "only the same request is tried again");
      require(++tries_[id] <= 2, "a request is tried again once");
    }
    forwarded_.insert_or_assign(id, std::move(request));
  }

  /// In order, each a request of the agent's that none before it was. Behind what is no HTTP for the other parser (a
  /// target with NUL, say, which is refused here, too, but one call alone) there is nothing to compare with.
  void check_origin(const ReadMessage& forwarded) {
    while (next_ < sent_.size() && !is_same(sent_[next_], forwarded)) ++next_;
    if (next_ == sent_.size() && !is_sound_) return;
    if (next_ == sent_.size()) {
      std::fprintf(stderr, "%s %s\n%s\n", forwarded.method.c_str(), forwarded.target.c_str(), forwarded.body.c_str());
    }
    require(next_ < sent_.size(), "what is forwarded is a request that the agent sent");
    ++next_;
  }

  void check_answers() {
    const auto expect = [this](std::size_t number, int status) {
      const auto* request = number < sent_.size() ? &sent_[number] : nullptr;
      const bool tunnels = status == 101 || (request != nullptr && request->method == "CONNECT" && status / 100 == 2);
      // What was read of a head that is none does not count as HEAD: the answer says so in its body.
      const auto call = number - tunnels_;
      const bool is_head = call < connection_.notes.size() && connection_.notes[call].method == "HEAD";
      if (tunnels) ++tunnels_;
      // http-parser takes the length of a 304 for that of a body.
      const bool no_body = status == 204 || status == 304 || is_head;
      return fuzz::HttpReader::Expectation{.no_body = no_body, .switches = tunnels};
    };
    const auto answers = fuzz::HttpReader::responses(connection_.client.heard, connection_.client.is_left, expect);
    if (answers.is_malformed) std::fprintf(stderr, "%s\n", connection_.client.heard.c_str());
    // To what has no reading there the answer may be one to HEAD.
    require(!answers.is_malformed || !is_sound_, "what the agent gets is HTTP for another parser");
    std::size_t finals = 0;
    for (const auto& answer : answers.messages) {
      finals += answer.status >= 200 ? 1 : 0;
      if (!said_credential_) check_secrecy(answer);
    }
    // The last one may be to what is no request to anybody, such as an empty line.
    require(finals <= sent_.size() + 1 || !is_sound_, "no more responses than requests");
    // Which answers opened a tunnel is known only where the requests have a reading.
    require(finals <= connection_.notes.size() + (is_sound_ ? tunnels_ : connects_), "no more responses than calls");
  }

  static void check_secrecy(const ReadMessage& answer) {
    require(answer.body.find(fuzz::credential) == answer.body.npos, "no body shows the credential");
    for (const auto& [name, value] : answer.fields) {
      require(value.find(fuzz::credential) == value.npos, "no field shows the credential");
    }
  }

  const fuzz::AgentConnection& connection_;
  std::vector<ReadMessage> sent_;  ///< by the agent
  bool is_sound_ = true;           ///< all of what it said is HTTP
  bool is_http2_ = false;
  bool said_credential_ = false;
  bool encrypts_ = false;
  std::size_t next_ = 0;
  std::size_t tunnels_ = 0;   ///< opened, which is no call
  std::size_t connects_ = 0;  ///< that may have been asked for
  std::map<std::string, const Noted*> notes_;
  std::map<std::string, ReadMessage> forwarded_;
  std::map<std::string, int> tries_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::World world;
  if (size < 4 || size > 32 * 1024) return 0;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto door = input[0] == 'f' ? egress::Door::forward : egress::Door::alias;
  const std::size_t pieces = data[1] % 16;
  const auto segments = segments_in(input.substr(2));
  fuzz::AgentConnection connection{world, door};
  play(connection, segments, pieces == 0 ? 4096 : pieces);
  require(connection.end(), "the connection ends");
  std::string said;
  for (const auto& [kind, bytes] : segments) {
    if (kind == 'C') break;
    if (kind == 'c') said.append(bytes);
  }
  Oracle{connection, said}.check();
  return 0;
}

#include "core/http/fetch.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>
#include <curl/curl.h>
#include <dlfcn.h>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/ascii.hpp"
#include "core/http/address.hpp"

namespace runagents::http {
namespace {

/// The functions of libcurl. Linking it would have the loader bind it and the twenty libraries behind it at every
/// start.
struct Curl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  bool is_loaded = false;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

Curl load() {
  Curl curl;
  void* library = ::dlopen("libcurl.so.4", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return curl;
  curl.is_loaded =
      find(library, "curl_global_init", curl.global_init) && find(library, "curl_easy_init", curl.easy_init) &&
      find(library, "curl_easy_reset", curl.easy_reset) && find(library, "curl_easy_setopt", curl.easy_setopt) &&
      find(library, "curl_easy_perform", curl.easy_perform) && find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
      find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
      find(library, "curl_easy_strerror", curl.easy_strerror) &&
      find(library, "curl_slist_append", curl.slist_append) &&
      find(library, "curl_slist_free_all", curl.slist_free_all) && curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return curl;
}

const Curl& curl() {
  static const Curl loaded = load();
  return loaded;
}

constexpr long connect_timeout_ms = 10'000;

using Handle = std::unique_ptr<CURL, decltype(&::curl_easy_cleanup)>;

/// This thread's handle, whose connections outlive a request.
CURL* kept_handle(const Curl& lib) {
  thread_local const Handle handle{lib.easy_init(), lib.easy_cleanup};
  if (handle) lib.easy_reset(handle.get());
  return handle.get();
}

bool is_public(const sockaddr& address) {
  namespace ip = boost::asio::ip;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return classify(ip::address_v4{ntohl(v4.sin_addr.s_addr)}) == AddressClass::global;
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  ip::address_v6::bytes_type bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return classify(ip::address_v6{bytes}) == AddressClass::global;
}

/// A kept connection must not be handed to a process that is started meanwhile.
curl_socket_t open_socket(void* /*nothing*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// The very address that is about to be connected to: what the name resolves to a moment later does not matter.
curl_socket_t open_public_socket(void* nothing, curlsocktype purpose, curl_sockaddr* address) {
  if (!is_public(address->addr)) return CURL_SOCKET_BAD;
  return open_socket(nothing, purpose, address);
}

std::string without_query(std::string_view url) { return std::string{url.substr(0, url.find_first_of("?#"))}; }

/// What the callbacks write to.
struct Answer {
  FetchResponse response;
  std::size_t max_body_bytes = 0;
  decltype(FetchRequest::take_body) take = {};
  bool head_is_whole = false;
  bool is_enough = false;
  std::string_view flaw;  ///< why it is not taken; empty: nothing is wrong with it
};

std::size_t take_body(char* data, std::size_t /*one*/, std::size_t size, void* into) {
  auto& answer = *static_cast<Answer*>(into);
  if (answer.take && answer.response.status / 100 == 2) {
    answer.is_enough = !answer.take(answer.response, {data, size});
    return answer.is_enough ? 0 : size;
  }
  if (answer.response.body.size() + size > answer.max_body_bytes) {
    answer.flaw = "that is too long";
    return 0;
  }
  answer.response.body.append(data, size);
  return size;
}

std::size_t take_field(char* data, std::size_t /*one*/, std::size_t size, void* into) {
  auto& answer = *static_cast<Answer*>(into);
  auto& response = answer.response;
  auto& fields = response.fields;
  std::string_view line{data, size};
  if (line.find_first_not_of("\r\n") == std::string_view::npos) answer.head_is_whole = true;
  if (line.starts_with("HTTP/")) {
    // An interim answer's fields are not the answer's.
    fields.clear();
    answer.head_is_whole = false;
    const auto blank = std::min(line.find(' '), line.size() - 1);
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), response.status);
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  auto name = lowered(line.substr(0, colon));
  line.remove_prefix(colon + 1);
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = std::min(line.find_first_not_of(blanks), line.size());
  const auto end = line.find_last_not_of(blanks);
  const auto value = begin < line.size() ? line.substr(begin, end - begin + 1) : std::string_view{};
  const auto length = name == "content-length" ? response.field(name) : std::string_view{};
  if (!length.empty() && length != value) {
    answer.flaw = "with two lengths";
    return 0;
  }
  fields.emplace_back(std::move(name), value);
  return size;
}

int ask_whether_cancelled(void* is_cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return (*static_cast<const decltype(FetchRequest::is_cancelled)*>(is_cancelled))() ? 1 : 0;
}

}  // namespace

std::string_view FetchResponse::field(std::string_view name) const noexcept {
  const auto found = std::ranges::find(fields, name, [](const auto& field) { return std::string_view{field.first}; });
  return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}

Result<FetchResponse> fetch(const FetchRequest& request) {
  const Curl& lib = curl();
  if (!lib.is_loaded) {
    return fail(ErrorCode::unavailable, "libcurl cannot be loaded", "install the package libcurl4");
  }
  const Handle own{request.keep_alive ? nullptr : lib.easy_init(), lib.easy_cleanup};
  CURL* const handle = request.keep_alive ? kept_handle(lib) : own.get();
  if (handle == nullptr) return fail(ErrorCode::internal, "libcurl cannot make a request");
  Answer answer;
  answer.max_body_bytes = request.max_body_bytes;
  answer.take = request.take_body;
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_slist* list = nullptr;
  // An empty field takes away what libcurl would send by itself.
  list = lib.slist_append(list, "Expect:");
  for (const auto& [name, value] : request.fields) {
    std::string line{name};
    line.append(": ").append(value);
    list = lib.slist_append(list, line.c_str());
  }
  const std::unique_ptr<curl_slist, decltype(lib.slist_free_all)> fields{list, lib.slist_free_all};
  const auto set = [&](CURLoption option, auto value) { lib.easy_setopt(handle, option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  set(CURLOPT_HTTPHEADER, fields.get());
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name that is still being asked for is not waited for
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (request.timeout.count() == 0) set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  if (request.is_cancelled) {
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &ask_whether_cancelled);
    set(CURLOPT_XFERINFODATA, static_cast<const void*>(&request.is_cancelled));
  }
  set(CURLOPT_OPENSOCKETFUNCTION, request.public_only ? &open_public_socket : &open_socket);
  if (request.at_most_once) set(CURLOPT_FRESH_CONNECT, 1L);
  if (request.without_proxy || request.public_only) set(CURLOPT_NOPROXY, "*");
  // OpenSSL's own variable, which libcurl does not look at: connections to tools are verified by the same roots.
  const char* roots = request.ca_file.empty() ? std::getenv("SSL_CERT_FILE") : request.ca_file.c_str();
  if (roots != nullptr && *roots != '\0') set(CURLOPT_CAINFO, roots);
  set(CURLOPT_ERRORBUFFER, reason.data());
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&answer));
  set(CURLOPT_HEADERFUNCTION, &take_field);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&answer));
  set(CURLOPT_USERAGENT, "runagents/" RUNAGENTS_VERSION);
  const CURLcode outcome = lib.easy_perform(handle);
  // libcurl takes a head that was cut off for the whole.
  if (outcome == CURLE_OK && !answer.head_is_whole) answer.flaw = "that ends in its head";
  if (!answer.flaw.empty()) {
    return fail(ErrorCode::unavailable, without_query(request.url) + " gave an answer " + std::string{answer.flaw});
  }
  if (answer.is_enough) return std::move(answer.response);
  if (outcome != CURLE_OK) {
    std::string why = reason[0] != '\0' ? reason.data() : lib.easy_strerror(outcome);
    // Which libcurl says of a line of 100 KB, too.
    if (outcome == CURLE_OUT_OF_MEMORY) why = "a line of its answer is too long for the memory that there is";
    const bool distrusts = outcome == CURLE_PEER_FAILED_VERIFICATION;
    return fail(ErrorCode::unavailable, without_query(request.url) + " cannot be reached: " + why, {},
                distrusts ? std::string{untrusted_certificate} : std::string{});
  }
  long status = 0;
  lib.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  answer.response.status = static_cast<int>(status);
  return std::move(answer.response);
}

}  // namespace runagents::http

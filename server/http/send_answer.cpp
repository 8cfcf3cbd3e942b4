#include "server/http/send_answer.hpp"

#include "core/ascii.hpp"

namespace runagents::server {

http::Task<int> send_answer(http::Exchange& exchange, int status, std::string fields, std::string body) {
  if (!body.empty() && !lowered(fields).contains("content-type:")) fields.append("Content-Type: application/json\r\n");
  http::ResponseStart start;
  start.status = status;
  start.fields = &fields;
  start.has_body = status != 204;
  // RFC 9110, section 8.6: a 204 has no Content-Length.
  if (start.has_body) start.content_length = body.size();
  const bool there = co_await exchange.send_head(start, body, true);
  co_return there ? status : 0;
}

}  // namespace runagents::server

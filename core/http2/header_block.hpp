#pragma once

#include <cstddef>
#include <nghttp2/nghttp2.h>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::http2 {

/// A header or trailer section as nghttp2 takes it (RFC 9113, section 8.2): pseudo-header fields first, then field
/// lines as the rest of the program writes them, with their names in lower case. Holds copies of everything; reused
/// from message to message, so that it keeps its memory.
class HeaderBlock {
 public:
  void clear() noexcept;
  /// A pseudo-header field (":status"), or any other whose name is in lower case already.
  void add(std::string_view name, std::string_view value);
  /// Field lines, "Name: value" each, ended by CR LF.
  void add_lines(std::string_view lines);

  /// Valid until the next change.
  [[nodiscard]] const std::vector<nghttp2_nv>& fields();

 private:
  struct Range {
    std::size_t name;
    std::size_t value;
    std::size_t end;
  };
  std::string text_;
  std::vector<Range> ranges_;
  std::vector<nghttp2_nv> fields_;
};

}  // namespace runagents::http2

#include "core/llm/answer_source.hpp"

#include <string>
#include <utility>
#include <vector>

#include "core/llm/chat_source.hpp"
#include "core/llm/converse_source.hpp"
#include "core/llm/event_frame.hpp"
#include "core/llm/messages_source.hpp"
#include "core/llm/ollama_source.hpp"
#include "core/mcp/event_stream.hpp"

namespace runagents::llm {
namespace {

/// Events of a text/event-stream.
template <class Reader, void (Reader::*read)(std::string_view)>
class EventSource final : public AnswerSource {
 public:
  EventSource(AnswerFlow& flow, std::size_t max_event_bytes) : flow_{flow}, reader_{flow}, events_{max_event_bytes} {}

  void feed(std::string_view bytes) override {
    read_.clear();
    const bool fits = events_.feed(bytes, read_);
    for (const auto& event : read_) {
      if (flow_.is_done()) return;
      if (event.has_data) (reader_.*read)(event.data);
    }
    if (!fits) flow_.fail_protocol("has an event that is too large");
  }
  void finish() override { reader_.finish(); }

 private:
  AnswerFlow& flow_;
  Reader reader_;
  mcp::EventStreamReader events_;
  std::vector<mcp::ServerEvent> read_;
};

/// Lines that are each JSON.
class LineSource final : public AnswerSource {
 public:
  LineSource(AnswerFlow& flow, std::size_t max_line_bytes)
      : flow_{flow}, reader_{flow}, max_line_bytes_{max_line_bytes} {}

  void feed(std::string_view bytes) override {
    while (!flow_.is_done() && !bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto piece = bytes.substr(0, end);
      if (line_.size() + piece.size() > max_line_bytes_) return flow_.fail_protocol("has a line that is too large");
      line_.append(piece);
      if (end == bytes.npos) return;
      bytes.remove_prefix(end + 1);
      reader_.line(std::exchange(line_, {}));
    }
  }
  void finish() override {
    if (!flow_.is_done()) reader_.line(std::exchange(line_, {}));
    reader_.finish();
  }

 private:
  AnswerFlow& flow_;
  OllamaLines reader_;
  std::size_t max_line_bytes_;
  std::string line_;
};

class FrameSource final : public AnswerSource {
 public:
  FrameSource(AnswerFlow& flow, std::size_t max_frame_bytes) : flow_{flow}, reader_{flow}, frames_{max_frame_bytes} {}

  void feed(std::string_view bytes) override {
    read_.clear();
    const bool is_sound = frames_.feed(bytes, read_);
    for (const auto& frame : read_) {
      if (flow_.is_done()) return;
      reader_.frame(frame);
    }
    if (!is_sound) flow_.fail_protocol("has a frame that is broken or too large");
  }
  void finish() override {
    if (frames_.is_in_frame()) return flow_.fail_protocol("ended early");
    reader_.finish();
  }

 private:
  AnswerFlow& flow_;
  ConverseFrames reader_;
  EventFrameReader frames_;
  std::vector<EventFrame> read_;
};

}  // namespace

std::unique_ptr<AnswerSource> make_source(Api provider, AnswerFlow& flow, std::size_t max_event_bytes) {
  switch (provider) {
    case Api::anthropic_messages:
      return std::make_unique<EventSource<MessagesEvents, &MessagesEvents::event>>(flow, max_event_bytes);
    case Api::bedrock_converse:
      return std::make_unique<FrameSource>(flow, max_event_bytes);
    case Api::ollama_chat:
      return std::make_unique<LineSource>(flow, max_event_bytes);
    default:
      return std::make_unique<EventSource<ChatChunks, &ChatChunks::chunk>>(flow, max_event_bytes);
  }
}

}  // namespace runagents::llm

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/context.hpp"
#include "cli/means.hpp"
#include "core/api/client.hpp"

namespace runagents::cli {

/// How a member is shown in a table.
enum class Shown {
  text,
  id,        ///< its beginning
  time,      ///< "3 min ago"
  activity,  ///< true: "active", false: "inactive"
  yes        ///< true: "yes", false: nothing
};

struct MemberColumn {
  std::string title;
  std::string member;  ///< or a JSON pointer to one further inside: "/spec/image"
  Shown shown = Shown::text;
  bool shrinks = false;
};

/// A kind of object of the API, as data: where it is, what names it, what a table shows of it.
struct ObjectKind {
  std::string what;  ///< "agent account"
  std::string path;  ///< "/agent-accounts"
  std::vector<MemberColumn> columns;
  std::vector<std::string> names = {"name"};  ///< members that name one besides `id`; the first one that is there
  std::string when_empty;
  bool is_configured = false;  ///< by the project file in the local context, which keeps none
  Means means = Means::text;   ///< whatever names one of them
};

/// Whether commands that also read the project file mean the control plane: a context that is not local, and no
/// --config.
[[nodiscard]] Result<bool> means_control_plane(const std::string& config, Context& context);

/// The API of the context that commands are pointed at.
[[nodiscard]] Result<api::Client> open_client(Context& context);
/// The same for whoever changes something: no agent on the store of its own machine.
[[nodiscard]] Result<api::Client> client_for_changes(Context& context);

/// ErrorCode::usage in the local context for a kind that is_configured.
[[nodiscard]] Result<void> check_is_kept(const ObjectKind& kind, Context& context);

/// What a person calls an object: its name, or its id.
[[nodiscard]] std::string name_of(const ObjectKind& kind, const nlohmann::ordered_json& object);

/// The object that an id, a name or an unambiguous beginning of an id means. An unknown one is ErrorCode::not_found
/// with the nearest name, an ambiguous one ErrorCode::conflict with the candidates.
[[nodiscard]] Result<nlohmann::ordered_json> find_object(const ObjectKind& kind, const std::string& word,
                                                         api::Client& client);
/// The same for what a server shows in a list only.
[[nodiscard]] Result<nlohmann::ordered_json> find_in_list(const ObjectKind& kind, const std::string& word,
                                                          api::Client& client);
/// Its id. A UUID is taken as it is: a server that offers a part of the API may not let one look.
[[nodiscard]] Result<std::string> id_of(const ObjectKind& kind, const std::string& word, api::Client& client);
[[nodiscard]] bool is_uuid(std::string_view text) noexcept;

/// Prints a table, or the objects as the server sent them.
[[nodiscard]] Outcome print_objects(const ObjectKind& kind, const std::vector<nlohmann::ordered_json>& objects,
                                    const Context& context);
/// Prints one object: `text` for people (empty: all of its members, a `spec` as YAML), the object itself for programs.
[[nodiscard]] Outcome print_object(const ObjectKind& kind, const nlohmann::ordered_json& object, std::string text,
                                   const Context& context);
/// All members that hold something, one on a line.
[[nodiscard]] std::string members_text(const nlohmann::ordered_json& object);

/// Says that --dry-run changes nothing.
void say_dry_run(const Context& context);

}  // namespace runagents::cli

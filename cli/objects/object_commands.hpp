#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/objects/object_kind.hpp"

namespace runagents::cli {

/// A flag that narrows a list on the server.
struct ListFilter {
  std::string flag;
  std::string parameter;  ///< of the query
  std::string value;      ///< placeholder; empty: a switch, which sends "true"
  std::string summary;
  Means means = Means::text;
};

/// How an object is found before something is done to it.
enum class LooksUp {
  by_name,  ///< asks the server for it, then looks through its list
  in_list,  ///< looks through the list only: the server shows no single one
  never     ///< an id is taken as it is
};

/// What is done to one object or several that are there: POST PATH/ID/ROUTE, PATCH PATH/ID, or DELETE PATH/ID.
struct ObjectAction {
  std::string verb;                    ///< the command's name: "deactivate"
  std::string done;                    ///< "deactivated"
  std::string summary;                 ///< of the command
  std::string route = {};              ///< below the object
  std::optional<bool> is_active = {};  ///< without a route: what PATCH sets; nothing: DELETE
  bool asks = false;                   ///< cannot be undone, or something stops working: needs a "yes"
  std::string question_end = {};       ///< after the object's name, in the question
  std::string description = {};
  LooksUp looks = LooksUp::by_name;
};

/// What those two commands do.
[[nodiscard]] Outcome list_objects(const ObjectKind& kind, Context& context);
[[nodiscard]] Outcome get_object(const ObjectKind& kind, const std::string& name, Context& context,
                                 LooksUp looks = LooksUp::by_name);

struct ObjectChange {
  nlohmann::ordered_json body;        ///< what is sent
  nlohmann::ordered_json shown = {};  ///< what a dry run shows of it; null: all
  bool dry_run = false;
};

/// PATCH PATH/ID of the object with that name or id, which is printed as it is then.
[[nodiscard]] Outcome change_object(const ObjectKind& kind, const std::string& name, const ObjectChange& change,
                                    Context& context);

[[nodiscard]] Command list_objects_command(const ObjectKind& kind, std::string summary, std::vector<ListFilter> filters,
                                           std::vector<Example> examples);
[[nodiscard]] Command get_object_command(const ObjectKind& kind, std::string summary, std::vector<Example> examples,
                                         LooksUp looks = LooksUp::by_name);
[[nodiscard]] Command act_on_objects_command(const ObjectKind& kind, ObjectAction action,
                                             std::vector<Example> examples);

/// The flags that every change has.
[[nodiscard]] Flag yes_flag(bool& target);
[[nodiscard]] Flag dry_run_flag(bool& target);

}  // namespace runagents::cli

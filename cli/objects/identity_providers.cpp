#include "cli/apply/commands.hpp"
#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {

Command identity_providers_command() {
  const auto& kind = identity_provider_kind();
  return {.name = "identity-providers",
          .summary = "whose users' tokens a control plane takes",
          .commands = {list_objects_command(kind, "list identity providers", {},
                                            {{"runagents identity-providers list", "those that the server trusts"}}),
                       get_object_command(kind, "show an identity provider",
                                          {{"runagents identity-providers get google", "by name"}}),
                       apply_kind_command(
                           "apply", "add identity providers, or change them", "IdentityProvider", false,
                           {{"runagents identity-providers apply -f google.yaml",
                             "{name: google, spec: {issuer: https://accounts.google.com, audiences: [my-app]}}"}}),
                       act_on_objects_command(kind,
                                              {.verb = "delete",
                                               .done = "deleted",
                                               .summary = "trust identity providers no more",
                                               .asks = true,
                                               .question_end = ", whose users' tokens are refused from then on"},
                                              {{"runagents identity-providers delete google --yes", "at once"}})}};
}

}  // namespace runagents::cli

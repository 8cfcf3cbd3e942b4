#pragma once

#include <map>
#include <string>
#include <string_view>

namespace runagents::auth {

/// The shared files of AWS's tools ("Configuration and credential file settings", AWS SDKs and Tools Reference Guide).
class AwsProfiles {
 public:
  using Section = std::map<std::string, std::string, std::less<>>;

  AwsProfiles() = default;
  /// The texts of `~/.aws/config` and `~/.aws/credentials`; what is no setting in them is passed over.
  AwsProfiles(std::string_view config, std::string_view credentials);

  /// A profile's settings, those of the credentials file first; null: there is no such profile.
  [[nodiscard]] const Section* profile(std::string_view name) const;
  /// A section `[sso-session NAME]`; null: there is none.
  [[nodiscard]] const Section* sso_session(std::string_view name) const;

 private:
  std::map<std::string, Section, std::less<>> profiles_;
  std::map<std::string, Section, std::less<>> sessions_;
};

/// The value of a key; empty when there is no such key, or no section.
[[nodiscard]] std::string_view setting(const AwsProfiles::Section* section, std::string_view key);

}  // namespace runagents::auth

#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/http/certificate_authority.hpp"

namespace runagents {

/// How programs inside the fence come to trust the run's authority: files that variables name or that are shown in
/// place of the machine's. Most programs replace their own roots by such a file, so it holds the machine's, too.
struct Trust {
  std::vector<std::pair<std::string, std::string>> files;     ///< name, content
  std::vector<std::pair<std::string, std::string>> overlays;  ///< the machine's bundle, name of the file instead
};

/// The variables of the agent's environment that name the files in `directory`. `java_options` is what
/// JAVA_TOOL_OPTIONS says already.
[[nodiscard]] std::map<std::string, std::string> trust_variables(const std::string& directory,
                                                                 const std::string& java_options);

/// `keeps_roots`: some connections do not end at the runner, so the Java trust store needs the machine's roots, too
/// (which takes some milliseconds).
[[nodiscard]] Result<Trust> make_trust(const http::CertificateAuthority& authority, bool keeps_roots);

/// OpenSSL's directory of certificates on this machine, "/etc/ssl/certs"; empty when there is none.
[[nodiscard]] std::string certificates_directory();

}  // namespace runagents

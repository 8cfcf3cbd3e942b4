// What is compiled once for a sanitized tree. The release tree compiles without it, which proves the includes of each
// file.
#include <algorithm>
#include <array>
#include <chrono>
#include <expected>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio.hpp>
#include <nlohmann/json.hpp>

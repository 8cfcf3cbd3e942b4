// What is compiled once for a sanitized tree.
#include "standard_headers.hpp"

#include <fmt/format.h>
#include <fstream>

#include <boost/asio.hpp>

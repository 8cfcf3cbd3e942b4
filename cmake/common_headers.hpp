// What is compiled once for a sanitized tree.
#include <fmt/format.h>
#include <fstream>

#include <boost/asio.hpp>

#include "standard_headers.hpp"

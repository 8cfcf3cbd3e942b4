# Everything comes from Debian 12's packages (see ARCHITECTURE.md for what each is for).
find_package(Threads REQUIRED)

# runagents_shared(TARGET LIBRARY [ARCHIVES what else its archive needs...])
# What gets security fixes stays shared. A program with the property PORTABLE takes the archives along.
function(runagents_shared target library)
  cmake_parse_arguments(arg "" "" "ARCHIVES" ${ARGN})
  string(MAKE_C_IDENTIFIER ${library} name)
  find_library(${name}_SHARED NAMES lib${library}.so REQUIRED)
  set(archives "")
  foreach(one ${library} ${arg_ARCHIVES})
    string(MAKE_C_IDENTIFIER ${one} name_of_one)
    find_library(${name_of_one}_ARCHIVE NAMES lib${one}.a REQUIRED)
    list(APPEND archives ${${name_of_one}_ARCHIVE})
  endforeach()
  add_library(${target} INTERFACE IMPORTED)
  set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES
                        "$<IF:$<BOOL:$<TARGET_PROPERTY:PORTABLE>>,${archives},${${name}_SHARED}>")
endfunction()
# Before the modules that would define them.
runagents_shared(OpenSSL::Crypto crypto)
runagents_shared(OpenSSL::SSL ssl ARCHIVES crypto)
runagents_shared(SQLite::SQLite3 sqlite3)
runagents_shared(idn2 idn2 ARCHIVES unistring)

find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)
find_package(doctest 2.4 REQUIRED)
find_package(CURL 7.88 REQUIRED)

# SOCI ships no static CMake targets in Debian; its archives keep start-up short (no plug-in is looked up at run time).
find_library(SOCI_CORE_LIBRARY NAMES libsoci_core.a REQUIRED)
find_library(SOCI_SQLITE3_LIBRARY NAMES libsoci_sqlite3.a REQUIRED)
find_library(SOCI_POSTGRESQL_LIBRARY NAMES libsoci_postgresql.a REQUIRED)
find_path(SOCI_INCLUDE_DIR soci/soci.h REQUIRED)
add_library(SOCI::core STATIC IMPORTED)
set_target_properties(SOCI::core PROPERTIES IMPORTED_LOCATION ${SOCI_CORE_LIBRARY}
                      INTERFACE_INCLUDE_DIRECTORIES "${SOCI_INCLUDE_DIR};${SOCI_INCLUDE_DIR}/soci"
                      INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS}")
add_library(SOCI::sqlite3 STATIC IMPORTED)
set_target_properties(SOCI::sqlite3 PROPERTIES IMPORTED_LOCATION ${SOCI_SQLITE3_LIBRARY}
                      INTERFACE_LINK_LIBRARIES "SOCI::core;SQLite::SQLite3")

# libpq is loaded when a PostgreSQL is first spoken to (core/store/libpq.cpp), so only its headers are needed here.
find_path(LIBPQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
add_library(SOCI::postgresql STATIC IMPORTED)
set_target_properties(SOCI::postgresql PROPERTIES IMPORTED_LOCATION ${SOCI_POSTGRESQL_LIBRARY}
                      INTERFACE_INCLUDE_DIRECTORIES "${LIBPQ_INCLUDE_DIR}"
                      INTERFACE_LINK_LIBRARIES "SOCI::core")

# yaml-cpp: its archive for the same reason.
find_library(YAML_CPP_LIBRARY NAMES libyaml-cpp.a REQUIRED)
add_library(yaml-cpp-archive STATIC IMPORTED)
set_target_properties(yaml-cpp-archive PROPERTIES IMPORTED_LOCATION ${YAML_CPP_LIBRARY})

# libseccomp: its archive for the same reason; it only translates rules into a filter.
find_library(SECCOMP_LIBRARY NAMES libseccomp.a REQUIRED)
add_library(libseccomp-archive STATIC IMPORTED)
set_target_properties(libseccomp-archive PROPERTIES IMPORTED_LOCATION ${SECCOMP_LIBRARY})

# nghttp2: its archive for the same reason.
find_library(NGHTTP2_LIBRARY NAMES libnghttp2.a REQUIRED)
add_library(nghttp2-archive STATIC IMPORTED)
set_target_properties(nghttp2-archive PROPERTIES IMPORTED_LOCATION ${NGHTTP2_LIBRARY}
                      INTERFACE_COMPILE_DEFINITIONS NGHTTP2_STATICLIB)

# RE2: its archive for the same reason.
find_library(RE2_LIBRARY NAMES libre2.a REQUIRED)
add_library(re2-archive STATIC IMPORTED)
set_target_properties(re2-archive PROPERTIES IMPORTED_LOCATION ${RE2_LIBRARY} INTERFACE_LINK_LIBRARIES Threads::Threads)

# libcurl is loaded when it is first used, so only its headers are needed here.
add_library(curl-headers INTERFACE)
target_include_directories(curl-headers INTERFACE ${CURL_INCLUDE_DIRS})
target_link_libraries(curl-headers INTERFACE ${CMAKE_DL_LIBS})
